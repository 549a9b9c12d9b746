"""Clocks that go wrong, and rows that arrive during a run: no row is lost for longer than is documented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from idr.model import Config, Source
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.reliability.dying import Counted
from tests.reliability.scene import disagreements
from tests.reliability.tally import LONG, count
from tests.resolution.shop import NOW, SHOP, UNLIMITED, Shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
MINUTE = timedelta(minutes=1)
FAR = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - the tables hold timestamps without a zone


def shop(**changes: Any) -> Shop:
    return Shop(guardrails=UNLIMITED, sources={"shop": replace(SHOP, **changes)})


def judged(part: str, *checks: tuple[str, bool]) -> None:
    """Count the checks, and fail with those that do not hold."""
    wrong = [name for name, holds in checks if not holds]
    count("hostile data", part, tried=len(checks), wrong=len(wrong))
    assert wrong == []


def pairs(world: Shop) -> set[frozenset[str]]:
    """The identities of more than one record."""
    return {frozenset(part) for part in world.clusters() if len(part) > 1}


def of(*keys: int) -> frozenset[str]:
    return frozenset(f"shop:{key}" for key in keys)


def test_a_clock_that_goes_back() -> None:
    """A row behind the watermark is found within the lookback, and by FULL; never later than that."""
    world = shop(lookback_minutes=10)
    world.add((1, "a@x.org", None, "x", NOW))
    world.run("FULL")
    world.add((2, "a@x.org", None, "x", NOW - 9 * MINUTE), (3, "a@x.org", None, "x", NOW - 11 * MINUTE))
    world.run()
    within = pairs(world)
    world.run("FULL")
    judged(
        "clocks", ("found within the lookback", within == {of(1, 2)}), ("found by FULL", pairs(world) == {of(1, 2, 3)})
    )


def test_a_row_changed_with_an_older_time() -> None:
    """An update that sets the clock back within the lookback is taken; ties with the watermark are read again."""
    world = shop(lookback_minutes=10)
    world.add((1, "a@x.org", None, "x", NOW), (2, "b@x.org", None, "x", NOW))
    world.run("FULL")
    world.query("update shop.people set email = 'a@x.org', upd = ? where id = 2", NOW - 5 * MINUTE)
    world.run()
    back = pairs(world)
    world.add((3, "a@x.org", None, "x", NOW))
    world.run()
    judged("clocks", ("set back", back == {of(1, 2)}), ("a tie", pairs(world) == {of(1, 2, 3)}))


def test_a_far_future_swallows_nothing() -> None:
    """A row of the year 9999 is used and told; what comes after it with an ordinary time is read all the same."""
    world = shop()
    world.add((1, "a@x.org", None, "x", FAR), (2, "b@x.org", None, "x", NOW))
    first = world.run("FULL")
    world.add((3, "a@x.org", None, "x", NOW + MINUTE), (4, "b@x.org", None, "x", NOW + MINUTE))
    second = world.run()
    world.query("update shop.people set email = 'b@x.org' where id = 1")
    third = world.run()
    judged(
        "clocks",
        ("told", all("IDR-203" in str(result["warnings"]) for result in (first, second, third))),
        ("one identity in the end", pairs(world) == {of(1, 2, 4)}),
        ("tables agree", disagreements(world.connection) == []),
    )


@pytest.mark.parametrize("clock", ["infinity", "-infinity", "290000-01-01", "0001-01-01", "1969-12-31 23:59:59.999999"])
def test_the_ends_of_time(clock: str) -> None:
    """The first and the last moments that a column takes are values like others, or the run says why not."""
    world = shop()
    world.query(
        f"insert into shop.people values (1, 'a@x.org', null, 'x', '{clock}'), (2, 'b@x.org', null, 'x', '{NOW}')"
    )
    first = world.run("FULL")
    world.add((3, "a@x.org", None, "x", NOW + MINUTE))
    second = world.run()
    told = [result["status"] for result in (first, second)]
    is_refused = all(result["status"] == "FAILED" and "IDR-5" not in str(result["error"]) for result in (first, second))
    is_done = all(status.startswith("SUCCESS") for status in told) and pairs(world) == {of(1, 3)}
    judged("clocks", (f"{clock}: {told}, {first.get('error')}", is_refused or is_done))


def test_rows_without_a_time_are_read_each_time() -> None:
    world = shop()
    world.add((1, "a@x.org", None, "x", None), (2, "b@x.org", None, "x", NOW))
    world.run("FULL")
    world.query("update shop.people set email = 'b@x.org' where id = 1")
    world.run()
    changed = pairs(world)
    world.add((3, "b@x.org", None, "x", None))
    world.run()
    judged("clocks", ("changed", changed == {of(1, 2)}), ("new", pairs(world) == {of(1, 2, 3)}))


ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati")


@pytest.mark.parametrize("zone", ZONES)
def test_times_with_a_zone(zone: str) -> None:
    """Moments count, not how they are written: also around the hour that a clock shows twice."""
    world = shop(table="shop.zoned")
    world.connection.execute(f"set TimeZone = '{zone}'")
    world.connection.execute(
        "create table shop.zoned (id bigint, email varchar, phone varchar, name varchar, upd timestamptz)"
    )
    add = "insert into shop.zoned values (?, ?, null, 'x', ?::timestamptz)"
    world.query(add, 1, "a@x.org", "2023-11-05 01:30:00-04:00")
    world.run("FULL")
    world.query(add, 2, "a@x.org", "2023-11-05 01:10:00-05:00")  # forty minutes later, and twenty earlier on the wall
    world.connection.execute("set TimeZone = 'Asia/Tokyo'")
    world.run()
    later = pairs(world)
    world.query(add, 3, "a@x.org", "2023-11-05 06:05:00+00:00")  # five minutes before that
    world.run()
    earlier = pairs(world)
    world.run("FULL")
    kept = world.query("select record_ts from idr_out.entity_current where entity_key = 'shop:2'")
    judged(
        "time zones",
        ("a later moment is read", later == {of(1, 2)}),
        ("an earlier one is not", earlier == {of(1, 2)}),
        ("FULL reads all", pairs(world) == {of(1, 2, 3)}),
        ("in UTC", kept == [(datetime(2023, 11, 5, 6, 10),)]),  # noqa: DTZ001
    )


def test_times_as_text_are_refused_until_they_are_cast() -> None:
    """A watermark of text has no order: IDR-114; cast with try_cast, what is no time is read each time."""
    world = shop()
    world.connection.execute("alter table shop.people alter upd type varchar")
    refused = world.run("FULL")
    world.apply(Config(**{**_parts(world.config), "sources": {"shop": _cast(SHOP)}}))
    for row in ((1, "a@x.org", "2024-06-01 00:00:00"), (2, "b@x.org", "yesterday"), (3, "c@x.org", "0000-00-00")):
        world.query("insert into shop.people values (?, ?, null, 'x', ?)", *row)
    world.run("FULL")
    world.query("update shop.people set email = 'a@x.org' where id in (2, 3)")
    world.run()
    judged(
        "clocks",
        ("refused", refused["error"]["code"] == "IDR-114"),
        ("cast", pairs(world) == {of(1, 2, 3)}),
    )


def _cast(source: Source) -> Source:
    return replace(source, watermark="try_cast(upd as timestamp_ntz)")


def _parts(config: Config) -> dict[str, Any]:
    return {"identifiers": config.identifiers, "rules": config.rules, "survivorship": {}, "guardrails": UNLIMITED}


Arrival = Callable[[duckdb.DuckDBPyConnection, datetime], None]


def _new(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    connection.execute("insert into shop.people values (9, 'a@x.org', null, 'late', ?)", [at])


def _tie(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    connection.execute("insert into shop.people select 9, 'a@x.org', null, 'late', max(upd) from shop.people")


def _changed(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    connection.execute("update shop.people set email = 'a@x.org', upd = ? where id = 2", [at])


def _undated(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    connection.execute("insert into shop.people values (9, 'a@x.org', null, 'late', null)")


@pytest.mark.parametrize("arrival", [_new, _tie, _changed, _undated], ids=lambda one: one.__name__.strip("_"))
@pytest.mark.parametrize("mode", ["FULL", "INCR"])
def test_a_row_that_arrives_during_a_run(mode: str, arrival: Arrival) -> None:
    """Before each statement of a run another connection writes: the row is in this run, or in the next one."""
    wrong, tried, point, statements = [], 0, 0, 1
    while point < statements:
        world = shop()
        world.add((1, "a@x.org", None, "x", NOW), (2, "b@x.org", None, "x", NOW), (3, "c@x.org", None, "x", NOW))
        world.run("FULL")
        world.add((4, "c@x.org", None, "x", NOW + MINUTE))
        statements = _run_with_arrival(world, mode, point, arrival)
        torn = disagreements(world.connection)
        world.run()
        late = 2 if arrival is _changed else 9
        if pairs(world) != {of(1, late), of(3, 4)} or torn or disagreements(world.connection):
            wrong.append(f"before statement {point}: {pairs(world)}, {torn}")
        again = world.run("FULL")["counts"]
        wrong += [f"statement {point}, FULL: {again[name]} {name}" for name in ("moved", "new") if again[name]]
        world.connection.close()
        tried += 1
        point += 1 if LONG else 61
    count("hostile data", "rows that arrive during a run", tried=tried, wrong=len(wrong))
    assert wrong == []
    assert statements > 40


def _run_with_arrival(world: Shop, mode: str, point: int, arrival: Arrival) -> int:
    """A run during which a row arrives from another connection before one statement; how many statements it had."""
    seen = 0

    def before(number: int, _: str) -> None:
        nonlocal seen
        seen = number
        if number == point:
            with world.connection.cursor() as other:
                arrival(other, world.now - timedelta(seconds=1))

    world.now += MINUTE * 2
    done = run(DuckDBWarehouse(Counted(world.connection, before)), mode, clock=lambda: world.now)
    assert done["status"].startswith("SUCCESS"), done
    return seen + 1
