"""An INCR run that finds no change ends early, and is otherwise as any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from idr import overrides
from idr.compare import compare
from idr.model import Guardrails, Identifier, Rule
from tests.resolution.shop import NOW, SHOP, Shop

IDENTIFIERS = {
    "email": Identifier("email", "email"),
    "phone": Identifier("phone", "digits", max_per_identity=1, on_conflict="hold"),
}


def settled(**guardrails: float | None) -> Shop:
    """A pair, a conflict that was published, a group that is skipped, and one alone."""
    shop = Shop(
        identifiers=IDENTIFIERS,
        rules={"email": Rule("email", ("email",), 1, 3), "phone": Rule("phone", ("phone",), 2)},
        guardrails=Guardrails(**{"max_moved_ratio": None, "suspect_group_factor": None, **guardrails}),
    )
    shop.add(
        (1, "pair@x.org", "1", "a", NOW),
        (2, "pair@x.org", "2", "b", NOW),
        (3, None, "3", "c", NOW),
        *((10 + i, "crowd@x.org", None, "d", NOW) for i in range(4)),
    )
    first = shop.run("FULL")
    if first["status"] == "HELD":
        shop.approve(first["run_id"])
    return shop


def counts(result: dict) -> dict[str, int]:
    return {name: value for name, value in result["counts"].items() if name != "rows_read"}


def test_its_numbers_are_those_of_a_full_run_that_changes_nothing() -> None:
    shop = settled()
    links_again = (
        "insert into idr_out.skipped_identifier_groups (rule_id, match_key, resumed_at) values ('email', 1, ?)"
    )
    shop.query(links_again, NOW)
    found = counts(shop.run(dry_run=True))
    assert found == counts(shop.run("FULL", dry_run=True))
    assert (found["entities_before"], found["clusters_before"], found["largest_cluster"]) == (7, 6, 2)
    assert (found["skipped_groups"], found["unchanged"], found["conflicts"]) == (1, 7, 0)


def test_without_a_record_every_number_is_zero() -> None:
    shop = Shop()
    for mode in ("FULL", "INCR", "FULL"):
        assert set(shop.run(mode)["counts"].values()) == {0}


def test_it_publishes_a_version_with_the_watermark_and_the_configuration() -> None:
    shop = settled()
    before, version = shop.snapshot(), shop.query("select base_version from idr_meta.base_state")[0][0]
    shop.apply(replace(shop.config, sources={"shop": replace(SHOP, lookback_minutes=5)}))
    assert shop.run()["status"] == "SUCCESS"
    shop.query("update shop.people set upd = ? where id = 3", NOW + timedelta(seconds=1))
    assert shop.run()["counts"]["moved"] == 0
    assert shop.run()["status"] == "SUCCESS"
    assert shop.query("select base_version from idr_meta.base_state") == [(version + 3,)]
    assert shop.query("select last_watermark_value from idr_meta.run_state") == [(NOW + timedelta(seconds=1),)]
    after = shop.snapshot()
    assert (
        after["idr_out.identity_resolved_membership_current"] == before["idr_out.identity_resolved_membership_current"]
    )
    assert after["idr_out.golden_profile_current"] == before["idr_out.golden_profile_current"]


def test_a_dry_run_of_it_can_be_compared_and_published() -> None:
    shop = settled()
    planned = shop.run(dry_run=True)
    found = compare(shop.wh, "current", planned["run_id"])
    assert found["b"]["kind"] == "plan"
    assert found["totals"] == {"split": 0, "merged": 0, "moved": 0}
    live = shop.run()
    assert live["message"] == f"published the plan of run {planned['run_id']}"
    assert shop.query("select count(*) from idr_out.dry_run_results") == [(0,)]


def test_the_gate_judges_it() -> None:
    shop = settled()
    shop.apply(replace(shop.config, guardrails=Guardrails(max_skipped_groups=0)))
    held = shop.run()
    assert (held["status"], held["reasons"]) == (
        "HELD",
        ["1 groups are skipped as oversized; max_skipped_groups allows 0"],
    )
    assert shop.approve(held["run_id"])["status"] == "SUCCESS"


@pytest.mark.parametrize(
    "change",
    [
        "insert into shop.people values (4, null, null, 'new', ?)",
        "update shop.people set name = 'other', upd = ? where id = 3",
        "update shop.people set email = 'pair@x.org', upd = ? where id = 3",
    ],
)
def test_any_change_is_found_after_it(change: str) -> None:
    shop = settled()
    shop.run()
    shop.query(change, NOW + timedelta(minutes=1))
    shop.run()
    found = shop.clusters(), shop.snapshot()["idr_out.golden_profile_current"]
    shop.run("FULL")
    assert (shop.clusters(), [row[:-1] for row in shop.snapshot()["idr_out.golden_profile_current"]]) == (
        found[0], [row[:-1] for row in found[1]],
    )  # fmt: skip


def test_a_source_that_goes_is_a_change() -> None:
    shop = Shop(sources={"shop": SHOP, "other": replace(SHOP, source_id="other", table="shop.other")})
    shop.query("create table shop.other as from shop.people")
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.query("insert into shop.other values (1, 'a@x.org', null, 'a', ?)", NOW)
    shop.run("FULL")
    shop.apply(replace(shop.config, sources={"shop": SHOP}))
    assert shop.run()["counts"]["removed"] == 1


def test_a_link_is_a_change_although_no_record_is() -> None:
    shop = settled()
    overrides.add(shop.wh, "LINK", "shop:3", "shop:10", "the same person", "ann", NOW)
    assert shop.run()["counts"]["moved"] == 1
    assert ["shop:10", "shop:3"] in shop.clusters()
