"""Values that engines are known to treat differently, through every normaliser."""

# ruff: noqa: RUF001 - letters that look alike are the point
from __future__ import annotations

import pytest

from tests.reliability.hostile_values import values
from tests.reliability.tally import count

from .twins import Twins

pytestmark = [pytest.mark.snowflake, pytest.mark.timeout(300), pytest.mark.slow]
VALUES = (
    None, "", " ", "n/a", "NULL", "0", "-0", "007", "1e3", "Ann.Lee@Example.COM ", "a.nn+shop@gmail.com",
    "JOSÉ@example.com", "ΝΙΚΟΣ@example.com", "a@b@example.com", "ann@localhost", "O'Brien", "Müller", "Mu\u0308ller",
    "MUELLER", "Straße", "STRASSE", "İstanbul", "ıstanbul", "Łódź", "Đặng", "日本 太郎", "Ａｎｎ", "\u00a0Ann\u00a0",
    "\u200bAnn\ufeff", "\tAnn\r\n", "Smith, Dr. John Jr.", "van der Berg-Smith", "\\", "a\\b", "100%", "a_b", "%", "$$",
    "'", '"', ":a", "?", "{x}", "😀", "A😀B", "(212) 555-0123", "1-212-555-0123 x9", "+44 (0)20 7946 0958",
    "011 44 20 7946 0958", "+39 06 6982", "２１２ ５５５ ０１２３", "555-0123", "1-800-FLOWERS", "(222) 222-2222",
    "+999 1234567", "2024-02-29", "2023-02-29", "29.02.2024", "02/29/2024", "19800102", "1980-1-2", "Jan 2, 1980",
    "9999-12-31", "0001-01-01", "EC1A 1BB", "ec1a1bb", "90210-1234", "00501", "12345 6789", "K1A 0B6", "a" * 300,
)  # fmt: skip
NORMALISERS = (
    "email", "email, gmail: true", "phone", "phone, region: GB", "phone, region: DE", "name", "date", "postcode",
    "digits", "upper", "lower", "trim", "hash", "none", "none, placeholders: []",
    "phone, region: US, placeholders: ['212-555-0123']", "trim, placeholders: ['100%']",
    "name, placeholders: [日本 太郎]",
)  # fmt: skip


def test_every_normaliser_makes_the_same_values(twins: Twins) -> None:
    """Each column that a normaliser made is compared in `entity_current`, each link in `match_key_current`."""
    twins.table("given", "id integer, v varchar", *enumerate(VALUES))
    names = {f"n{number}": options for number, options in enumerate(NORMALISERS)}
    twins.configure(f"""
sources:
  given:
    table: data.crm.given
    key: id
    identifiers: {{{", ".join(f"{name}: v" for name in names)}}}
    attributes: {{v: v}}
identifiers: {{{", ".join(f"{name}: {{normalize: {options}}}" for name, options in names.items())}}}
rules: [{", ".join(f"{{id: {name}, match: [{name}]}}" for name in names)}]
guardrails: {{max_cluster_size: null}}
""")
    twins.run("FULL")
    made = twins.wh.query("select * from idr_out.entity_current")
    assert len(made) == len(VALUES)
    for name, options in names.items():
        assert len({row[f"i_{name}"] for row in made}) > 2, options


def test_hostile_values_are_the_same_keys_identifiers_and_attributes(twins: Twins) -> None:
    """Every normaliser on values that are the keys, too; FULL, then INCR on other values."""
    texts = [text for text in values() if text and len(text) < 1000]
    twins.table("hostile", "k varchar, v varchar, upd timestamp_ntz", *((text, text, "2024-01-01") for text in texts))
    names = {f"n{number}": options for number, options in enumerate(NORMALISERS)}
    twins.configure(f"""
sources:
  hostile:
    table: data.crm.hostile
    key: k
    watermark: upd
    identifiers: {{{", ".join(f"{name}: v" for name in names)}}}
    attributes: {{v: v}}
identifiers: {{{", ".join(f"{name}: {{normalize: {options}}}" for name, options in names.items())}}}
rules: [{", ".join(f"{{id: {name}, match: [{name}]}}" for name in names)}]
guardrails: {{max_cluster_size: null, max_moved_ratio: null, suspect_group_factor: null}}
""")
    twins.run("FULL")
    twins.do("update data.crm.hostile set v = reverse(v), upd = '2024-01-02' where length(v) > 1")
    twins.run("INCR")
    count("hostile data", "both engines", tried=2 * len(texts) * len(names), wrong=0)
    assert twins.count("entity_current") == len(texts)


def test_values_of_every_type_become_the_same_text(twins: Twins) -> None:
    twins.table(
        "typed",
        "id varchar, whole number(20, 0), tiny number(5, 0), dec number(12, 4), f float, b boolean, d date,"
        " t timestamp_ntz",
        ("é:1", 1, 1, "1.5000", 0.1, True, "2024-02-29", "2024-02-29 12:34:56"),
        ("a b", -7, 7, "-0.0100", 1e15, False, "1970-01-01", "1969-12-31 23:59:59.999999"),
        ("'\"\\", 2**53 + 1, 0, "0", 1 / 3, None, "0001-01-01", "2024-01-01 00:00:00.000001"),
        ("%_", None, None, "12345678.9", -2.5e-7, True, None, None),
        ("B", 10**9, 99, "100", 100.0, True, "9999-12-31", "2024-02-29 12:34:56.500"),
    )
    columns = ("whole", "tiny", "dec", "f", "b", "d", "t")
    mapping = ", ".join(f"{name}: {name}" for name in columns)
    twins.configure(f"""
sources:
  typed:
    table: data.crm.typed
    key: id
    watermark: t
    identifiers: {{{mapping}}}
    attributes: {{{mapping}}}
identifiers: {{{", ".join(f"{name}: {{normalize: none}}" for name in columns)}}}
rules: [{{id: whole, match: [whole, dec]}}, {{id: b, match: [b]}}]
""")
    twins.run("FULL")
    assert ["typed:%_", "typed:B", "typed:é:1"] in twins.clusters()


def test_expressions_of_sources_give_the_same_values(twins: Twins) -> None:
    twins.table(
        "raw", "id integer, first varchar, last varchar, code varchar, mail varchar, born varchar, seen timestamp_ntz",
        (1, "Ann", "Lee", "A-1-x", "a@x.org", "1980-01-02", "2024-01-01"),
        (2, "Ann", "Lee ", "B-1-y", None, "1980-01-02", "2024-01-02"),
        (3, None, "Lee", "-1-", "", "no date", None),
        (4, "ann", "lee", None, "a@x.org;b@x.org", "02.01.1980", "2024-01-03"),
    )  # fmt: skip
    twins.configure("""
sources:
  raw:
    table: data.crm.raw
    key: "lpad(id::varchar, 4, '0')"
    watermark: "coalesce(seen, '2023-01-01'::timestamp_ntz)"
    deleted_when: "born = 'no date' and last is null"
    identifiers:
      whole: "first || ' ' || trim(last)"
      part: "split_part(code, '-', 2)"
      mail: "regexp_substr(mail, '[^;]+')"
      born: "case when try_to_date(born) is not null then born end"
    attributes: {whole: "concat(upper(first), last)", n: "length(code)", initial: "left(last, 2)"}
identifiers: {whole: {normalize: name}, part: {normalize: digits}, mail: {normalize: email}, born: {normalize: date}}
rules: [{id: name, match: [whole, born]}, {id: mail, match: [mail]}, {id: part, match: [part, whole]}]
""")
    twins.run("FULL")
    assert twins.clusters() == [["raw:0001", "raw:0002", "raw:0004"], ["raw:0003"]]
