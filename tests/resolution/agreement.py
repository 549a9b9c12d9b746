"""What a run tells of itself, against what it changed: counts, events, clusters, edges and skipped groups."""

from __future__ import annotations

from typing import Any

import networkx as nx

from tests.resolution.histories import World

Ids = dict[str, str]
# what a FULL run must leave as it found it, when nothing changed
STATE = {
    "idr_out.identity_clusters_current": "resolved_id, cluster_size, confidence_score, created_version, created_ts",
    "idr_out.golden_profile_current": "resolved_id, e, n",
    "idr_out.golden_provenance_current": "resolved_id, e, n",
    "idr_out.skipped_identifier_groups": "* exclude (last_run_id)",
    "idr_out.identity_conflict": "* exclude (run_id, detected_ts)",
    "idr_out.identity_edges_current": "*",
    "idr_out.identity_alias": "*",
    # the key of a link whose other record is gone joins nothing, and stays until a FULL run
    "(select * from idr_out.match_key_current qualify rule_id <> '_link' or count(*) over (partition by match_key) > 1)"
    " natural join idr_out.entity_current": "entity_key, rule_id, match_key",
    "idr_out.entity_current": "* exclude (entity_id)",
    "idr_meta.cut_component": "*",
    "idr_meta.override_current": "*",
}


def state(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every published table, without what names the run."""
    found = {
        table: world.connection.execute(f"select {columns} from {table}").fetchall() for table, columns in STATE.items()
    }
    return {table: sorted(rows, key=repr) for table, rows in found.items()}


def assert_counts_tell_what_changed(world: World, counts: dict[str, int], before: Ids) -> None:
    after = world.membership()
    both = before.keys() & after.keys()
    gone = set(before.values()) - set(after.values())
    alias = _aliases(world)
    sizes = [list(after.values()).count(resolved) for resolved in set(after.values())]
    expected = {
        "entities_before": len(before),
        "entities_after": len(after),
        "clusters_before": len(set(before.values())),
        "clusters_after": len(set(after.values())),
        "new": len(after.keys() - before.keys()),
        "removed": len(before.keys() - after.keys()),
        "moved": sum(before[entity] != after[entity] for entity in both),
        "created": len(set(after.values()) - set(before.values())),
        "merged": sum(alias[old] is not None for old in gone),
        "retired": sum(alias[old] is None for old in gone),
        "split": sum(len(parts) > 1 for parts in _parts(before, after).values()),
        "largest_cluster": max(sizes, default=0),
        "skipped_groups": len(_oversized(world)),
    }
    assert {name: counts[name] for name in expected} == expected


def assert_events_tell_what_changed(world: World, before: Ids) -> None:
    after = world.membership()
    alias = _aliases(world)
    moved = {entity for entity in before.keys() | after.keys() if before.get(entity) != after.get(entity)}
    gone = set(before.values()) - set(after.values())
    expected = {("CREATED", resolved, None, None) for resolved in set(after.values()) - set(before.values())}
    expected |= {("LEFT", before[entity], entity, after.get(entity)) for entity in moved if entity in before}
    expected |= {("JOINED", after[entity], entity, before.get(entity)) for entity in moved if entity in after}
    expected |= {("MERGED", old, None, alias[old]) for old in gone if alias[old]}
    expected |= {("RETIRED", old, None, None) for old in gone if not alias[old]}
    expected |= {
        ("SPLIT", old, None, new)
        for old, parts in _parts(before, after).items()
        for new in parts
        if new != alias.get(old, old)
    }
    rows = world.connection.execute(
        "select event_type, resolved_id, entity_key, other_resolved_id from idr_out.identity_event"
        " where version = (select base_version from idr_meta.base_state)"
    ).fetchall()
    assert len(rows) == len(set(rows))
    assert set(rows) == expected


def assert_clusters_tell_whence_they_are(world: World) -> None:
    """Each id that was created is there since then, half as doubtful for each value that its loosest member shares, or
    has an alias."""
    query = world.connection.execute
    events = query("select resolved_id, version, occurred_ts from idr_out.identity_event where event_type = 'CREATED'")
    created = {resolved: (version, at) for resolved, version, at in events.fetchall()}
    cut = {row[0] for row in query("select entity_key from idr_meta.cut_component").fetchall()}
    at = world.membership()
    assert cut <= at.keys()
    shared = _shared(world)
    for resolved, size, confidence, version, planned in query(
        "select resolved_id, cluster_size, confidence_score, created_version, created_ts"
        " from idr_out.identity_clusters_current"
    ).fetchall():
        first_version, published = created.pop(resolved)
        assert version == first_version
        assert planned <= published
        members = [entity for entity in at if at[entity] == resolved]
        if not cut & set(members):
            held = min(shared[entity] for entity in members)
            assert confidence == (1.0 if size == 1 else 1 - 0.5**held)
    aliases = query("select old_resolved_id, resolved_id is null, reason from idr_out.identity_alias").fetchall()
    assert {row[0] for row in aliases} == created.keys()
    assert {row[1:] for row in aliases} <= {(True, "RETIRED"), (False, "MERGED")}


def assert_edges_join_the_clusters(world: World) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(world.membership())
    graph.add_edges_from(
        world.connection.execute(
            "select left_entity_key, right_entity_key from idr_out.identity_edges_current"
        ).fetchall()
    )
    assert {frozenset(part) for part in nx.connected_components(graph)} == world.partition()


def assert_skipped_groups_are_the_oversized(world: World) -> None:
    rows = world.connection.execute(
        "select rule_id, group_size, max_group_size, sample_entity_keys from idr_out.skipped_identifier_groups"
        " where resumed_at is null"
    ).fetchall()
    limits = {rule.rule_id: rule.max_group_size for rule in world.config.rules.values()}
    oversized = _oversized(world)
    assert sorted(row[:3] for row in rows) == sorted((rule, len(members), limits[rule]) for rule, members in oversized)
    for rule, size, _, sample in rows:
        named = sample.split(", ")
        assert any(
            named == sorted(members)[:5] for other, members in oversized if (other, len(members)) == (rule, size)
        )


def _aliases(world: World) -> dict[str, str | None]:
    rows = world.connection.execute("select old_resolved_id, resolved_id from idr_out.identity_alias").fetchall()
    return dict(rows)


def _parts(before: Ids, after: Ids) -> dict[str, set[str]]:
    """Per old id the ids that its members have now."""
    parts: dict[str, set[str]] = {}
    for entity in before.keys() & after.keys():
        parts.setdefault(before[entity], set()).add(after[entity])
    return parts


def _oversized(world: World) -> list[tuple[str, list[str]]]:
    return [
        (key[0], members)
        for key, members in world.groups().items()
        if len(members) > world.config.rules[key[0]].max_group_size
    ]


def _shared(world: World) -> dict[str, int]:
    """How many values, and links made by a person, each record shares with another."""
    shared = dict.fromkeys(world.membership(), 0)
    pairs = [[a, b] for kind, a, b in world.overrides.values() if kind == "LINK" and a in shared and b in shared]
    groups = [
        members
        for key, members in world.groups().items()
        if 1 < len(members) <= world.config.rules[key[0]].max_group_size
    ]
    for entity in (entity for members in (*groups, *pairs) for entity in members):
        shared[entity] += 1
    return shared
