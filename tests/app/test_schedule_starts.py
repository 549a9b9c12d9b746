"""What is told of the starts of the task graphs, from what TASK_HISTORY and the tasks themselves wrote down."""

from __future__ import annotations

from typing import Any, cast

import pytest

from idr.model import Guardrails
from idr.schedule.starts import starts
from idr.statement import read
from idr.warehouse import Row, Warehouse
from tests.resolution.shop import NOW, Shop

DRY, LIVE = "IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK"


class History:
    """A database that answers the two questions of `starts` with these rows."""

    def __init__(self, tasks: list[Row], runs: list[Row]) -> None:
        self.answers = {read("schedule/graph_tasks"): tasks, read("schedule/graph_runs"): runs}

    def query(self, sql: str, binds: object = None) -> list[Row]:
        return self.answers[sql]


def told(tasks: list[Row], runs: list[Row] | None = None) -> list[dict[str, Any]]:
    return starts(cast(Warehouse, History(tasks, runs or [])))


def task(graph_run: str, name: str, state: str, at: str = "09:00", **more: str | None) -> Row:
    row: Row = {"graph_run": graph_run, "name": name, "state": state, "at": at, "is_root": name == DRY}
    return {**row, "error_message": None, "ended_at": at, "next_at": None, **more}


def run(graph_run: str, name: str, status: str, gate: str | None = "PASS") -> Row:
    row = {"graph_run": graph_run, "task_name": name, "scheduled_at": "09:00", "run_id": f"run of {name}"}
    return {**row, "status": status, "gate": gate, "reasons": "too many", "why": "because"}


PLANNED = [run("g", DRY, "DRY_RUN_COMPLETE")]


@pytest.mark.parametrize(
    ("tasks", "runs", "outcome"),
    [
        ([(DRY, "EXECUTING")], [], ("RUNNING", None, None)),
        ([(DRY, "SUCCEEDED"), (LIVE, "EXECUTING")], PLANNED, ("RUNNING", None, f"run of {DRY}")),
        ([(DRY, "FAILED")], [], ("FAILED", f"{DRY} FAILED: None", None)),
        ([(DRY, "SUCCEEDED")], PLANNED, ("FAILED", "the live task did not run: it is suspended", f"run of {DRY}")),
        ([(DRY, "SUCCEEDED"), (LIVE, "SKIPPED")], [run("g", DRY, "DRY_RUN_COMPLETE", "HOLD")],
         ("HELD", "too many", f"run of {DRY}")),
        ([(DRY, "SUCCEEDED"), (LIVE, "SKIPPED")], [run("g", DRY, "SKIPPED", None)],
         ("SKIPPED", "because", f"run of {DRY}")),
        ([(DRY, "SUCCEEDED"), (LIVE, "SUCCEEDED")], [*PLANNED, run("g", LIVE, "SUCCESS")],
         ("PUBLISHED", "because", f"run of {LIVE}")),
    ],
)  # fmt: skip
def test_a_start_has_one_outcome_and_its_reason(
    tasks: list[tuple[str, str]], runs: list[Row], outcome: tuple[str, str | None, str | None]
) -> None:
    [start] = told([task("g", *one) for one in tasks], runs)
    assert (start["outcome"], start["why"], start["run_id"]) == outcome
    assert (start["task"], start["at"]) == (DRY, "09:00")


@pytest.mark.parametrize(
    ("ended_at", "why"),
    [
        (None, "the start of 09:00 was still at work"),
        ("10:30", "the start of 09:00 was still at work"),
        ("09:10", "the graph was suspended or changed"),
    ],
)
def test_a_scheduled_time_without_a_start_is_told_between_its_neighbours(ended_at: str | None, why: str) -> None:
    newer, older = task("g2", DRY, "EXECUTING", at="11:00"), task("g1", DRY, "EXECUTING", next_at="10:00")
    found = told([newer, {**older, "ended_at": ended_at}])
    assert [(start["at"], start["outcome"]) for start in found] == [
        ("11:00", "RUNNING"),
        ("10:00", "LEFT_OUT"),
        ("09:00", "RUNNING"),
    ]
    assert found[1]["why"] == why


def test_a_start_whose_root_the_history_no_longer_shows_is_left_away() -> None:
    found = told([task("g2", DRY, "EXECUTING"), task("g1", LIVE, "SUCCEEDED")])
    assert [start["task"] for start in found] == [DRY]


def test_where_the_history_of_tasks_is_refused_the_tasks_own_notes_tell() -> None:
    """DuckDB has no TASK_HISTORY: it refuses the question as Snowflake may."""
    shop = Shop(guardrails=Guardrails(max_cluster_size=2, max_moved_ratio=None))
    shop.add(*((number, "a@x.org", None, "x", NOW) for number in range(3)))
    assert starts(shop.wh) == []
    held = shop.run(dry_run=True)["run_id"]
    shop.query("insert into idr_out.task_run values (?, ?, ?, ?)", "g1", DRY, "2024-06-01 00:00", held)
    [start] = starts(shop.wh)
    assert (start["task"], start["at"], start["outcome"]) == (DRY, "2024-06-01 00:00", "HELD")
    assert (start["run_id"], "max_cluster_size allows 2" in start["why"]) == (held, True)
