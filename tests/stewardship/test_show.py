"""What is told of one identity is what random histories made of it."""

from __future__ import annotations

import random
from itertools import product

import pytest

from idr.model import Rule
from idr.show import show
from tests.resolution import agreement
from tests.resolution.histories import World
from tests.resolution.shop import NOW, UNLIMITED, Shop

Event = tuple[str, int, str, str, str, str, str, object]


def place(event: Event) -> tuple:
    """Where an event stands in what is told: by version, then kind, record and id."""
    _, version, kind, resolved, entity, *_ = event
    return version, kind, entity is not None, entity or "", resolved


def test_a_page_is_the_beginning_of_the_whole_conflicts_and_the_end_of_the_log() -> None:
    """By every column of the order in which docs and docstrings promise them."""
    shop = Shop()
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    resolved = shop.ids()["shop:1"]
    shop.query("delete from idr_out.identity_event")
    conflicts = [*product(("CUT", "HOLD"), ("shop:1", "shop:2"), ("email", "phone"), ("name", "tel"), (1, 2))]
    events = [*product((1, 2), ("JOINED", "LEFT"), ("shop:1", "shop:2"), (resolved, "another"))]
    for row in random.Random(7).sample(conflicts, len(conflicts)):
        columns = "action, entity_key, rule_id, identifier_type, match_key, distinct_values, resolved_id"
        shop.query(
            f"insert into idr_out.identity_conflict ({columns}) values (?, ?, ?, ?, ?, ?, ?)", *row, row[4], resolved
        )
    for row in random.Random(7).sample(events, len(events)):
        columns = "version, event_type, entity_key, resolved_id, other_resolved_id"
        shop.query(f"insert into idr_out.identity_event ({columns}) values (?, ?, ?, ?, ?)", *row, resolved)
    for limit in (1, 3, 5, 9, 15, 100):
        told = show(shop.wh, "shop:1", limit=limit)
        names = ("action", "entity_key", "rule_id", "identifier_type", "distinct_values")
        page = [tuple(row[name] for name in names) for row in told["conflicts"]]
        assert [row[:4] for row in page] == [row[:4] for row in conflicts[:limit]]
        assert sorted(page) == conflicts[:limit]
        names = ("version", "event_type", "entity_key", "resolved_id")
        assert [tuple(row[name] for name in names) for row in told["events"]] == sorted(events)[-limit:]
        assert (told["totals"]["conflicts"], told["totals"]["events"]) == (len(conflicts), len(events))


def test_fifty_rows_are_told_unless_another_number_is_asked_for() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(52)))
    shop.run("FULL")
    told = show(shop.wh, "shop:1")
    assert (len(told["members"]), len(told["events"]), len(told["weakest"])) == (50, 50, 50)
    assert (told["totals"]["members"], told["totals"]["weakest"]) == (52, 52)
    assert told["weakest"][0] == {"entity_key": "shop:0", "rule_id": "email", "members": 1, "apart": ["shop:0"]}
    assert told["links"] == [
        {
            "rule_id": "email",
            "values": {"email": "a*****g"},
            "members": 52,
            "sample": sorted(row["entity_key"] for row in told["members"])[:10],
        }
    ]


def test_links_are_told_by_the_priority_of_their_rules_then_the_rarer_value_first_and_the_weakest_the_other_way() -> (
    None
):
    rules = {"phone": Rule("phone", ("phone",), 2), "email": Rule("email", ("email",), 1)}
    shop = Shop(guardrails=UNLIMITED, rules=rules)
    shop.add((1, "a@x.org", None, "x", NOW), (2, "a@x.org", None, "x", NOW), (3, "a@x.org", "55", "x", NOW))
    shop.add((4, None, "55", "x", NOW), (5, "b@x.org", "55", "x", NOW), (6, "b@x.org", "66", "x", NOW))
    shop.add((7, None, "66", "x", NOW))
    shop.run("FULL")
    told = show(shop.wh, "shop:1")
    order = [(row["rule_id"], row["members"]) for row in told["links"]]
    assert order == [("email", 2), ("email", 3), ("phone", 2), ("phone", 3)]
    assert [row["rule_id"] for row in told["weakest"]] == ["phone"] * 4 + ["email"] * 4
    assert [row["entity_key"] for row in told["weakest"]][:4] == ["shop:3", "shop:4", "shop:5", "shop:6"]


def test_a_retired_id_is_told_with_its_aliases_and_its_own_events() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "x", NOW), (2, "b@x.org", None, "x", NOW))
    shop.run("FULL")
    was = shop.ids()
    shop.query("delete from shop.people where id = 1")
    shop.run("FULL")
    told = show(shop.wh, was["shop:1"])
    assert (told["resolved_id"], told["cluster"], told["members"]) == (None, None, [])
    assert [row["event_type"] for row in told["events"]] == ["CREATED", "JOINED", "LEFT", "RETIRED"]
    assert {row["resolved_id"] for row in told["events"]} == {was["shop:1"]}
    assert told["totals"] == {"members": 0, "events": 4, "conflicts": 0, "links": 0, "weakest": 0}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
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
