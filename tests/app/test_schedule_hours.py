"""Weeks of hourly starts on a virtual clock, and what may happen between the two steps of the graph."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from idr.model import Guardrails
from tests.app.hours import CLEANUP, DRY, LIVE, REPORT, WEEKLY, WEEKLY_DRY, Hours

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = {"cron": "0 * * * *", "time_zone": "Europe/Berlin", "weekly_full": "30 2 * * SUN", "suspend_after_failures": 0}
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)


EVENTS: dict[int, Callable[[Hours], object]] = {
    30: lambda hours: hours.add(*["poison@x.org"] * 7),
    50: lambda hours: hours.shop.add((None, "x@x.org", None, "a row without a key", hours.now())),
    51: lambda hours: hours.shop.query("delete from shop.people where id is null"),
    70: lambda hours: hours.kill(LIVE, 40),
    90: lambda hours: hours.kill(DRY, 40),
    110: lambda hours: hours.define(HOURLY | {"timeout_minutes": 50}),
    130: lambda hours: hours.kill(LIVE, 12),  # before it has read its configuration: the first lease is short
}
OUTCOMES = {
    30: "HELD",
    31: "HELD",
    32: "HELD",
    50: "FAILED",
    70: "KILLED",
    71: "SKIPPED",
    90: "KILLED",
    91: "SKIPPED",
    130: "KILLED",
}


def arrive(hours: Hours, number: int) -> None:
    """Every fifth hour somebody new, every seventh a second record of somebody known."""
    if number % 5 == 0:
        hours.add(f"person{number}@x.org")
    if number % 7 == 0:
        hours.add(f"PERSON{number - number % 5}@x.org")


def live_through(hours: Hours, number: int) -> str:
    """One hour, and the outcome that its start must have: what the gate held, what failed and what was killed is not
    published, and the lease of a killed run ends within the next hour.
    """
    outcome = OUTCOMES.get(number, "PUBLISHED")
    before = hours.partition()
    arrive(hours, number)
    EVENTS.get(number, lambda _: None)(hours)
    hours.later(hours=1)
    assert hours.partition() == (hours.oracle() if outcome == "PUBLISHED" else before), number
    return outcome


def approve_latest(hours: Hours) -> None:
    [(latest,)] = hours.shop.query("select max(run_id) from idr_out.plan where status = 'HELD'")
    hours.shop.now = hours.now()
    assert hours.shop.approve(latest)["status"] == "SUCCESS"
    assert hours.partition() == hours.oracle()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("monday", "count", "weekly"),
    [(datetime(2026, 3, 23, tzinfo=BERLIN), 167, 0), (datetime(2026, 10, 19, tzinfo=BERLIN), 169, 2)],
)
def test_an_hourly_week_across_a_change_of_the_clock(monday: datetime, count: int, weekly: int) -> None:
    """In spring Sunday has no 02:30, in autumn two of them."""
    if count == 167 and os.environ.get("IDR_LONG") != "1":
        pytest.skip("the week of spring is tried by ./scripts/test --long")
    hours = Hours(HOURLY, monday - timedelta(seconds=1))
    expected: list[str] = []
    for number in range(count):
        expected.append(live_through(hours, number))
        if number == 32:
            approve_latest(hours)

    assert hours.clock.now() == monday + timedelta(days=7) - timedelta(seconds=1)
    assert hours.explained() == expected
    assert hours.explained(WEEKLY_DRY) == ["PUBLISHED"] * weekly
    assert [row.state for row in hours.rows(CLEANUP)] == ["SUCCEEDED"] * 7
    assert {row.state for row in hours.rows(REPORT)} == {"SUCCEEDED"}
    words = Counter(expected)
    published = words["PUBLISHED"] + weekly
    runs = Counter(status for (status,) in hours.shop.query("select status from idr_out.run_history"))
    assert runs == {
        "DRY_RUN_COMPLETE": published + 2,  # those of the live runs that were killed
        "SUCCESS": published + 1,  # the approval
        "HELD": 3,
        "FAILED": 4,
        "SKIPPED": 2,
    }
    alerts = Counter(kind for (kind,) in hours.shop.query("select kind from idr_out.alert"))
    assert alerts == {"HELD": 3, "FAILED": 4}
    assert hours.shop.query("select count(*) from idr_out.alerts where is_open") == [(0,)]


def hourly(**options: object) -> Hours:
    hours = Hours({"weekly_full": False, **options}, MONDAY)
    hours.add("ann@x.org", "Ann@x.org", "bob@x.org")
    return hours


def states(hours: Hours, task: str) -> list[str]:
    return [row.state for row in hours.rows(task)]


def test_a_configuration_that_changes_between_the_two_steps_is_judged_anew() -> None:
    hours = hourly()
    strict = replace(hours.shop.config, guardrails=Guardrails(max_cluster_size=1, max_moved_ratio=None))
    hours.before[LIVE] = lambda: hours.shop.apply(strict)
    hours.later(hours=1, minutes=1)
    assert (states(hours, DRY), states(hours, LIVE)) == (["SUCCEEDED"], ["SUCCEEDED"])
    assert (hours.rows(DRY)[0].return_value, hours.rows(LIVE)[0].return_value) == ("PASS", "HELD")
    assert hours.partition() == set()
    [(message,)] = hours.shop.query("select message from idr_out.run_history where status = 'HELD'")
    assert "was not used: the configuration or a column's type changed since" in message
    assert hours.shop.query("select kind, is_open from idr_out.alerts") == [("HELD", True)]
    [start] = hours.starts()
    assert start["outcome"] == "HELD"


def test_a_publication_between_the_two_steps_is_planned_anew() -> None:
    hours = hourly()

    def publish() -> None:
        hours.shop.now = hours.now()
        hours.add("late@x.org")
        assert hours.shop.run("FULL")["status"] == "SUCCESS"

    hours.before[LIVE] = publish
    hours.later(hours=1, minutes=1)
    assert hours.partition() == hours.oracle()
    [(message,)] = hours.shop.query(
        "select message from idr_out.run_overview where task_name = 'IDR_LIVE_RUN_TASK' and status = 'SUCCESS'"
    )
    assert "was not used: the data was published anew since" in message


def test_a_dry_run_that_times_out_lets_no_live_run_through_and_is_told() -> None:
    hours = hourly(schedule="40 MINUTES", timeout_minutes=60)
    hours.before[DRY] = lambda: hours.clock.sleep(7200)
    hours.later(hours=2, minutes=50)
    first, *later = hours.rows(DRY)
    assert (first.state, first.error_code) == ("FAILED", "000630")
    assert [row.scheduled_time - MONDAY for row in later] == [timedelta(minutes=120), timedelta(minutes=160)]
    assert first.next_scheduled_time == MONDAY + timedelta(minutes=80), "the start that was left out"
    assert [row.scheduled_time - MONDAY for row in hours.rows(LIVE)] == [timedelta(minutes=120), timedelta(minutes=160)]
    [(kind, message)] = hours.shop.query("select kind, message from idr_out.alert")
    told = [(start["outcome"], start["at"][11:16]) for start in hours.starts()]
    assert told == [("PUBLISHED", "02:40"), ("PUBLISHED", "02:00"), ("LEFT_OUT", "01:20"), ("FAILED", "00:40")]
    assert "was still at work" in hours.starts()[2]["why"]
    assert kind == "FAILED"
    assert "IDR_DRY_RUN_TASK FAILED" in message
    assert "timeout" in message
    assert hours.partition() == hours.oracle()


def test_a_suspended_dry_run_lets_no_live_run_through() -> None:
    hours = hourly()
    hours.later(hours=1, minutes=1)
    root = next(task for task in hours.store.all.values() if task.name.name == DRY)
    hours.store.save(replace(root, started=False))
    hours.add("cyd@x.org")
    hours.later(hours=3)
    assert [start["outcome"] for start in hours.starts()] == ["PUBLISHED"]
    assert (len(hours.rows(DRY)), len(hours.rows(LIVE))) == (1, 1)
    assert hours.partition() != hours.oracle()


def test_failures_in_a_row_suspend_the_graph_and_a_retry_is_one_start() -> None:
    hours = hourly(retries=1, suspend_after_failures=2)
    hours.shop.add((None, "x@x.org", None, "X", hours.now()))
    hours.later(hours=4)
    assert states(hours, DRY) == ["FAILED", "FAILED", "FAILED", "FAILED_AND_AUTO_SUSPENDED"]
    assert hours.rows(LIVE) == []
    assert len({row.graph_run_group_id for row in hours.rows(DRY)}) == 2


def test_the_retry_of_a_killed_run_meets_the_lease_that_it_left() -> None:
    hours = hourly(retries=1)
    hours.kill(LIVE, 40)
    hours.later(hours=1, minutes=1)
    assert [(row.state, row.return_value) for row in hours.rows(LIVE)] == [("FAILED", None), ("SUCCEEDED", "SKIPPED")]
    hours.later(hours=2)
    assert hours.partition() == hours.oracle()
    assert [start["outcome"] for start in hours.starts()] == ["PUBLISHED", "SKIPPED", "SKIPPED"]


def test_a_single_task_without_a_gate_reports_what_it_held() -> None:
    hours = hourly(gate="none")
    hours.add(*["ann@x.org"] * 7)
    hours.later(hours=1, minutes=1)
    assert [(row.state, row.return_value) for row in hours.rows(LIVE)] == [("SUCCEEDED", "HELD")]
    assert hours.rows(WEEKLY) == []
    [(run_id,)] = hours.shop.query("select run_id from idr_out.alert where kind = 'HELD'")
    hours.shop.now = hours.now()
    assert hours.shop.approve(run_id)["status"] == "SUCCESS"
    assert hours.partition() == hours.oracle()
