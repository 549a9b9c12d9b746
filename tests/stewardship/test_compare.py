"""How two states differ, and who was one at the time of a run."""

from __future__ import annotations

from itertools import permutations

import pytest

from idr.compare import compare, membership
from idr.errors import IdrError
from tests.resolution.histories import World
from tests.resolution.shop import NOW, UNLIMITED, WATCHED, Shop


@pytest.fixture
def shop() -> Shop:
    """1 and 2 share an e-mail, 3 and 4 a phone, 5 is alone."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (5, "e@x.org", None, "e", NOW))
    shop.add((3, None, "555", "c", NOW), (4, None, "555", "d", NOW))
    return shop


def change(shop: Shop) -> None:
    """1 and 2 part; 5 joins 3 and 4; 6 is new."""
    later = "upd = upd + interval 1 minute"
    shop.connection.execute(f"update shop.people set email = 'z@x.org', {later} where id = 2")
    shop.connection.execute(f"update shop.people set phone = '555', {later} where id = 5")
    shop.add((6, "f@x.org", None, "f", NOW))


def differences(result: dict) -> dict:
    return {
        "split": [(row["size"], row["parts"], row["first_key"]) for row in result["split"]],
        "merged": [(row["size"], row["parts"], row["first_key"]) for row in result["merged"]],
        "moved": [row["entity_key"] for row in result["moved"]],
        "only": (result["only_in_a"], result["only_in_b"]),
    }


CHANGED = {
    "split": [(2, 2, "shop:1")],
    "merged": [(3, 2, "shop:3")],
    "moved": ["shop:2", "shop:5"],
    "only": (0, 1),
}
REVERSED = {"split": CHANGED["merged"], "merged": CHANGED["split"], "moved": CHANGED["moved"], "only": (1, 0)}
NOTHING = {"split": [], "merged": [], "moved": [], "only": (0, 0)}


def test_published_runs_differ_by_what_happened_between_them(shop: Shop) -> None:
    first = shop.run("FULL")["run_id"]
    change(shop)
    second = shop.run()["run_id"]
    result = compare(shop.wh, first, second)
    assert differences(result) == CHANGED
    assert (result["clusters_a"], result["clusters_b"]) == (3, 4)
    assert differences(compare(shop.wh, second, first)) == REVERSED
    assert differences(compare(shop.wh, second, "current")) == NOTHING


def test_a_plan_is_compared_before_and_after_it_is_published(shop: Shop) -> None:
    shop.run("FULL")
    change(shop)
    planned = shop.run(dry_run=True)["run_id"]
    waiting = compare(shop.wh, "current", planned)
    assert (waiting["b"]["kind"], differences(waiting)) == ("plan", CHANGED)
    shop.run()
    past = compare(shop.wh, planned, "current")
    assert (past["a"]["kind"], differences(past)) == ("dry run", NOTHING)


def test_two_plans_are_compared(shop: Shop) -> None:
    shop.run("FULL")
    unchanged = shop.run("FULL", dry_run=True)["run_id"]
    change(shop)
    assert differences(compare(shop.wh, unchanged, shop.run("FULL", dry_run=True)["run_id"])) == CHANGED


def test_ten_examples_are_told_unless_another_number_is_asked_for() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"u{i // 2}@x.org", None, "x", NOW) for i in range(24)))
    first = shop.run("FULL")["run_id"]
    shop.query("update shop.people set email = null, upd = upd + interval 1 minute where id % 2 = 1")
    told = compare(shop.wh, first, shop.run()["run_id"])
    assert (len(told["moved"]), len(told["split"]), told["totals"]["split"]) == (10, 10, 12)


def test_examples_are_bounded_and_counted(shop: Shop) -> None:
    first = shop.run("FULL")["run_id"]
    change(shop)
    result = compare(shop.wh, first, shop.run()["run_id"], limit=1)
    assert (len(result["moved"]), result["totals"]) == (1, {"split": 1, "merged": 1, "moved": 2})


Ids = dict[str, str]


def split(a: Ids, b: Ids) -> list[tuple[str, int, int, str, str]]:
    """Of each identity of the first that is several in the second: records, parts, first and last key."""
    both: dict[str, list[str]] = {}
    for entity in sorted(a.keys() & b.keys()):
        both.setdefault(a[entity], []).append(entity)
    parts = {resolved: len({b[entity] for entity in entities}) for resolved, entities in both.items()}
    found = [(-len(entities), name, parts[name], entities[0], entities[-1]) for name, entities in both.items()]
    return [(name, -size, number, first, last) for size, name, number, first, last in sorted(found) if number > 1]


def assert_compares(world: World, run_a: str, run_b: str, a: Ids, b: Ids, limit: int) -> None:
    told = compare(world.wh, run_a, run_b, limit=limit)
    moved = [(entity, a[entity], b[entity]) for entity in sorted(a.keys() & b.keys()) if a[entity] != b[entity]]
    lists = {"split": split(a, b), "merged": split(b, a), "moved": moved}
    assert {name: [tuple(row.values()) for row in told[name]] for name in lists} == {
        name: rows[:limit] for name, rows in lists.items()
    }
    assert told["totals"] == {name: len(rows) for name, rows in lists.items()}
    numbers = {"entities_a": len(a), "entities_b": len(b), "only_in_a": len(a.keys() - b.keys())}
    numbers |= {"only_in_b": len(b.keys() - a.keys())}
    numbers |= {"clusters_a": len({*a.values()}), "clusters_b": len({*b.values()})}
    assert {name: told[name] for name in numbers} == numbers


def test_the_largest_that_fell_apart_are_told_first_and_as_many_as_asked_for() -> None:
    """A record that only one side has is no part of any."""
    shop = Shop(guardrails=UNLIMITED, sources=WATCHED)
    values = {1: "a", 2: "a", 3: "b", 4: "b", 5: "c", 6: "c", 7: "c", 8: "d", 9: "d", 10: "d"}
    shop.add(*((key, f"{value}@x.org", None, "x", NOW) for key, value in values.items()))
    first, before = shop.run("FULL")["run_id"], shop.ids()
    shop.query("delete from shop.people where id = 10")
    shop.query("update shop.people set email = null, upd = upd + interval 1 minute where id in (2, 4, 7, 9)")
    second, after = shop.run()["run_id"], shop.ids()
    fell = split(before, after)
    assert [row[1] for row in fell] == [3, 2, 2, 2]
    for limit in (2, 10):
        told = compare(shop.wh, first, second, limit=limit)
        assert [tuple(row.values()) for row in told["split"]] == fell[:limit]
        assert [row["entity_key"] for row in told["moved"]] == ["shop:2", "shop:4", "shop:7", "shop:9"][:limit]
        assert told["totals"] == {"split": 4, "merged": 0, "moved": 4}


def test_what_a_dry_run_planned_is_told_the_same_when_its_plan_is_gone() -> None:
    """Of records that moved and left before it, and of those that it would move, add and remove."""
    shop = Shop(guardrails=UNLIMITED, sources=WATCHED)

    def take(key: int, email: int) -> None:
        shop.query(
            "update shop.people set email = ? || '@x.org', upd = upd + interval 1 minute where id = ?", email, key
        )

    shop.add(*((key, f"{key}@x.org", None, "x", NOW) for key in range(1, 8)))
    shop.run("FULL")
    take(2, 1)
    shop.query("delete from shop.people where id = 7")
    shop.run()
    take(4, 3)
    shop.query("delete from shop.people where id = 5")
    shop.add((8, "8@x.org", None, "x", shop.now))
    planned = shop.run(dry_run=True)["run_id"]
    told = [*membership(shop.wh, planned)]
    shop.run()
    assert [tuple(row.values()) for row in told] == sorted(shop.ids().items())
    assert shop.clusters() == [["shop:1", "shop:2"], ["shop:3", "shop:4"], ["shop:6"], ["shop:8"]]
    take(1, 6)
    shop.run()
    assert [*membership(shop.wh, planned)] == told


def test_a_membership_is_read_in_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = shop.run("FULL")["run_id"]
    monkeypatch.setattr("idr.compare._PAGE", 2)
    query, sizes = shop.wh.query, []

    def counted(sql: str, binds: dict | None = None) -> list[dict]:
        rows = query(sql, binds)
        sizes.append(len(rows))
        return rows

    monkeypatch.setattr(shop.wh, "query", counted)
    assert [row["entity_key"] for row in membership(shop.wh, run)] == sorted(shop.ids())
    assert sizes[-3:] == [2, 2, 1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_two_states_differ_by_what_their_memberships_tell(seed: int) -> None:
    """Published runs, previews whose plan is gone, a plan that waits, and what is current."""
    world = World(seed)
    states: dict[str, Ids] = {}
    for _ in range(4):
        world.step()
        planned = world.run("INCR", dry_run=True)["run_id"]
        published = world.run("INCR")["run_id"]
        states[published] = states[planned] = world.membership()
    states = {
        run: {entity: at for entity, at in state.items() if entity not in world.forgotten}
        for run, state in states.items()
    }
    states["current"] = world.membership()
    for _ in range(6):
        world.change_row()
    waiting = world.run("INCR", dry_run=True)["run_id"]
    changes = world.connection.execute(
        "select entity_key, proposed_resolved_id from idr_out.dry_run_results where run_id = ?", [waiting]
    ).fetchall()
    states[waiting] = {entity: to for entity, to in (states["current"] | dict(changes)).items() if to}
    pairs = [*permutations(states, 2)]
    for a, b in world.rng.sample(pairs, 24):
        assert_compares(world, a, b, states[a], states[b], world.rng.choice([1, 2, 50]))
    for run, state in states.items():
        rows = [(row["entity_key"], row["resolved_id"]) for row in membership(world.wh, run)]
        assert rows == sorted(state.items())
    world.connection.close()


@pytest.mark.slow
def test_membership_as_of_a_run_is_what_it_published(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idr.compare._PAGE", 3)
    for seed in range(4):
        world = World(seed)
        published: dict[str, dict[str, str]] = {}
        for _ in range(4):
            world.step()
            run_id = world.run("INCR")["run_id"]
            published[run_id] = world.membership()
        for run_id, was in published.items():
            rows = list(membership(world.wh, run_id))
            told = {row["entity_key"]: row["resolved_id"] for row in rows}
            assert told == {key: at for key, at in was.items() if key not in world.forgotten}
            assert [row["entity_key"] for row in rows] == sorted(told)
        world.connection.close()


def test_a_run_that_published_and_planned_nothing_is_idr_413(shop: Shop) -> None:
    shop.add((None, "a@x.org", None, "x", NOW))
    failed = shop.run("FULL")["run_id"]
    for run in (failed, "nothing"):
        with pytest.raises(IdrError) as caught:
            compare(shop.wh, run, "current")
        assert caught.value.code == "IDR-413"
