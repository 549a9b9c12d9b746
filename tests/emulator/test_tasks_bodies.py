"""The scheduled graph with its very bodies: scripting blocks on DuckDB, driven by the scheduler on a virtual clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emulator.errors import SqlError
from emulator.names import Name
from emulator.scripting import is_block, parse_block, run
from emulator.tasks import rules
from emulator.tasks.clock import VirtualClock
from emulator.tasks.context import TaskContext
from emulator.tasks.definition import Task, read_create
from emulator.tasks.scheduler import Scheduler
from tests.emulator.task_bodies import DRY_RUN, LIVE_RUN, Engine

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
CREATE = (
    f"create or alter task ops.idr_dry_run_task schedule = '60 MINUTES' overlap_policy = no_overlap\nas {DRY_RUN}",
    f"""create or alter task ops.idr_live_run_task after ops.idr_dry_run_task
  when system$get_predecessor_return_value('IDR_DRY_RUN_TASK') = 'PASS'
as {LIVE_RUN}""",
    "create or alter task ops.idr_report_task finalize = ops.idr_dry_run_task as call core.report();",
)


class Store(dict[Name, Task]):
    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[object, object] = {}

    def tasks(self) -> Store:
        return self

    def save(self, task: Task) -> None:
        self[task.name] = task

    def record(self, row) -> None:
        self.rows[row.key] = row

    def record_graph(self, record) -> None:
        self.rows[record.key] = record

    def runs(self) -> list:
        return [row for key, row in self.rows.items() if len(key) == 3]

    def graphs(self) -> list:
        return [row for key, row in self.rows.items() if len(key) == 2]


class Graph:
    def __init__(self) -> None:
        self.engine = Engine()
        self.clock = VirtualClock(START)
        self.store = Store()
        self.calls: list[tuple] = []
        self.gate = "PASS"
        self.engine.procedures = {"core.idr_run": self._idr_run, "core.report": lambda: self.calls.append(("report",))}
        self.scheduler = Scheduler(self.store, self._body, self.clock)
        for text in CREATE:
            task = rules.create(read_create(text, lambda parts: Name("APP", "OPS", parts[-1])), self.store, START)
            assert task is not None
            self.store.save(task)
        for task in rules.enable_dependents(Name("APP", "OPS", "IDR_DRY_RUN_TASK"), self.store, START):
            self.store.save(task)

    def _idr_run(self, mode: str, max_iters: int, dry_run: bool) -> dict:
        self.calls.append((mode, max_iters, dry_run))
        if self.gate == "ERROR":
            raise SqlError("IDR-301 did not converge", "100357", "P0000")
        return {"gate": self.gate, "status": "DRY_RUN_COMPLETE", "counts": {"entities": 3}}

    def _body(self, context: TaskContext) -> None:
        text = context.task.definition
        if is_block(text):
            run(parse_block(text), self.engine, set_return_value=context.set_return_value)
        else:
            self.engine(text.rstrip(";"), [])

    def hour(self) -> dict[str, tuple]:
        """What an hour brings: state and return value by task."""
        self.calls.clear()
        before = set(self.store.rows)
        self.clock.run_until(self.scheduler, self.clock.now() + timedelta(hours=1))
        new = [row for row in self.store.runs() if row.key not in before]
        return {row.name.name: (row.state, row.return_value) for row in new}


def test_pass_publishes():
    graph = Graph()
    assert graph.hour() == {
        "IDR_DRY_RUN_TASK": ("SUCCEEDED", "PASS"),
        "IDR_LIVE_RUN_TASK": ("SUCCEEDED", None),
        "IDR_REPORT_TASK": ("SUCCEEDED", None),
    }
    assert graph.calls == [("INCR", 30, True), ("INCR", 30, False), ("report",)]


def test_hold_publishes_nothing_and_reports_and_the_next_pass_publishes():
    graph = Graph()
    graph.gate = "HOLD"
    assert graph.hour() == {
        "IDR_DRY_RUN_TASK": ("SUCCEEDED", "HOLD"),
        "IDR_LIVE_RUN_TASK": ("SKIPPED", None),
        "IDR_REPORT_TASK": ("SUCCEEDED", None),
    }
    assert graph.calls == [("INCR", 30, True), ("report",)]
    graph.gate = "PASS"
    assert graph.hour()["IDR_LIVE_RUN_TASK"] == ("SUCCEEDED", None)


def test_a_failed_dry_run_names_the_line_of_its_body():
    graph = Graph()
    graph.gate = "ERROR"
    assert graph.hour() == {"IDR_DRY_RUN_TASK": ("FAILED", None), "IDR_REPORT_TASK": ("SUCCEEDED", None)}
    row = next(row for row in graph.store.runs() if row.state == "FAILED")
    assert row.error_message == (
        "Uncaught exception of type 'STATEMENT_ERROR' on line 2 at position 2 : IDR-301 did not converge"
    )
    assert row.error_code == "100357"


def test_a_token_over_ten_kilobytes_fails_the_task():
    graph = Graph()
    graph.gate = "x" * 10_241
    assert graph.hour()["IDR_DRY_RUN_TASK"] == ("FAILED", None)
    graph.gate = "x" * 10_240
    assert graph.hour()["IDR_DRY_RUN_TASK"] == ("SUCCEEDED", "x" * 10_240)


@pytest.mark.parametrize("body", ["begin return 1", "begin frobnicate(; end"])
def test_a_body_that_cannot_be_read_fails_its_task(body):
    graph = Graph()
    root = Name("APP", "OPS", "IDR_DRY_RUN_TASK")
    graph.store[root] = Task(root, body, {"SCHEDULE": "60 MINUTES"}, started=True, resumed_on=START)
    assert graph.hour()["IDR_DRY_RUN_TASK"] == ("FAILED", None)
