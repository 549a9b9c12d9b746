"""Who was one identity when a run published it."""

from __future__ import annotations

import pytest

from idr.errors import IdrError
from idr.past import show_as_of
from idr.run import forget
from tests.resolution.histories import World
from tests.resolution.shop import NOW, UNLIMITED, Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    return shop


def join(shop: Shop) -> None:
    """3 takes the e-mail of 1 and 2."""
    shop.connection.execute("update shop.people set email = 'a@x.org', upd = upd + interval 1 minute where id = 3")


def members(shop: Shop, x: str, run: str, **options: int) -> list[str]:
    return [row["entity_key"] for row in show_as_of(shop.wh, x, run, **options)["members"]]


def current(shop: Shop) -> dict[str, str]:
    return dict(shop.query("select entity_key, resolved_id from idr_out.identity_resolved_membership_current"))


def test_fifty_members_are_told_unless_another_number_is_asked_for() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((number, "a@x.org", None, "a", NOW) for number in range(52)))
    run = shop.run("FULL")["run_id"]
    told = show_as_of(shop.wh, "shop:1", run)
    assert (len(told["members"]), told["totals"]) == (50, {"members": 52})
    assert [row["entity_key"] for row in told["members"]] == sorted(current(shop))[:50]
    assert len(members(shop, "shop:1", run, limit=51)) == 51


def test_an_id_is_what_it_was_and_leads_to_what_it_became(shop: Shop) -> None:
    first = shop.run("FULL")["run_id"]
    before = current(shop)
    join(shop)
    second = shop.run()["run_id"]
    after = current(shop)
    merged = ({before["shop:1"], before["shop:3"]} - set(after.values())).pop()
    for x in ("shop:3", before["shop:3"]):
        past = show_as_of(shop.wh, x, first)
        assert (past["kind"], past["resolved_id"], past["totals"]) == ("published", before["shop:3"], {"members": 1})
        assert past["members"] == [{"entity_key": "shop:3", "resolved_id_now": after["shop:3"]}]
    for run in (second, "current"):
        for x in ("shop:3", merged, after["shop:1"]):
            assert members(shop, x, run) == ["shop:1", "shop:2", "shop:3"]
    assert members(shop, "shop:1", second, limit=2) == ["shop:1", "shop:2"]
    assert show_as_of(shop.wh, "shop:1", second, limit=2)["totals"] == {"members": 3}


@pytest.mark.parametrize("alone", [3, 4, 5])
def test_an_id_that_fell_apart_and_ended_leads_to_where_most_of_its_records_went(alone: int) -> None:
    """Of 3, 4 and 5, which were one, two join the older identity of 1, and the third that of 2."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "b@x.org", None, "b", NOW))
    shop.run("FULL")
    shop.add(*((key, "c@x.org", None, "c", shop.now) for key in (3, 4, 5)))
    shop.run()
    ended = current(shop)["shop:3"]
    shop.query("update shop.people set email = case id when ? then 'b@x.org' else 'a@x.org' end where id > 2", alone)
    run = shop.run("FULL")["run_id"]
    assert members(shop, "shop:2", run) == ["shop:2", f"shop:{alone}"]
    for as_of in (run, "current"):
        assert members(shop, ended, as_of) == ["shop:1", *(f"shop:{key}" for key in (3, 4, 5) if key != alone)]


def test_a_plan_shows_the_identity_to_be(shop: Shop) -> None:
    shop.run("FULL")
    join(shop)
    planned = shop.run(dry_run=True)["run_id"]
    assert members(shop, "shop:3", planned) == ["shop:1", "shop:2", "shop:3"]
    assert members(shop, "shop:3", "current") == ["shop:3"]


def test_a_record_that_came_later_was_nobody(shop: Shop) -> None:
    first = shop.run("FULL")["run_id"]
    shop.add((4, "d@x.org", None, "d", shop.now))
    shop.run()
    past = show_as_of(shop.wh, "shop:4", first)
    assert (past["resolved_id"], past["members"]) == (None, [])
    began = current(shop)["shop:4"]
    assert show_as_of(shop.wh, began, first)["resolved_id"] is None
    shop.query("update shop.people set email = 'a@x.org', upd = upd + interval 1 minute where id = 4")
    shop.run()
    assert current(shop)["shop:4"] == current(shop)["shop:1"] != began
    assert show_as_of(shop.wh, began, first)["resolved_id"] is None


def test_unknown_and_erased_names_and_runs_are_told_apart(shop: Shop) -> None:
    first = shop.run("FULL")["run_id"]
    forget(shop.wh, "shop:2", clock=lambda: shop.now)
    assert members(shop, "shop:1", first) == ["shop:1"]
    for x, run, code in (("shop:9", first, "IDR-407"), ("shop:2", first, "IDR-412"), ("shop:1", "no_run", "IDR-413")):
        with pytest.raises(IdrError) as caught:
            show_as_of(shop.wh, x, run)
        assert caught.value.code == code


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_whoever_is_asked_for_was_whom_the_run_published(seed: int) -> None:
    world = World(seed)
    published: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    for _ in range(5):
        world.step()
        run_id = world.run("INCR")["run_id"]
        aliases = world.connection.execute("select old_resolved_id, resolved_id from idr_out.identity_alias").fetchall()
        published[run_id] = world.membership(), dict(aliases)
    now = world.membership()
    names = sorted({name for was, _ in published.values() for name in (*was, *was.values())} - world.forgotten)
    for run, (was, alias) in published.items():
        for x in world.rng.sample(names, min(12, len(names))):
            limit = world.rng.choice([1, 2, 50])
            resolved = was.get(x) or alias.get(x, x)
            found = sorted(entity for entity in was.keys() - world.forgotten if was[entity] == resolved)
            told = show_as_of(world.wh, x, run, limit=limit)
            assert told["resolved_id"] == (resolved if found else None)
            assert told["members"] == [{"entity_key": e, "resolved_id_now": now.get(e)} for e in found[:limit]]
            assert told["totals"] == {"members": len(found)}
    world.connection.close()


@pytest.mark.slow
def test_the_membership_history_in_sql_is_what_each_run_published() -> None:
    for seed in range(4):
        world = World(seed)
        published: dict[int, dict[str, str]] = {}
        for _ in range(4):
            world.step()
            world.run("INCR")
            [(version,)] = world.connection.execute("select base_version from idr_meta.base_state").fetchall()
            published[version] = world.membership()
        assert any(published.values())
        for version, was in published.items():
            rows = world.connection.execute(
                "select entity_key, resolved_id from idr_out.identity_membership_history"
                " where from_version <= ? and (to_version is null or to_version > ?)",
                [version, version],
            ).fetchall()
            assert len(rows) == len(dict(rows))
            assert dict(rows) == {key: at for key, at in was.items() if key not in world.forgotten}
        world.connection.close()


def test_the_membership_history_in_sql_tells_who_moved_who_left_and_who_came_back(shop: Shop) -> None:
    published: dict[int, dict[str, str]] = {}

    def publish() -> None:
        shop.run("FULL")
        [(version,)] = shop.query("select base_version from idr_meta.base_state")
        published[version] = current(shop)

    publish()
    shop.query("update shop.people set email = 'c@x.org' where id = 2")
    publish()
    shop.query("delete from shop.people where id = 3")
    publish()
    shop.add((3, "a@x.org", None, "c", NOW))
    publish()
    for version, was in published.items():
        rows = shop.query(
            "select entity_key, resolved_id from idr_out.identity_membership_history"
            " where from_version <= ? and (to_version is null or to_version > ?) order by 1",
            version,
            version,
        )
        assert rows == sorted(was.items())
