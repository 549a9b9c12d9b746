"""Every key of the configuration changes what a run does, whether it comes from a file or by hand into `idr_meta`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from idr.explain import explain
from idr.model import Identifier, Rule, Survivorship
from tests.resolution.shop import NOW, SHOP, UNLIMITED, Shop


def two_sources(**changes: object) -> Shop:
    """`shop` is trusted less than `crm`; one person, with another name and a later clock in each."""
    crm = replace(SHOP, source_id="crm", table="crm.people", trust=1)
    shop = Shop(guardrails=UNLIMITED, **changes)
    shop.connection.execute("create schema crm; create table crm.people as from shop.people")
    shop.apply(replace(shop.config, sources={"shop": replace(SHOP, trust=2), "crm": crm}))
    for source, key, name, minute in (
        ("crm", 1, "Ann", 0), ("crm", 2, "Ann", 1), ("shop", 1, "Annabelle", 2), ("shop", 2, "Zoe", 3)
    ):  # fmt: skip
        row = [key, "a@x.org", "5551", name, NOW + timedelta(minutes=minute)]
        shop.connection.execute(f"insert into {source}.people values (?, ?, ?, ?, ?)", row)
    return shop


@pytest.mark.parametrize(
    ("survivor", "name", "origin"),
    [
        (Survivorship("name", "most_recent"), "Zoe", "shop:2"),
        (Survivorship("name", "earliest"), "Ann", "crm:1"),
        (Survivorship("name", "most_frequent"), "Ann", "crm:2"),
        (Survivorship("name", "longest"), "Annabelle", "shop:1"),
        (Survivorship("name", "min"), "Ann", "crm:2"),
        (Survivorship("name", "max"), "Zoe", "shop:2"),
        (Survivorship("name", "source_priority"), "Ann", "crm:2"),
        (Survivorship("name", "source_priority", ("shop", "crm")), "Zoe", "shop:2"),
    ],
    ids=lambda item: getattr(item, "strategy", item),
)
def test_the_strategy_decides_which_value_survives(survivor: Survivorship, name: str, origin: str) -> None:
    shop = two_sources(survivorship={"name": survivor})
    shop.run("FULL")
    assert shop.query("select name from idr_out.golden_profile_current") == [(name,)]
    assert shop.query("select name from idr_out.golden_provenance_current") == [(origin,)]


def test_trust_decides_between_sources_and_a_change_of_trust_is_felt() -> None:
    shop = two_sources(survivorship={"name": Survivorship("name", "source_priority")})
    shop.run("FULL")
    assert shop.query("select name from idr_out.golden_profile_current") == [("Ann",)]
    sources = {name: replace(source, trust=3 - source.trust) for name, source in shop.config.sources.items()}
    shop.apply(replace(shop.config, sources=sources))
    shop.run()
    assert shop.query("select name from idr_out.golden_profile_current") == [("Zoe",)]


def test_trust_breaks_the_tie_of_two_clocks() -> None:
    shop = two_sources()
    shop.connection.execute("update crm.people set upd = ?", [NOW])
    shop.connection.execute("update shop.people set upd = ?", [NOW])
    shop.run("FULL")
    assert shop.query("select name from idr_out.golden_profile_current") == [("Ann",)]


@pytest.mark.parametrize("first", ["email", "phone"])
def test_priority_decides_which_of_two_rules_explains_a_link(first: str) -> None:
    rules = {name: Rule(name, (name,), 1 if name == first else 2) for name in ("email", "phone")}
    shop = Shop(guardrails=UNLIMITED, rules=rules)
    shop.add((1, "a@x.org", "5551", "a", NOW), (2, "a@x.org", "5551", "b", NOW))
    shop.run("FULL")
    assert [step["rule_id"] for step in explain(shop.wh, "shop:1", "shop:2")["path"]] == [first]


def test_a_profile_has_the_attributes_that_are_configured_and_no_others() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "Ann", NOW))
    shop.run("FULL")

    def profile() -> dict[str, object]:
        columns, row = shop.tables("idr_out")["idr_out.golden_profile_current"]
        return {
            name: value for name, value in zip(columns, row, strict=True) if name not in ("resolved_id", "updated_ts")
        }

    assert profile() == {"name": "Ann"}
    attributes = {"favourite_colour": "'green'", "mailbox": "upper(email)"}
    shop.apply(replace(shop.config, sources={"shop": replace(SHOP, attributes=attributes)}))
    shop.run()
    assert profile() == {"favourite_colour": "green", "mailbox": "A@X.ORG"}


def test_a_rule_of_two_identifiers_wants_both() -> None:
    shop = Shop(guardrails=UNLIMITED, rules={"both": Rule("both", ("email", "phone"), 1)})
    shop.add((1, "a@x.org", "5551", "a", NOW), (2, "a@x.org", "5551", "b", NOW))
    shop.add((3, "a@x.org", "5552", "c", NOW), (4, "a@x.org", None, "d", NOW))
    shop.run("FULL")
    assert shop.clusters() == [["shop:1", "shop:2"], ["shop:3"], ["shop:4"]]


@pytest.mark.parametrize(
    ("normalize", "values"),
    [("email", ("A@x.org", "a@x.org")), ("digits", ("5-55", "555")), ("name", ("Zoë", "ZOE")), ("upper", ("ab", "AB"))],
)
def test_the_normaliser_decides_what_is_equal(normalize: str, values: tuple[str, str]) -> None:
    for chosen, clusters in (("none", 2), (normalize, 1)):
        shop = Shop(guardrails=UNLIMITED, identifiers={n: Identifier(n, chosen) for n in ("email", "phone")})
        shop.add(*((i, value, None, "x", NOW) for i, value in enumerate(values)))
        shop.run("FULL")
        assert len(shop.clusters()) == clusters


@pytest.mark.parametrize("column", ["entity_key_expr", "watermark_expr", "deleted_when", "table_name"])
@pytest.mark.parametrize(
    "hostile",
    [
        "id); drop table shop.people; --",
        "(select max(id) from shop.people)",
        "id from shop.people; drop table shop.people",
    ],
)
def test_a_hostile_expression_put_into_the_tables_by_hand_is_refused(column: str, hostile: str) -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    before = shop.snapshot()
    shop.connection.execute(f"update idr_meta.source_table set {column} = ?", [hostile])
    result = shop.run("FULL")
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-115")
    assert shop.snapshot() == before
    assert shop.query("select count(*) from shop.people") == [(1,)]


@pytest.mark.parametrize("damage", ["", "{}", "[]", "null", '{"sources": {"shop": 1}}'])
def test_a_published_configuration_that_was_damaged_by_hand_is_told_and_mended_as_told(damage: str) -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW))
    shop.run("FULL")
    shop.query("update idr_meta.base_state set config_json = ?", damage or "no JSON")
    failed = shop.run()
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "IDR-115")
    assert "Set config_json to NULL: the next run then computes in full" in failed["error"]["message"]
    shop.query("update idr_meta.base_state set config_json = null")
    mended = shop.run()
    assert (mended["status"], "computed in full" in mended["message"]) == ("SUCCESS", True)
    assert shop.clusters() == [["shop:1", "shop:2"]]
