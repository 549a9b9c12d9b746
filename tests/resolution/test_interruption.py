"""A run that is cut off after any of its statements leaves what was published, and the next run just works."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from idr.model import Settings
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.resolution.shop import NOW, UNLIMITED, WATCHED, Shop


class Cut(BaseException):
    """The process is gone: what it would do on its way out does not reach the database either."""


class Line:
    """A real connection that is dead after `statements` statements."""

    def __init__(self, connection: Any, statements: int) -> None:
        self.connection = connection
        self.left = statements

    def execute(self, *arguments: Any) -> Any:
        if self.left == 0:
            raise Cut
        self.left -= 1
        return self.connection.execute(*arguments)


def run_cut_after(shop: Shop, statements: int, monkeypatch: pytest.MonkeyPatch) -> dict | None:
    """A run in a process of its own that ends after so many statements; None when it did not live to answer."""
    monkeypatch.setattr("idr.warehouse.duckdb._PROCESS_TOKEN", uuid.uuid4().hex)
    shop.now += timedelta(minutes=1)
    session = shop.connection.cursor()
    try:
        return run(DuckDBWarehouse(Line(session, statements)), "INCR", clock=lambda: shop.now)
    except Cut:
        return None
    finally:
        session.close()


@pytest.fixture
def shop() -> Shop:
    """A published cluster of two, and changes that a run will turn into another one."""
    shop = Shop(
        guardrails=UNLIMITED,
        settings=Settings(plan_ttl_minutes=10_000),
        sources=WATCHED,
    )
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.run("FULL")
    later = NOW + timedelta(seconds=30)
    shop.connection.execute("update shop.people set email = 'c@x.org', upd = ? where id = 2", [later])
    shop.connection.execute("delete from shop.people where id = 1")
    return shop


@pytest.mark.parametrize(
    ("planned", "step", "fewest"),
    [pytest.param(False, 7, 60, id="while it plans"), pytest.param(True, 1, 40, id="while it publishes a plan")],
)
def test_a_run_that_is_cut_off_leaves_before_or_after(
    shop: Shop, planned: bool, step: int, fewest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if planned:
        assert shop.run("INCR", dry_run=True)["status"] == "DRY_RUN_COMPLETE"
    before = shop.snapshot()
    for statements in count(step=step):
        result = run_cut_after(shop, statements, monkeypatch)
        if result is not None or shop.snapshot() != before:
            break
    assert statements > fewest
    after = shop.snapshot()
    assert shop.clusters() == [["shop:2", "shop:3"]]
    last = run_cut_after(shop, 10_000, monkeypatch)
    assert last is not None
    assert (last["status"], last["counts"]["new"], last["counts"]["moved"]) == ("SUCCESS", 0, 0)
    assert shop.snapshot() == after
    histories = shop.query("select status, error_code from idr_out.run_history where not is_dry_run group by 1, 2")
    assert set(histories) == {("SUCCESS", None), ("FAILED", "IDR-504")}
    assert shop.query("select holder from idr_meta.run_lock") == [(None,)]
    assert shop.tables("idr_work") == {}


@pytest.mark.parametrize(
    ("error", "code"), [(RuntimeError, "IDR-599"), (KeyboardInterrupt, "IDR-504"), (SystemExit, "IDR-504")]
)
def test_whatever_ends_a_run_is_in_the_history_and_goes_on_to_the_caller(error: type[BaseException], code: str) -> None:
    class Ending:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            if ".cluster_new_" in sql:
                raise error
            return self.connection.execute(sql, *values)

    shop = Shop(wrap=Ending)
    shop.add((1, "a@x.org", None, "a", NOW))
    with pytest.raises(error):
        shop.run("FULL")
    columns = "status, error_code, error_stage, split_part(error_message, ' ', 1)"
    told = ("FAILED", code, "membership", error.__name__)
    assert shop.query(f"select {columns} from idr_out.run_history") == [told]
    assert shop.clusters() == []


class Pressed:
    """A real connection on which somebody presses Ctrl+C as soon as a run has published."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.has_published = False

    def execute(self, sql: str, *arguments: Any) -> Any:
        done = self.connection.execute(sql, *arguments)
        self.has_published |= "UPDATE idr_meta.base_state" in sql
        if self.has_published and sql == "commit":
            self.has_published = False
            raise KeyboardInterrupt
        return done


def test_a_run_that_is_interrupted_after_it_published_is_told_as_what_it_is(shop: Shop) -> None:
    before = shop.clusters()
    shop.now += timedelta(minutes=1)
    with pytest.raises(KeyboardInterrupt):
        run(DuckDBWarehouse(Pressed(shop.connection)), "INCR", clock=lambda: shop.now)
    assert shop.clusters() != before
    last = "select status, error_code, version from idr_out.run_history order by started_at desc limit 1"
    assert shop.query(last) == [("SUCCESS", None, 2)]
    assert shop.query("select holder from idr_meta.run_lock") == [(None,)]
