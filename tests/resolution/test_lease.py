"""The lease of a run: renewed while it works, lost with a word, and never in the way of what failed to take it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import duckdb
import pytest

from idr.errors import IdrError
from idr.model import Settings
from idr.run import forget
from tests.resolution.shop import NOW, Shop

LOST = duckdb.ConnectionException("Connection Error: the connection is gone")


class Failing:
    """A real connection that fails at the statements which `at` picks."""

    def __init__(self, connection: Any, at: Callable[[str], bool]) -> None:
        self._connection, self._at = connection, at

    def execute(self, sql: str, *values: Any) -> Any:
        if self._at(sql):
            raise LOST
        return self._connection.execute(sql, *values)


def filled(at: Callable[[str], bool]) -> Shop:
    shop = Shop(wrap=lambda connection: Failing(connection, at), settings=Settings(lease_minutes=1))
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW))
    return shop


def test_a_long_run_renews_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stage lasts seven seconds, which is more than a tenth of the lease."""
    monkeypatch.setattr("idr.run.time.monotonic", count(step=7).__next__)
    shop = filled(lambda _: False)
    renewed = []

    def stage(name: str, rows: int, seconds: float) -> None:
        shop.now += shop.now.resolution
        renewed.append(shop.query("select expires_at from idr_meta.run_lock")[0][0])

    assert shop.run("FULL", progress=stage)["status"] == "SUCCESS"
    assert len(renewed) > 5
    assert renewed == sorted(set(renewed)), "later at each stage"


@pytest.mark.parametrize(("seconds", "is_each"), [(6.5, True), (6.0, False), (5.5, False)])
def test_a_lease_is_renewed_when_more_than_a_tenth_of_it_has_passed(
    monkeypatch: pytest.MonkeyPatch, seconds: float, is_each: bool
) -> None:
    """Of a lease of one minute, at each stage that long after the last one, or at every second stage."""
    passed = [0.0]
    monkeypatch.setattr("idr.run.time.monotonic", lambda: passed[0])
    shop = filled(lambda _: False)
    ends = []

    def stage(name: str, rows: int, spent: float) -> None:
        passed[0] += seconds
        shop.now += shop.now.resolution
        ends.append(shop.query("select expires_at from idr_meta.run_lock")[0][0])

    assert shop.run("FULL", progress=stage)["status"] == "SUCCESS"
    renewed = [before != after for before, after in pairwise(ends)]
    assert renewed == [is_each or at % 2 == 1 for at in range(len(renewed))]


def test_a_short_run_renews_its_lease_when_it_knows_how_long_it_lasts_and_when_it_publishes() -> None:
    sent: list[str] = []
    shop = filled(lambda sql: bool(sent.append(sql)))
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert sum("UPDATE idr_meta.run_lock SET expires_at" in sql for sql in sent) == 2


def test_until_the_configuration_is_read_a_lease_lasts_ten_minutes() -> None:
    ends = []

    def at(sql: str) -> bool:
        if "idr_meta.source_table" in sql and "SELECT" in sql:
            ends.extend(shop.query("select expires_at from idr_meta.run_lock"))
        return False

    shop = filled(at)
    ends.clear()
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert ends[0] == (shop.now + timedelta(minutes=10),)


def test_a_long_run_stops_at_the_next_stage_when_somebody_took_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idr.run.time.monotonic", count(step=7).__next__)
    shop = filled(lambda _: False)
    stages: list[str] = []

    def stage(name: str, rows: int, seconds: float) -> None:
        stages.append(name)
        if len(stages) == 2:
            shop.query("update idr_meta.run_lock set holder = 'somebody', token = token + 1")

    result = shop.run("FULL", progress=stage)
    assert (result["status"], result["error"]["code"], len(stages)) == ("FAILED", "IDR-405", 2)
    assert shop.clusters() == []


@pytest.mark.parametrize(("is_taken", "code"), [(True, "IDR-405"), (False, "IDR-501")])
def test_a_failure_is_told_as_the_loss_of_the_lease_where_somebody_took_it(is_taken: bool, code: str) -> None:
    """Whoever takes over drops the work tables: the statement that misses them is not what went wrong."""
    failed = []

    def at(sql: str) -> bool:
        if failed or "idr_work.cluster_new" not in sql:
            return False
        failed.append(sql)
        if is_taken:
            shop.query("update idr_meta.run_lock set holder = 'somebody', token = token + 1")
        return True

    shop = filled(at)
    result = shop.run("FULL")
    assert (result["status"], result["error"]["code"]) == ("FAILED", code)
    assert shop.query("select status, error_code from idr_out.run_history") == [("FAILED", code)]


def test_a_lease_that_cannot_be_taken_is_a_failure_that_leaves_nothing_behind() -> None:
    broken = [True]
    shop = filled(lambda sql: broken[0] and "UPDATE idr_meta.run_lock SET holder" in sql)
    result = shop.run("FULL")
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-501")
    assert shop.query("select status, error_code from idr_out.run_history") == [("FAILED", "IDR-501")]
    broken[0] = False
    assert shop.run("FULL")["status"] == "SUCCESS"


def test_a_connection_that_is_lost_while_a_run_plans_leaves_nothing_published() -> None:
    lost = [False]

    def at(sql: str) -> bool:
        lost[0] |= ".cluster_new_" in sql
        return lost[0]

    shop = filled(at)
    with pytest.raises(IdrError, match="the connection is gone"):
        shop.run("FULL")
    assert shop.clusters() == []
    assert shop.query("select status from idr_out.run_history") == [("RUNNING",)]


@pytest.mark.parametrize(
    ("reason", "done", "status", "code"),
    [
        ("Conflict on update!", False, "SKIPPED", "IDR-401"),  # somebody else claimed it at this moment
        ("the connection was reset", True, "SUCCESS", None),  # COMMIT was carried out, its reply lost
        ("the disk is full", False, "FAILED", "IDR-501"),
    ],
)
def test_a_claim_that_ends_in_an_error_is_held_only_when_it_was_committed(
    reason: str, done: bool, status: str, code: str | None
) -> None:
    begun, failed = [False], [False]

    class Claiming:
        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            begun[0] |= "idr_meta.run_lock SET token = token" in sql
            if sql != "commit" or not begun[0] or failed[0]:
                return self._connection.execute(sql, *values)
            failed[0] = True
            self._connection.execute("commit" if done else "rollback")
            raise duckdb.TransactionException(f"TransactionContext Error: {reason}")

    shop = Shop(wrap=Claiming)
    shop.add((1, "a@x.org", None, "a", NOW))
    result = shop.run("FULL")
    assert failed[0]
    assert (result["status"], (result["error"] or {}).get("code")) == (status, code)
    assert shop.run("FULL")["status"] == "SUCCESS"


def test_a_publication_whose_reply_is_lost_is_told_as_published() -> None:
    state = ["planning"]

    class Losing:
        def __init__(self, connection: Any) -> None:
            self._connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            answer = self._connection.execute(sql, *values)
            if "INSERT INTO idr_out.entity_current" in sql:
                state[0] = "publishing"
            if sql == "commit" and state[0] == "publishing":
                state[0] = "published"
                raise duckdb.ConnectionException("Connection Error: no reply")
            return answer

    shop = Shop(wrap=Losing)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW))
    result = shop.run("FULL")
    assert (state, result["status"], result["error"]) == (["published"], "SUCCESS", None)
    assert "the run ended as told, but then: IDR-501 commit: Connection Error: no reply" in result["warnings"][0]
    assert shop.clusters() == [["shop:1", "shop:2"]]
    assert shop.query("select status from idr_out.run_history") == [("SUCCESS",)]


def test_an_erasure_is_told_as_done_although_the_connection_was_lost_right_after_its_commit() -> None:
    seen: list[str] = []

    def at(sql: str) -> bool:
        word = sql.lower()
        if "erased" in seen and "committed" in seen:
            return True
        if "insert into idr_meta.tombstone (" in word:
            seen.append("erased")
        if "erased" in seen and word == "commit":
            seen.append("committed")
        return False

    shop = filled(at)
    shop.run("FULL")
    result = forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert (result["status"], result["error"]) == ("SUCCESS", None)
    assert any("the run ended as told, but then: IDR-501" in warning for warning in result["warnings"])
    assert shop.clusters() == [["shop:2"]]
