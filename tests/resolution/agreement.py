"""What a run tells of itself, against what it changed: counts, events, clusters, edges and skipped groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import networkx as nx

from tests.resolution.histories import Expected, World

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


Broken = dict[tuple[str, str], int]
Clusters = dict[str, tuple[int, float]]


def broken_limits(world: World) -> Broken:
    """Per identity and identifier how many values it holds, where these are too many."""
    rows = world.connection.execute(
        "select resolved_id, identifier_type, distinct_values from idr_out.identity_conflict where action <> 'CUT'"
    ).fetchall()
    return {row[:2]: row[2] for row in rows}


def clusters(world: World) -> Clusters:
    """Size and confidence of each identity."""
    rows = world.connection.execute(
        "select resolved_id, cluster_size, confidence_score from idr_out.identity_clusters_current"
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def claims(world: World) -> dict[str, tuple[int, int, str]]:
    """What puts an identity before another: its age, its size, and last its name."""
    rows = world.connection.execute(
        "select resolved_id, created_version, -cluster_size, resolved_id from idr_out.identity_clusters_current"
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def assert_counts_tell_what_is_new(world: World, counts: dict[str, int], broken: Broken, known: Clusters) -> None:
    """Conflicts are counted when they are new or worse, cluster sizes where something changed."""
    now = [key for key, values in broken_limits(world).items() if values > broken.get(key, 0) and key[1] == "d"]
    changed = [size for name, (size, doubt) in clusters(world).items() if known.get(name) != (size, doubt)]
    told = counts["conflicts"], counts["largest_changed_cluster"], counts["suspect_groups"]
    assert told == (len(now), max(changed, default=0), 0)


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
        "unchanged": sum(before[entity] == after[entity] for entity in both),
    }
    assert {name: counts[name] for name in expected} == expected


def events(world: World, before: Ids) -> set[tuple[str, str, str | None, str | None]]:
    """Event, id, record and other id of all that the last publish did."""
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
    return expected


def assert_events_tell_what_changed(world: World, before: Ids) -> None:
    rows = world.connection.execute(
        "select event_type, resolved_id, entity_key, other_resolved_id from idr_out.identity_event"
        " where version = (select base_version from idr_meta.base_state)"
    ).fetchall()
    assert len(rows) == len(set(rows))
    assert set(rows) == events(world, before)


def assert_clusters_tell_whence_they_are(world: World) -> None:
    """Each id that was created is there since then, half as doubtful for each value that its loosest member shares, or
    has an alias."""
    query = world.connection.execute
    rows = query("select resolved_id, version, occurred_ts from idr_out.identity_event where event_type = 'CREATED'")
    created = {resolved: (version, at) for resolved, version, at in rows.fetchall()}
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


def assert_edges_join_the_clusters(world: World, expected: Expected) -> None:
    """An edge from the first of those that a value holds together to each other one, and from nobody else."""
    rows = world.connection.execute(
        "select left_entity_key, right_entity_key, rule_id from idr_out.identity_edges_current"
    ).fetchall()
    held: dict[tuple[str, ...], list[str]] = {}
    for ends in expected.graph.edges:
        entity, key = sorted(ends, key=lambda end: isinstance(end, tuple))
        held.setdefault(key, []).append(entity)
    stars = [(min(members), other, key[0] or "_link") for key, members in held.items() for other in members]
    assert sorted(rows) == sorted(edge for edge in stars if edge[0] != edge[1])
    graph = nx.Graph(row[:2] for row in rows)
    graph.add_nodes_from(world.membership())
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


# of each row these tables tell when it was written
TIMED = (
    "identity_resolved_membership_current", "identity_clusters_current", "golden_profile_current",
    "golden_provenance_current", "identity_alias",
)  # fmt: skip


def times(world: World) -> dict[str, dict[tuple[Any, ...], Any]]:
    """Per table and row the time at which it was written."""
    found: dict[str, dict[tuple[Any, ...], Any]] = {}
    for table in TIMED:
        rows = world.connection.execute(f"select * exclude (updated_ts), updated_ts from idr_out.{table}").fetchall()
        found[table] = {row[:-1]: row[-1] for row in rows}
    return found


def assert_only_what_changed_is_written(world: World, before: dict[str, dict[tuple[Any, ...], Any]]) -> None:
    """A row that says what it said keeps its time, every other one has the time of the run that published it."""
    for table, rows in times(world).items():
        assert rows == {row: before[table].get(row, world.now) for row in rows}, table


def assert_profiles_are_what_survives(world: World) -> None:
    sources, held = world.config.sources, {name: dict[str, list[Value]]() for name in world.config.survivorship}
    at = world.membership()
    for entity, row in world.live().items():
        source = sources[entity.split(":")[0]]
        when = row["upd"] if source.watermark else None
        for name, clusters_held in held.items():
            values = clusters_held.setdefault(at[entity], [])
            if row[name] is not None:
                values.append(Value(row[name], when, source.trust, entity))
    expected = [
        {resolved: survivor(world.config.survivorship[name].strategy, values) for resolved, values in mine.items()}
        for name, mine in held.items()
    ]
    for table, part in (("golden_profile_current", "text"), ("golden_provenance_current", "entity")):
        names = ", ".join(held)
        rows = world.connection.execute(f"select resolved_id, {names} from idr_out.{table}").fetchall()
        assert {row[0]: list(row[1:]) for row in rows} == {
            resolved: [getattr(found[resolved], part, None) for found in expected] for resolved in set(at.values())
        }


@dataclass(frozen=True)
class Value:
    """What a record holds of an attribute, since when, and how far its source is trusted (1 is best)."""

    text: str
    at: datetime | None
    trust: int
    entity: str

    @property
    def place(self) -> tuple[Any, ...]:
        """The latest comes first, then the one whose source is trusted most, then the smallest key."""
        return self.at is None, self.at and -self.at.timestamp(), self.trust, self.entity

    @property
    def order(self) -> tuple[bool, float, str]:
        """Numbers by size, then words."""
        try:
            return False, float(self.text), self.text
        except ValueError:
            return True, 0.0, self.text


def survivor(strategy: str, values: list[Value]) -> Value | None:
    """The value that a strategy of docs/configuration.md lets survive; of several as good the first in `place`."""
    texts = [value.text for value in values]
    ranks: dict[str, Callable[[Value], Any]] = {
        "most_recent": lambda value: 0,
        "earliest": lambda value: (value.at is None, value.at and value.at.timestamp(), value.trust, value.entity),
        "longest": lambda value: -len(value.text),
        "most_frequent": lambda value: -texts.count(value.text),
        "min": lambda value: value.order,
        "max": lambda value: [-sorted({other.order for other in values}).index(value.order)],
        "source_priority": lambda value: value.trust,
    }
    return min(values, key=lambda value: (ranks[strategy](value), value.place), default=None)


def assert_cuts_and_broken_limits_are_told(world: World, expected: Expected) -> None:
    query = world.connection.execute
    at, live = world.membership(), world.live()
    rows = query(
        "select entity_key, rule_id, identifier_type, override_id, other_entity_key, resolved_id"
        " from idr_out.identity_conflict where action = 'CUT'"
    ).fetchall()
    told = sorted((entity, rule, name is None) for entity, rule, name, *_ in rows)
    assert told == sorted((cut.entity, cut.rule_id, cut.is_vetoed) for cut in expected.cuts)
    for entity, rule, name, override_id, other, resolved in rows:
        assert resolved == at[entity]
        assert (name, override_id is None, other is None) == (
            (None, False, False) if name is None else ("p", True, True)
        )
        if override_id is not None:
            kind, *ends = world.overrides[override_id]
            assert kind == "UNLINK"
            sides = [(cut.side, cut.other_side) for cut in expected.cuts if (cut.entity, cut.rule_id) == (entity, rule)]
            assert other in ends
            (rival,) = {*ends} - {other}
            assert any(rival in side and other in other_side for side, other_side in sides)
    broken = []
    for name, action in (("p", "REPORT"), ("d", "HOLD")):
        held: dict[str, set[str]] = {}
        for entity, row in live.items():
            held.setdefault(at[entity], set()).update({row[name].lower()} if row[name] else ())
        limit = world.config.identifiers[name].max_per_identity or len(live)
        broken += [(r, action, name, len(values), limit) for r, values in held.items() if len(values) > limit]
    columns = "resolved_id, action, identifier_type, distinct_values, max_per_identity"
    rows = query(f"select {columns} from idr_out.identity_conflict where action <> 'CUT'").fetchall()
    assert sorted(rows) == sorted(broken)
    torn = query("select entity_key, component_token from idr_meta.cut_component").fetchall()
    assert sorted(torn) == sorted(expected.torn.items())
    decided = query("select override_id, kind, entity_a, entity_b from idr_meta.override_current").fetchall()
    assert sorted(decided) == sorted((name, *row) for name, row in world.overrides.items())


def assert_the_dry_run_told_what_changed(world: World, plan: dict[str, Any], before: Ids) -> None:
    query, after, run_id = world.connection.execute, world.membership(), [plan["run_id"]]
    rows = query(
        "select entity_key, current_resolved_id, proposed_resolved_id, change_type from idr_out.dry_run_results"
        " where run_id = ?",
        run_id,
    ).fetchall()
    assert sorted(rows, key=repr) == sorted(
        (
            (entity, before.get(entity), after.get(entity), _change(before.get(entity), after.get(entity)))
            for entity in before.keys() | after.keys()
            if before.get(entity) != after.get(entity)
        ),
        key=repr,
    )
    told = query("select metric, metric_value from idr_out.dry_run_summary where run_id = ?", run_id).fetchall()
    assert sorted(told) == sorted(plan["counts"].items())
    told = query("select metric_name, metric_value from idr_out.metrics_export where run_id = ?", run_id).fetchall()
    counted = {f"idr_{name}": float(value) for name, value in plan["counts"].items()}
    assert dict(told) == counted | {"idr_duration_seconds": plan["duration_seconds"]}
    assert len(told) == len(counted) + 1


def _change(old: str | None, new: str | None) -> str:
    return "NEW" if old is None else "REMOVED" if new is None else "MOVED"
