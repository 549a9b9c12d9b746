"""How things stand, and what ran."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count, product

import pytest

from idr.history import history, status
from idr.model import Rule
from tests.resolution.shop import NOW, UNLIMITED, Shop


def recorded(shop: Shop, run_id: str, day: int, state: str = "SUCCESS") -> None:
    at = NOW + timedelta(days=day)
    values = (run_id, state, at, at, "[]", "said", False)
    columns = "run_id, status, started_at, ended_at, reasons, message, is_dry_run"
    shop.query(f"insert into idr_out.run_history ({columns}) values (?, ?, ?, ?, ?, ?, ?)", *values)


def test_the_latest_runs_come_first_by_name_where_they_began_at_once() -> None:
    shop = Shop()
    for run_id, day in (("b", 1), ("d", 2), ("a", 1), ("c", 3), ("e", 1), ("z", 0)):
        recorded(shop, run_id, day)
    assert [row["run_id"] for row in history(shop.wh)] == ["c", "d", "e", "b", "a", "z"]
    assert [row["run_id"] for row in history(shop.wh, 3)] == ["c", "d", "e"]


def test_twenty_runs_are_told_unless_another_number_is_asked_for() -> None:
    shop = Shop()
    for number in range(22):
        recorded(shop, f"run{number:02}", number)
    assert [row["run_id"] for row in history(shop.wh)] == [f"run{number:02}" for number in range(21, 1, -1)]
    assert history(shop.wh)[0]["reasons"] == []


def test_totals_are_of_what_is_published() -> None:
    shop = Shop(guardrails=UNLIMITED, rules={"email": Rule("email", ("email",), 1, max_group_size=3)})
    shop.add(
        *((i, "a@x.org", None, "x", NOW) for i in range(3)), *((10 + i, "b@x.org", None, "x", NOW) for i in range(4))
    )
    shop.add((20, "c@x.org", None, "x", NOW), (21, "c@x.org", None, "x", NOW))
    shop.add(*((key + i, f"{key}@x.org", None, "x", NOW) for key in (30, 40) for i in range(4)))
    shop.run("FULL")
    shop.query("delete from shop.people where id in (30, 31, 32)")
    shop.run("FULL")
    told = status(shop.wh)
    assert {name: told[name] for name in ("entities", "clusters", "largest_cluster", "skipped_groups")} == {
        "entities": 14,
        "clusters": 11,
        "largest_cluster": 3,
        "skipped_groups": 2,
    }
    assert told["last_run"]["run_id"] == history(shop.wh, 1)[0]["run_id"]


def test_plans_that_wait_and_alerts_that_are_open_are_told_in_order() -> None:
    shop = Shop()
    for run_id, state in (("b", "HELD"), ("a", "HELD"), ("c", "READY"), ("d", "PUBLISHED")):
        shop.query("insert into idr_out.plan (run_id, status) values (?, ?)", run_id, state)
    shop.query("update idr_meta.base_state set published_at = ?", NOW)
    held = [("a", 2, "HELD"), ("b", 3, "HELD"), ("d", 4, "HELD")]
    for run_id, day, state in (
        *held,
        *((name, 2, "FAILED") for name in "xkvm"),
        ("y", -1, "FAILED"),
        ("z", 1, "SUCCESS"),
    ):
        recorded(shop, run_id, day, state)
    told = status(shop.wh)
    assert told["held_plans"] == ["a", "b"]
    assert "".join(row["run_id"] for row in told["alerts"]) == "bakmvx"
    assert [row["kind"] for row in told["alerts"][1:3]] == ["HELD", "FAILED"]


@pytest.mark.parametrize("published", [None, NOW])
def test_every_run_that_was_held_or_failed_is_an_alert_open_until_it_is_settled(published: datetime | None) -> None:
    """A held one while its plan waits, a failed one until the next publish; what a task raised is told as raised."""
    shop, numbers = Shop(), count()
    shop.query("update idr_meta.base_state set published_at = ?", published)
    runs, plans, raised, expected = [], [], [], set()
    texts = [("broken", "said"), (None, "said"), (None, None)]
    for state, is_dry_run, plan, day, (error, said), is_raised in product(
        ("HELD", "FAILED", "SUCCESS"), (False, True), (None, "HELD", "PUBLISHED"), (-1, 0, 1), texts, (False, True)
    ):
        if (state == "SUCCESS" and is_raised) or (state == "HELD" and said is None):
            continue
        name, at = f"run{next(numbers)}", NOW + timedelta(days=day)
        runs.append((name, state, is_dry_run, "[]", said, error, at))
        plans += [(name, plan)] if plan else []
        is_open = plan == "HELD" if state == "HELD" else published is None or at > published
        if is_raised:
            raised.append((f"alert of {name}" if is_dry_run else name, state, name, "start", "told", at, at, "no mail"))
            expected.add((*raised[-1], is_open))
        if state != "SUCCESS" and not is_dry_run and not is_raised:
            message = f"is held: []. {said}" if state == "HELD" else f"failed: {error or said or 'no message'}"
            expected.add((name, state, name, None, f"run {name} {message}", at, None, None, is_open))
    raised.append(("start", "FAILED", None, "start", "timeout", NOW, None, None))
    expected.add((*raised[-1], published is None))
    columns = "run_id, status, is_dry_run, reasons, message, error_message, ended_at"
    insert = shop.connection.executemany
    insert(f"insert into idr_out.run_history ({columns}) values (?, ?, ?, ?, ?, ?, ?)", runs)
    insert("insert into idr_out.plan (run_id, status) values (?, ?)", plans)
    columns = "alert_id, kind, run_id, graph_run, message, raised_at, notified_at, notify_error"
    insert(f"insert into idr_out.alert ({columns}) values (?, ?, ?, ?, ?, ?, ?, ?)", raised)
    found = shop.query(f"select {columns}, is_open from idr_out.alerts")
    assert len(found) == len(expected)
    assert set(found) == expected


def test_the_overview_has_every_run_and_says_which_start_it_belongs_to() -> None:
    shop = Shop()
    for run_id, day in (("by hand", 1), ("planned", 2), ("live", 3)):
        recorded(shop, run_id, day)
    tasks = [("start", "DRY", "at 2", "planned"), ("start", "LIVE", "at 3", "live"), ("later", "DRY", "at 4", "lost")]
    shop.connection.executemany("insert into idr_out.task_run values (?, ?, ?, ?)", tasks)
    found = shop.query("select run_id, graph_run, task_name, scheduled_at from idr_out.run_overview order by run_id")
    assert found == [
        ("by hand", None, None, None), ("live", "start", "LIVE", "at 3"), ("planned", "start", "DRY", "at 2")
    ]  # fmt: skip
