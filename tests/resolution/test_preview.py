"""What a dry run leaves untouched, and that it tells what the live run then does."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from idr.model import Exclusion, Guardrails, Identifier
from tests.resolution.shop import NOW, WATCHED, Shop

ITS_OWN = {
    f"idr_out.{name}"
    for name in ("plan", "dry_run_results", "dry_run_summary", "run_history", "stage_metrics", "metrics_export")
} | {"idr_meta.run_lock"}
NO_RATIOS = Guardrails(max_moved_ratio=None, min_source_ratio=None)


@pytest.mark.parametrize("mode", ["FULL", "INCR"])
def test_a_dry_run_writes_nothing_but_its_plan_and_audit(mode: str) -> None:
    shop = Shop(guardrails=NO_RATIOS, sources=WATCHED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.run("FULL")
    shop.connection.execute("update shop.people set email = 'b@x.org', upd = ? where id = 2", [NOW])
    shop.connection.execute("delete from shop.people where id = 3")
    shop.add((4, "a@x.org", "5551", "d", NOW))
    profile = replace(shop.config.sources["shop"], attributes={"name": "name", "contact": "email"})
    shop.apply(replace(shop.config, sources={"shop": profile}))
    before = shop.tables("idr_meta", "idr_out", "shop")
    planned = shop.run(mode, dry_run=True)
    after = shop.tables("idr_meta", "idr_out", "shop")
    assert planned["status"] == "DRY_RUN_COMPLETE"
    assert {name for name in before | after if before.get(name) != after.get(name)} == ITS_OWN
    assert (planned["counts"]["new"], planned["counts"]["removed"], planned["counts"]["split"]) == (1, 1, 1)


def test_a_dry_run_shows_the_split_that_an_exclusion_makes() -> None:
    shop = Shop(guardrails=NO_RATIOS)
    shop.add((1, "a@x.org", "5551", "a", NOW), (2, "a@x.org", "5559", "b", NOW))
    shop.add((3, "c@x.org", "5559", "c", NOW), (4, "c@x.org", None, "d", NOW))
    shop.run("FULL")
    before = shop.ids()
    assert len(set(before.values())) == 1
    phone = Identifier("phone", "digits", exclude=(Exclusion("exact", "555-9"),))
    shop.apply(replace(shop.config, identifiers={**shop.config.identifiers, "phone": phone}))
    planned = shop.run("FULL", dry_run=True)
    assert (planned["counts"]["moved"], planned["counts"]["split"], planned["counts"]["created"]) == (2, 1, 1)
    moves = dict(
        shop.query(
            "select entity_key, proposed_resolved_id from idr_out.dry_run_results"
            " where run_id = ? and change_type = 'MOVED'",
            planned["run_id"],
        )
    )
    assert shop.ids() == before
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert shop.clusters() == [["shop:1", "shop:2"], ["shop:3", "shop:4"]]
    assert shop.ids() == before | moves


def test_merges_and_splits_are_counted() -> None:
    shop = Shop(guardrails=NO_RATIOS)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(6)))
    assert shop.run("FULL")["counts"]["created"] == 6
    later = NOW + timedelta(hours=1)
    shop.connection.execute("update shop.people set phone = '5551', upd = ? where id < 3", [later])
    joined = shop.run()["counts"]
    assert (joined["merged"], joined["split"], joined["moved"], joined["clusters_after"]) == (2, 0, 2, 4)
    shop.connection.execute("update shop.people set phone = null, upd = ? where id = 1", [later])
    parted = shop.run()["counts"]
    assert (parted["merged"], parted["split"], parted["moved"], parted["clusters_after"]) == (0, 1, 1, 5)


def test_the_history_counts_what_a_run_touched_and_not_all_there_is() -> None:
    shop = Shop(guardrails=NO_RATIOS)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(50)))
    shop.run("FULL")
    shop.add((100, "u7@x.org", None, "x", NOW + timedelta(hours=1)))
    result = shop.run()
    counts = json.loads(shop.query("select counts from idr_out.run_history where run_id = ?", result["run_id"])[0][0])
    assert counts == result["counts"]
    touched = ("new", "moved", "removed", "created", "merged", "split", "retired")
    assert [counts[name] for name in touched] == [1, 0, 0, 0, 0, 0, 0]
    assert (counts["unchanged"], counts["largest_changed_cluster"]) == (50, 2)
    published = shop.query("select cluster_size from idr_out.identity_clusters_current where updated_ts = ?", shop.now)
    assert published == [(2,)]


def test_a_cluster_begins_when_it_is_published_and_not_when_it_was_planned() -> None:
    shop = Shop(guardrails=NO_RATIOS)
    shop.add((1, "a@x.org", None, "x", NOW))
    shop.run("FULL")
    first = shop.now
    shop.add((2, "a@x.org", None, "x", NOW + timedelta(hours=1)), (3, "c@x.org", None, "x", NOW + timedelta(hours=1)))
    planned = shop.run(dry_run=True)["run_id"]
    shop.now += timedelta(days=1)
    shop.approve(planned)
    told = "select cluster_size, created_ts, updated_ts from idr_out.identity_clusters_current order by created_ts"
    assert shop.query(told) == [(2, first, shop.now), (1, shop.now, shop.now)]
    created = "select occurred_ts from idr_out.identity_event where event_type = 'CREATED' order by 1"
    assert shop.query(created) == [(first,), (shop.now,)]
