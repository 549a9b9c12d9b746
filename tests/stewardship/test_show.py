"""What is told of one identity is what random histories made of it."""

from __future__ import annotations

import pytest

from idr.show import show
from tests.resolution import agreement
from tests.resolution.histories import World

Event = tuple[str, int, str, str, str, str, str, object]


def place(event: Event) -> tuple:
    """Where an event stands in what is told: by version, then kind, record and id."""
    _, version, kind, resolved, entity, *_ = event
    return version, kind, entity is not None, entity or "", resolved


@pytest.mark.parametrize("seed", range(6))
def test_one_identity_is_told_with_its_records_events_and_conflicts(seed: int) -> None:
    world = World(seed)
    log: list[Event] = []
    for version in range(1, 100):
        before = world.membership()
        world.change_row()
        world.change_row()
        world.change_overrides()
        run_id = world.run("INCR")["run_id"]
        log += [(run_id, version, *event, world.now) for event in agreement.events(world, before)]
        if version >= 5 and len(log) > 40:
            break
    query = world.connection.execute
    at, live = world.membership(), world.live()
    alias = dict(query("select old_resolved_id, resolved_id from idr_out.identity_alias").fetchall())
    conflicts = query(
        "select * exclude (resolved_id, match_key), resolved_id from idr_out.identity_conflict"
        " order by action, entity_key, rule_id, identifier_type, match_key"
    ).fetchall()
    for x in sorted({*at, *at.values(), *alias}):
        limit = world.rng.choice([1, 2, 100])
        told = show(world.wh, x, limit=limit, show_values=True)
        resolved = at.get(x) or alias.get(x, x)
        assert (told["asked"], told["resolved_id"], told["entity_key"]) == (x, resolved, x if x in at else None)
        members = sorted(entity for entity in at if at[entity] == resolved)
        assert [tuple(row.values()) for row in told["members"]] == [
            (entity, source, live[entity]["upd"] if world.config.sources[source].watermark else None)
            for entity in members[:limit]
            for source in [entity.split(":")[0]]
        ]
        named = resolved or x
        mine = sorted((event for event in log if named in (event[3], event[5])), key=place)
        assert [tuple(row.values()) for row in told["events"]] == mine[-limit:]
        held = [row[:-1] for row in conflicts if row[-1] == resolved]
        assert [tuple(row.values()) for row in told["conflicts"]] == held[:limit]
        assert [row["old_resolved_id"] for row in told["aliases"]] == ([x] if x in alias else [])
        totals = {"members": len(members), "events": len(mine), "conflicts": len(held)}
        assert {name: told["totals"][name] for name in totals} == totals
        assert (told["cluster"] and told["cluster"]["cluster_size"]) == (len(members) or None)
        for table in ("profile", "provenance"):
            rows = query(
                f"select e, n from idr_out.golden_{table}_current where resolved_id = ?", [resolved]
            ).fetchall()
            assert [tuple(told[table].values())] == (rows or [()])
    world.connection.close()
