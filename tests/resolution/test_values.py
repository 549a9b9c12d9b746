"""What links and what does not, whatever the values look like."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from idr.model import Exclusion, Guardrails, Identifier, Rule
from tests.resolution.shop import NOW, Shop


def linked(shop: Shop, *emails: str | None) -> list[list[str]]:
    """Clusters of records 0, 1, .. that carry these e-mails."""
    if emails:
        shop.add(*((i, email, None, "x", NOW) for i, email in enumerate(emails)))
    assert shop.run("FULL")["status"] == "SUCCESS"
    return shop.clusters()


@pytest.mark.parametrize("nothing", ["", "   ", "\t", "n/a", "NULL", "Unknown", None])
def test_a_value_that_means_nothing_links_nobody(nothing: str | None) -> None:
    shop = Shop(identifiers={"email": Identifier("email", "none"), "phone": Identifier("phone", "digits")})
    assert linked(shop, nothing, nothing, nothing) == [["shop:0"], ["shop:1"], ["shop:2"]]
    assert shop.query("select * from idr_out.identity_edges_current") == []


@pytest.mark.parametrize("nothing", ["", "   ", "\t\n", "\u00a0", " N/A\u2003", "Not Available", "unknown\r\n", None])
def test_what_means_nothing_does_not_survive_in_a_profile(nothing: str | None) -> None:
    shop = Shop()
    shop.add((1, "ann@x.org", None, "Ann", NOW - timedelta(days=1)), (2, "ann@x.org", None, nothing, NOW))
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert shop.query("select name from idr_out.golden_profile_current") == [("Ann",)]


@pytest.mark.parametrize("other", ["  ann@x.org", "ann@x.org ", "\tann@x.org\n", "ANN@X.org"])
def test_blanks_around_a_value_and_its_case_do_not_matter(other: str) -> None:
    assert linked(Shop(), "ann@x.org", other) == [["shop:0", "shop:1"]]


@pytest.mark.parametrize(
    "exclusion",
    [
        Exclusion("exact", "NoReply@Example.COM"),
        Exclusion("like", "NOREPLY@%"),
        Exclusion("like", "%@Example.Com"),
        Exclusion("regex", "NoReply@.*"),
    ],
    ids=lambda item: f"{item.kind} {item.pattern}",
)
def test_an_exclusion_matches_in_any_case(exclusion: Exclusion) -> None:
    email = Identifier("email", "email", exclude=(exclusion,))
    shop = Shop(identifiers={"email": email, "phone": Identifier("phone", "digits")})
    emails = ("noreply@example.com", "NoReply@Example.com", "ann@x.org", "Ann@X.org")
    assert linked(shop, *emails) == [["shop:0"], ["shop:1"], ["shop:2", "shop:3"]]


def test_two_values_link_by_each_not_by_what_they_are_together() -> None:
    identifiers = {name: Identifier(name, "none") for name in ("email", "phone")}
    shop = Shop(identifiers=identifiers, rules={"both": Rule("both", ("email", "phone"), 1)})
    pairs = [("ab", "c"), ("a", "bc"), ("a", "b:c"), ("a:b", "c"), ("1:a", "b"), ("a", "1:b"), ("ab", "c")]
    shop.add(*((key, email, phone, "x", NOW) for key, (email, phone) in enumerate(pairs)))
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert shop.clusters() == [["shop:0", "shop:6"], *([f"shop:{key}"] for key in range(1, 6))]


def test_records_without_any_link_are_clusters_of_one_after_no_round_at_all() -> None:
    shop = Shop(guardrails=replace(Guardrails(), max_cluster_size=1))
    assert linked(shop, "a@x.org", "b@x.org", None) == [["shop:0"], ["shop:1"], ["shop:2"]]
    assert list(shop.sizes().values()) == [1, 1, 1]
    rounds = shop.query("select rows_written from idr_out.stage_metrics where stage = 'components'")
    assert rounds == [(0,)]


def test_no_records_at_all_are_a_result() -> None:
    shop = Shop()
    assert not any(shop.run("FULL")["counts"].values())
    assert shop.clusters() == []


def test_a_word_that_means_nothing_never_survives_into_the_golden_profile() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "Ann", NOW), (2, "a@x.org", None, " N/A ", NOW + timedelta(minutes=1)))
    shop.add((3, "a@x.org", None, "  ", NOW + timedelta(minutes=2)), (4, "b@x.org", None, "unknown", NOW))
    shop.run("FULL")
    names = shop.connection.execute("select name from idr_out.golden_profile_current order by 1").fetchall()
    assert names == [("Ann",), (None,)]


def test_values_are_brought_to_their_form_again_when_another_version_did_it_otherwise() -> None:
    shop = Shop()
    assert linked(shop, "ann@x.org", "bob@x.org") == [["shop:0"], ["shop:1"]]
    shop.connection.execute("update idr_out.entity_current set i_email = 'as it was done then'")
    then = """regexp_replace(config_json, '"form":"[^"]+"', '"form":"then"')"""
    shop.connection.execute(f"update idr_meta.base_state set config_json = {then}")
    assert "identifiers changed" in shop.run("INCR")["message"]
    assert shop.query("select i_email from idr_out.entity_current order by 1") == [("ann@x.org",), ("bob@x.org",)]
    assert "identifiers changed" not in shop.run("INCR")["message"]


def test_match_keys_are_made_anew_when_another_version_made_them_otherwise() -> None:
    shop = Shop()
    assert linked(shop, "ann@x.org", "ann@x.org") == [["shop:0", "shop:1"]]
    shop.connection.execute("update idr_out.match_key_current set match_key = match_key % 1000000")
    [(text,)] = shop.query("select config_json from idr_meta.base_state")
    config = json.loads(text)
    for rule in config["rules"].values():
        del rule["form"]  # as it was before rules had one
    shop.connection.execute("update idr_meta.base_state set config_json = ?", [json.dumps(config)])
    shop.add((2, "ann@x.org", None, "x", NOW))
    assert "computed in full: rules changed" in shop.run("INCR")["message"]
    assert shop.clusters() == [["shop:0", "shop:1", "shop:2"]]
    assert "rules changed" not in shop.run("INCR")["message"]


@pytest.mark.parametrize(
    ("number", "text"),
    [("5551.0", "5551"), ("-7", "-7"), ("0.5", "0.5"), ("1e20", "1" + 20 * "0"), ("1e300", "1e+300"), ("'inf'", "inf"),
     ("'nan'", None), ("null", None)],
)  # fmt: skip
def test_any_float_is_a_value_and_a_whole_one_has_no_point(number: str, text: str | None) -> None:
    """A program that exports what is missing as NaN must not stop the runs."""
    shop = Shop()
    for column in ("phone", "name"):
        shop.connection.execute(f"alter table shop.people alter {column} type double")
    shop.query(f"insert into shop.people values (1, 'a@x.org', {number}, {number}, ?)", NOW)
    result = shop.run("FULL")
    assert (result["status"], result["error"]) == ("SUCCESS", None)
    assert shop.query("select name from idr_out.golden_profile_current") == [(text,)]


def test_a_time_with_a_zone_is_the_same_value_as_that_moment_elsewhere() -> None:
    shop = Shop()
    shop.connection.execute("alter table shop.people alter phone type timestamptz using null")
    for key, moment in enumerate(("2024-01-02 12:30:00.5+02", "2024-01-02 10:30:00.5+00", "2024-01-02 10:30:00.5+01")):
        shop.query(f"insert into shop.people values ({key}, null, ?, 'x', ?)", moment, NOW)
    phone = Identifier("phone", "none")
    shop.apply(replace(shop.config, identifiers={**shop.config.identifiers, "phone": phone}))
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert shop.clusters() == [["shop:0", "shop:1"], ["shop:2"]]
    assert shop.query("select min(i_phone) from idr_out.entity_current where entity_key <> 'shop:2'") == [
        ("2024-01-02 10:30:00.5",)
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("kind", ["timestamptz", "timestamp"])
def test_a_watermark_is_kept_in_utc_wherever_the_session_is(zone: str, kind: str) -> None:
    shop = Shop()
    shop.query(f"set timezone = '{zone}'")
    shop.query(f"alter table shop.people alter upd type {kind} using null")
    moment = "2024-01-02 10:30:00" + ("-02" if kind == "timestamptz" else "")
    shop.query(f"insert into shop.people values (1, 'a@x.org', null, 'x', '{moment}')")
    assert shop.run("FULL")["status"] == "SUCCESS"
    kept = datetime(2024, 1, 2, 12 if kind == "timestamptz" else 10, 30)  # noqa: DTZ001 - kept without a zone
    assert shop.query("select last_watermark_value from idr_meta.run_state") == [(kept,)]
    assert shop.query("select record_ts from idr_out.entity_current") == [(kept,)]
