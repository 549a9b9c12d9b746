"""Whatever happens to the sources, the partition equals the oracle's, and INCR equals FULL."""

from __future__ import annotations

import os

import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.resolution import agreement
from tests.resolution.histories import World
from tests.resolution.reach import Reach

HISTORIES = int(os.environ.get("IDR_HISTORIES", "200"))
SHARDS = 8
STEPS = (2, 2, 2, 3, 3, 5)


def assert_tables_agree(world: World) -> None:
    query = world.connection.execute
    sizes = dict(query("select resolved_id, cluster_size from idr_out.identity_clusters_current").fetchall())
    counted: dict[str, int] = {}
    for resolved in world.membership().values():
        counted[resolved] = counted.get(resolved, 0) + 1
    assert sizes == counted
    for table in ("golden_profile_current", "golden_provenance_current"):
        ids = [row[0] for row in query(f"select resolved_id from idr_out.{table}").fetchall()]
        assert sorted(ids) == sorted(sizes)
    entities = {row[0] for row in query("select entity_key from idr_out.entity_current").fetchall()}
    assert entities == set(world.membership())
    aliases = query("select old_resolved_id, resolved_id from idr_out.identity_alias").fetchall()
    assert len(aliases) == len(dict(aliases))
    for old, new in aliases:
        assert old not in sizes
        assert new is None or new in sizes


def assert_decisions_hold(world: World) -> None:
    """No vetoed pair is one, every forced pair is unless a veto says no, limits hold where nobody forced a link."""
    at = world.membership()
    assert not world.forgotten & at.keys()
    vetoes = [(a, b) for kind, a, b in world.overrides.values() if kind == "UNLINK" and a in at and b in at]
    assert all(at[a] != at[b] for a, b in vetoes)
    forced = nx.Graph((a, b) for kind, a, b in world.overrides.values() if kind == "LINK" and a in at and b in at)
    for group in nx.connected_components(forced):
        if not any(a in group and b in group for a, b in vetoes):
            assert len({at[entity] for entity in group}) == 1
    limit = world.config.identifiers["p"].max_per_identity
    if limit is not None:
        over = world.connection.execute(
            "select resolved_id from idr_out.entity_current natural join"
            " idr_out.identity_resolved_membership_current group by 1 having count(distinct i_p) > ?",
            [limit],
        ).fetchall()
        assert {row[0] for row in over} <= {at[entity] for entity in forced}


def assert_ids_go_on(world: World, before: dict[str, str], claims: dict[str, tuple]) -> None:
    """An id goes where most of its records are (then: the smallest key), the first of those that meet is kept."""
    after = world.membership()
    parts: dict[str, dict[str, list[str]]] = {}
    for entity in before.keys() & after.keys():
        parts.setdefault(before[entity], {}).setdefault(after[entity], []).append(entity)
    heirs = {old: min(at, key=lambda new: (-len(at[new]), min(at[new]))) for old, at in parts.items()}
    kept = {new: min((old for old in heirs if heirs[old] == new), key=claims.__getitem__) for new in heirs.values()}
    assert all(new == old for new, old in kept.items())
    assert not (set(after.values()) - kept.keys()) & claims.keys()
    alias = dict(world.connection.execute("select old_resolved_id, resolved_id from idr_out.identity_alias").fetchall())
    assert {old: alias.get(old, old) for old in heirs} == heirs


@pytest.mark.timeout(0)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_incremental_runs_equal_full_runs_and_the_oracle(shard: int) -> None:
    @settings(
        max_examples=-(-HISTORIES // SHARDS), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(st.integers(min_value=0, max_value=2**32))
    def check(seed: int) -> None:
        live_through(seed * SHARDS + shard)

    check()


def live_through(seed: int) -> None:
    world, reach = World(seed), Reach()
    for _ in range(world.rng.choice(STEPS)):
        world.step()
        before, untouched = world.membership(), agreement.times(world)
        broken, known, claims = agreement.broken_limits(world), agreement.clusters(world), agreement.claims(world)
        assert world.replayed() == before
        assert_tables_agree(world)
        to_look_at = reach.expected(world)
        if world.rng.random() < 0.5:
            plan = world.run("INCR", dry_run=True)
            assert world.membership() == before
            result = world.run("INCR")
            assert result["counts"] == plan["counts"]
            changes = world.connection.execute(
                "select entity_key, proposed_resolved_id from idr_out.dry_run_results where run_id = ?",
                [plan["run_id"]],
            ).fetchall()
            predicted = before | dict(changes)
            assert world.membership() == {entity: to for entity, to in predicted.items() if to is not None}
            agreement.assert_the_dry_run_told_what_changed(world, plan, before)
            reach.published(world, plan["run_id"], to_look_at)
        else:
            result = world.run(world.rng.choice(["INCR", "INCR", "FULL"]))
            reach.published(world, result["run_id"], to_look_at)
        expected = world.expected()
        assert world.partition() == expected.partition
        assert world.replayed() == world.membership()
        assert_tables_agree(world)
        assert_decisions_hold(world)
        assert_ids_go_on(world, before, claims)
        agreement.assert_counts_tell_what_changed(world, result["counts"], before)
        agreement.assert_counts_tell_what_is_new(world, result["counts"], broken, known)
        agreement.assert_only_what_changed_is_written(world, untouched)
        agreement.assert_profiles_are_what_survives(world)
        agreement.assert_cuts_and_broken_limits_are_told(world, expected)
        agreement.assert_events_tell_what_changed(world, before)
        agreement.assert_clusters_tell_whence_they_are(world)
        agreement.assert_edges_join_the_clusters(world, expected)
        agreement.assert_skipped_groups_are_the_oversized(world)
    membership, state = world.membership(), agreement.state(world)
    full = world.run("FULL")
    assert world.membership() == membership
    assert agreement.state(world) == state
    assert full["counts"]["moved"] == full["counts"]["new"] == full["counts"]["removed"] == 0
    world.connection.close()
