from __future__ import annotations

from pathlib import Path

import pytest

from idr.config.yaml_file import load_file, load_text
from idr.errors import IdrError, Problem
from idr.model import Exclusion


def problems(text: str) -> list[Problem]:
    with pytest.raises(IdrError) as caught:
        load_text(text)
    return list(caught.value.problems)


def test_every_key_reaches_the_model(good_yaml: str) -> None:
    config = load_text(good_yaml)
    assert config.sources["crm"].lookback_minutes == 10
    assert config.sources["crm"].detect_deletes is False
    assert config.sources["shop"].detect_deletes is True
    assert config.identifiers["phone"].region == "US"
    assert config.identifiers["phone"].placeholders == ("0000000000", "none")
    assert config.identifiers["loyalty"].placeholders == ()
    assert config.identifiers["email"].placeholders is None
    assert config.identifiers["email"].exclude == (
        Exclusion("exact", "test@test.com"),
        Exclusion("like", "%@example.com"),
        Exclusion("regex", "^x+$"),
    )
    assert [rule.priority for rule in config.rules.values()] == [1, 2, 9]
    assert config.survivorship["email"].source_priority == ("shop", "crm")
    assert config.guardrails.max_cluster_size is None
    assert config.guardrails.max_merged_clusters == 1000
    assert config.settings.lease_minutes == 5


def test_all_problems_come_in_one_report_with_lines(good_yaml: str) -> None:
    text = (
        good_yaml.replace("trust: 1", "trust: one")
        .replace("loyalty: loyalty_id", "loyalti: loyalty_id")
        .replace("normalize: name", "normalise: name")
        .replace("lower(email)", "(select 1)")
    )
    found = {(problem.code, problem.where, problem.fix) for problem in problems(text)}
    assert ("IDR-102", "idr.yml:19 identifiers.last_name.normalise", 'Did you mean "normalize"?') in found
    assert ("IDR-109", "idr.yml:9 sources.crm.identifiers.loyalti", 'Did you mean "loyalty"?') in found
    assert {(code, where) for code, where, _ in found} >= {
        ("IDR-105", "idr.yml:8 sources.crm.trust"),
        ("IDR-107", "idr.yml:9 sources.crm.identifiers.email"),
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("sources:", "sauces:", "IDR-102"),
        ("    key: customer_id\n", "", "IDR-106"),
        ("key: customer_id", "key: 'a b c'", "IDR-108"),
        ("table: crm.customers", "table: (select 1)", "IDR-108"),
        ("  crm:", "  CRM:", "IDR-111"),
        ("first_name: first_name}", "resolved_id: first_name}", "IDR-111"),
        ("first_name: first_name}", "order: first_name}", "IDR-111"),
        ("id: loyalty", "id: Loyal-ty", "IDR-111"),
        ("  shop:", "  crm:", "IDR-110"),
        ("id: email", "id: loyalty", "IDR-110"),
        ("{id: email, match", "{match", "IDR-106"),
        ("match: [email]", "match: [fax]", "IDR-109"),
        ("match: [email]", "match: email", "IDR-105"),
        ("match: [email]", "match: []", "IDR-106"),
        ("sources: [shop, crm]", "sources: [shop, erp]", "IDR-109"),
        ("  email: {strategy", "  fax: {strategy", "IDR-109"),
        ("strategy: source_priority", "strategy: best", "IDR-105"),
        ("normalize: phone", "normalize: phone, region: us", "IDR-105"),
        ("normalize: phone", "normalize: fon", "IDR-105"),
        ("normalize: name", "normalize: name, gmail: true", "IDR-105"),
        ("normalize: name", "normalize: name, region: US", "IDR-105"),
        ("unique: true", "unique: 1", "IDR-105"),
        ("max_moved_ratio: 0.1", "max_moved_ratio: 1.1", "IDR-105"),
        ("max_moved_ratio: 0.1", "max_moved_ratio: .nan", "IDR-105"),
        ("max_group_size: 20", "max_group_size: true", "IDR-105"),
        ("lease_minutes: 5", "lease_minutes: null", "IDR-105"),
        ('regex: "^x+$"', 'regex: "("', "IDR-105"),
        ('{regex: "^x+$"}', "{}", "IDR-105"),
        ('{regex: "^x+$"}', '{regex: "^x+$", like: "x%"}', "IDR-105"),
        ('{regex: "^x+$"}', "[x]", "IDR-105"),
        ("match: [last_name, dob]", "match: [dob, dob]", "IDR-105"),
        ("match: [last_name, dob]", "match: [last_name, {dob: 1}]", "IDR-105"),
        ("sources: [shop, crm]", "sources: [shop, shop]", "IDR-105"),
        ("attributes: {email: email, first_name: first_name}", "attributes: [email]", "IDR-105"),
        ("first_name: first_name}", "first_name: }", "IDR-105"),
        ("key: customer_id", "key: {id: customer_id}", "IDR-105"),
        ("lookback_minutes: 10", "lookback_minutes: -1", "IDR-105"),
        ("rules:", "rules: [", "IDR-101"),
    ],
)
def test_each_mistake_has_its_code(good_yaml: str, old: str, new: str, code: str) -> None:
    assert old in good_yaml
    assert code in {problem.code for problem in problems(good_yaml.replace(old, new, 1))}


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("sources: [crm]\nidentifiers: {}\nrules: []", "IDR-105", "idr.yml:1 sources"),
        ("sources: {}\nidentifiers: {}\nrules: []", "IDR-106", "idr.yml:1 sources"),
        ("sources: {}\nidentifiers: {}\nrules: []", "IDR-106", "idr.yml:3 rules"),
        ("sources:\nidentifiers:\nrules:", "IDR-106", "idr.yml:1"),
        ("rules: email", "IDR-105", "idr.yml:1 rules"),
    ],
)
def test_a_section_must_hold_something_of_its_kind(text: str, code: str, where: str) -> None:
    assert (code, where) in {(problem.code, problem.where) for problem in problems(text)}


@pytest.mark.parametrize(
    "text", ["", "[]", "[3]", "3", "a: b: c", "{", "a\n---\nb", "a: \x00", "[" * 5000, "&a [*a]", "? [a]\n: b"]
)
def test_any_text_gives_an_idr_error(text: str) -> None:
    assert problems(text)


def test_what_stands_after_a_mistaken_key_is_read_too_and_lists_are_counted_from_one(good_yaml: str) -> None:
    text = good_yaml.replace("    key: customer_id\n", "    ? [a]\n    : 1\n    table: crm.other\n    trust: one\n")
    text = text.replace("match: [email]", "match: [fax]").replace('"test@test.com"', "[x]")
    assert {(problem.code, problem.where) for problem in problems(text)} == {
        ("IDR-105", "idr.yml:4"),
        ("IDR-110", "idr.yml:6 sources.crm.table"),
        ("IDR-110", "idr.yml:11 sources.crm.trust"),
        ("IDR-105", "idr.yml:19 identifiers.email.exclude[1]"),
        ("IDR-105", "idr.yml:7 sources.crm.trust"),
        ("IDR-106", "idr.yml:2 sources.crm"),
        ("IDR-109", "idr.yml:26 rules[2].match"),
    }


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert problems("\n".join(lines))[0].code == "IDR-101"


def test_two_hundred_thousand_values_are_read_and_no_more() -> None:
    def told(more: str) -> str:
        lists = f"a: &a [{', '.join('x' * 270)}]\nb: [{', '.join(['*a'] * 737)}]\n{more}"
        return str(IdrError(*problems(lists)))

    assert 2 + (270 + 1) * (737 + 1) == 200_000
    assert 'idr.yml:1 a: unknown key "a"' in told("")
    assert told("c: x") == (
        "IDR-101 idr.yml: it is nested too deeply or has an unreadable value."
        " Write values out instead of repeating them by anchors (&) and aliases (*)"
    )


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("sources:\n  crm: {\n  key: [\n", "idr.yml:4", "expected the node content, but found '<stream end>'"),
        ("a: 1\nb: c: d", "idr.yml:2", "mapping values are not allowed here"),
        (
            "a: \x00",
            "idr.yml",
            'unacceptable character #x0000: special characters are not allowed in "<unicode string>", position 3',
        ),
    ],
)
def test_text_that_is_not_yaml_is_told_with_its_line_where_there_is_one(text: str, where: str, message: str) -> None:
    [problem] = problems(text)
    assert (problem.code, problem.where, problem.message) == ("IDR-101", where, message)


def test_every_section_that_is_missing_or_empty_is_told() -> None:
    assert [str(problem).partition(". ")[0] for problem in problems("sources: {}\nidentifiers: {}\nrules: []")] == [
        "IDR-106 idr.yml:2 identifiers: must define at least one",
        "IDR-106 idr.yml:1 sources: must define at least one",
        "IDR-106 idr.yml:3 rules: must define at least one",
    ]
    for text in ("", "sources:\nrules:", "{}"):
        assert [problem.message for problem in problems(text)] == [
            f'the key "{key}" is missing' for key in ("sources", "identifiers", "rules")
        ]


@pytest.mark.parametrize("value", ["{}", "null", ""])
def test_a_section_that_may_be_left_out_may_be_empty(good_yaml: str, value: str) -> None:
    text = good_yaml.partition("survivorship:")[0]
    config = load_text(f"{text}survivorship: {value}\nguardrails: {value}\nsettings: {value}\n")
    assert config == load_text(text)


def test_numbers_and_words_of_yaml_are_text_where_text_is_meant(good_yaml: str) -> None:
    text = good_yaml.replace("normalize: phone", "normalize: phone, region: NO").replace(
        '"%@example.com"', "{exact: 0123}"
    )
    text = text.replace("id: email", "id: on").replace('"test@test.com"', "1e3").replace('regex: "^x+$"', "regex: 7")
    config = load_text(text)
    assert config.identifiers["phone"].region == "NO"
    assert config.identifiers["email"].exclude == (
        Exclusion("exact", "0123"),
        Exclusion("exact", "1e3"),
        Exclusion("regex", "7"),
    )
    assert list(config.rules) == ["loyalty", "on", "name_dob"]


def test_a_missing_file_is_idr_112(tmp_path: Path) -> None:
    path = tmp_path / "none.yml"
    with pytest.raises(IdrError) as caught:
        load_file(path)
    assert str(caught.value) == f"IDR-112 {path}: cannot read it (no such file or directory). Check the path"


def test_a_file_that_is_not_utf8_is_idr_112(tmp_path: Path) -> None:
    path = tmp_path / "idr.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(IdrError) as caught:
        load_file(path)
    assert caught.value.code == "IDR-112"


@pytest.mark.parametrize(
    ("value", "shown"), [("{id: 1}", "a mapping"), ("[id]", "a list"), ("no", "false"), ("7", "7")]
)
def test_a_value_of_the_wrong_type_is_told_as_what_it_is(good_yaml: str, value: str, shown: str) -> None:
    [problem] = problems(good_yaml.replace("key: customer_id", f"key: {value}"))
    assert (problem.code, problem.message) == ("IDR-105", f"must be text, not {shown}")
    assert problem.where == "idr.yml:4 sources.crm.key"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lookback_minutes: 10", "lookback_minutes: 1.5", "must be a whole number from 0 to 1000000000, not 1.5"),
        ("max_moved_ratio: 0.1", "max_moved_ratio: 2", "must be a number from 0 to 1, not 2"),
    ],
)
def test_a_number_out_of_range_is_told_with_its_range(good_yaml: str, old: str, new: str, said: str) -> None:
    assert [problem.message for problem in problems(good_yaml.replace(old, new))] == [said]
