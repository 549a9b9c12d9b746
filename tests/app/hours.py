"""The task graph of a schedule in one process: the local Snowflake's scheduler and scripting, on DuckDB.

Tasks, bodies and runs are the product's own, and all of them live in virtual time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.errors import SqlError
from emulator.names import Name
from emulator.result import Result
from emulator.scripting import parse_block, run
from emulator.tasks import rules
from emulator.tasks.clock import VirtualClock
from emulator.tasks.context import TaskContext
from emulator.tasks.definition import read_create
from emulator.tasks.history import TaskRun
from emulator.tasks.scheduler import Scheduler
from idr import run as pipeline
from idr.model import Guardrails
from idr.schedule.options import parse
from idr.schedule.report import report
from idr.schedule.starts import starts
from idr.schedule.tasks import graph
from idr.warehouse import Binds, Row
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.emulator.task_bodies import Engine
from tests.emulator.test_tasks_scheduler import Store
from tests.resolution.shop import Shop
from tests.resolution.test_interruption import Cut, Line

_CONTEXT = re.compile(r"system\$(get_task_graph_config|task_runtime_info)\('(\w+)'\)", re.IGNORECASE)
_HISTORY = re.compile(r"table\(information_schema\.task_history\(.*?\)\)", re.IGNORECASE | re.DOTALL)
DRY, LIVE, REPORT = "IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK", "IDR_REPORT_TASK"
WEEKLY_DRY, WEEKLY, CLEANUP = "IDR_WEEKLY_DRY_RUN_TASK", "IDR_WEEKLY_FULL_TASK", "IDR_CLEANUP_TASK"


class _Body(Engine):
    """What the statements of one task's body reach."""

    def __init__(self, hours: Hours, context: TaskContext) -> None:
        self.connection = hours.shop.connection
        self.log: list[tuple[str, list[Any]]] = []
        self.hours, self.context = hours, context
        self.procedures: dict[str, Callable[..., Any]] = {
            "core.idr_run": self._run,
            "core.idr_report": lambda group, failures: report(hours.shop.wh, group, failures, hours.now()),
            "core.idr_cleanup": lambda: pipeline.cleanup(hours.shop.wh, clock=hours.now),
        }

    def __call__(self, sql: str, binds: list[Any]) -> Result:
        sql = _CONTEXT.sub(self._context_value, sql)
        found = _HISTORY.search(sql)
        if found:
            self.hours.write_history(self.context.graph.group)
            before = sql[: found.start()].count("?")
            binds = binds[:before] + binds[before + found[0].count("?") :]
            sql = _HISTORY.sub("main.task_history", sql)
        return super().__call__(sql, binds)

    def _context_value(self, call: re.Match[str]) -> str:
        ask = self.context.config_value if call[1].lower() == "get_task_graph_config" else self.context.runtime_info
        value = ask(call[2])
        return "null" if value is None else f"'{value}'"

    def _run(self, mode: str, max_iters: int, dry_run: bool) -> dict[str, Any]:
        wh = self.hours.shop.wh
        before = self.hours.before.pop(self.context.task.name.name, None)
        if before is not None:
            before()
        if self.context.cancelled.is_set():
            raise SqlError("The statement was canceled.", "000604", "57014")
        if self.context.task.name.name == self.hours.doomed:
            self.hours.doomed = None
            wh = DuckDBWarehouse(Line(self.connection, self.hours.statements_left))
        try:
            return pipeline.run(wh, mode, max_iters, dry_run, clock=self.hours.now)
        except Cut:
            self.connection.execute("rollback")
            raise SqlError("The worker process of the handler is gone.", "100357", "P0000") from None


class WithHistory(DuckDBWarehouse):
    """Reads TASK_HISTORY from the table that stands for it."""

    def query(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> list[Row]:
        sql = _HISTORY.sub("main.task_history", sql).replace("current_database()", "'IDR'")
        return super().query(sql, binds, rename)


class Hours:
    """A configured database with a table of people, and the graph of these options, resumed at `start`."""

    def __init__(self, options: dict[str, Any], start: datetime) -> None:
        self.shop = Shop(guardrails=Guardrails(max_cluster_size=5, max_moved_ratio=None))
        self.clock = VirtualClock(start.astimezone(UTC))
        self.store = Store()
        self.doomed: str | None = None  # the task whose next run is killed
        self.statements_left = 0
        self.before: dict[str, Callable[[], Any]] = {}  # by task, what happens when its next run is about to begin
        self.people = 0
        self.scheduler = Scheduler(self.store, self._body, self.clock)
        self.define(options)

    def define(self, options: dict[str, Any]) -> None:
        """Create or alter the tasks, as an upgrade does, and resume them."""
        for task in list(self.store.all.values()):
            self.store.save(replace(task, started=False))
        tasks = graph(parse(options))
        for task in tasks:
            creation = read_create(task.create(), lambda parts: Name("IDR", "OPS", parts[-1]))
            made = rules.create(creation, self.store.all, self.clock.now())
            if made is not None:
                self.store.save(made)
        for root in (task for task in tasks if task.is_root):
            for made in rules.enable_dependents(Name("IDR", "OPS", root.name), self.store.all, self.clock.now()):
                self.store.save(made)

    def now(self) -> datetime:
        return self.clock.now().replace(tzinfo=None)

    def until(self, end: datetime) -> None:
        self.clock.run_until(self.scheduler, end.astimezone(UTC))

    def later(self, **time: float) -> None:
        self.until(self.clock.now() + timedelta(**time))

    def add(self, *emails: str) -> None:
        for email in emails:
            self.people += 1
            self.shop.add((self.people, email, None, f"Person {self.people}", self.now()))

    def kill(self, task: str, statements: int) -> None:
        """The next run of the task is cut off after so many statements; its lease stays."""
        self.doomed, self.statements_left = task, statements

    def _body(self, context: TaskContext) -> None:
        run(parse_block(context.task.definition), _Body(self, context), set_return_value=context.set_return_value)

    def write_history(self, group: str | None = None) -> None:
        """TASK_HISTORY of one start, or of all."""
        connection = self.shop.connection
        connection.execute(
            "create or replace table main.task_history (name varchar, state varchar, error_message varchar,"
            " graph_run_group_id varchar, attempt_number integer, condition_text varchar, database_name varchar,"
            " scheduled_time timestamptz, completed_time timestamptz, next_scheduled_time timestamptz)"
        )
        rows = [
            (
                row.name.name, row.state, row.error_message, row.graph_run_group_id, row.attempt_number,
                row.condition_text, row.name.database, row.scheduled_time, row.completed_time, row.next_scheduled_time,
            )
            for row in self.store.runs()
            if group in (None, row.graph_run_group_id)
        ]  # fmt: skip
        if rows:
            connection.executemany(f"insert into main.task_history values ({', '.join('?' * 10)})", rows)

    def starts(self) -> list[dict[str, Any]]:
        """What `idr_status` tells of each start, the newest first."""
        self.write_history()
        return starts(WithHistory(self.shop.connection))

    def rows(self, task: str) -> list[TaskRun]:
        """TASK_HISTORY of a task, oldest first."""
        return sorted((row for row in self.store.runs() if row.name.name == task), key=lambda row: row.scheduled_time)

    def explained(self, root: str = DRY) -> list[str]:
        """One word per start, after checking that its tasks and its runs tell the same story."""
        return [self._explain(root, start) for start in self.rows(root)]

    def _explain(self, root: str, start: TaskRun) -> str:
        live = LIVE if root == DRY else WEEKLY
        group = start.graph_run_group_id
        tasks = {row.name.name: row for row in self.store.runs() if row.graph_run_group_id == group}
        query = "select task_name, status, run_id, plan_run_id from idr_out.run_overview where graph_run = ?"
        runs = {name: (status, run_id, plan) for name, status, run_id, plan in self.shop.query(query, group)}
        told = (start.state, start.return_value, tasks[live].state if live in tasks else None)
        words = {name: run[0] for name, run in runs.items()}
        match told:
            case ("SUCCEEDED", "PASS", "SUCCEEDED"):
                assert words == {root: "DRY_RUN_COMPLETE", live: "SUCCESS"}
                assert runs[live][2] == runs[root][1], "what was judged is what is published"
                return "PUBLISHED"
            case ("SUCCEEDED", "HOLD", "SKIPPED"):
                assert words == {root: "HELD"}
                return "HELD"
            case ("SUCCEEDED", "SKIPPED", "SKIPPED"):
                assert words == {root: "SKIPPED"}
                return "SKIPPED"
            case ("FAILED", None, None) if runs:
                assert words == {root: "FAILED"}
                return "FAILED"
            case ("FAILED", None, None) | ("SUCCEEDED", "PASS", "FAILED"):
                assert self._interrupted(start) == [live in tasks]
                return "KILLED"
        raise AssertionError(f"{root} of {start.scheduled_time} is {told}: nobody can explain it")

    def _interrupted(self, start: TaskRun) -> list[bool]:
        """Of the runs that began with a start and ended without a word, whether each was a live run."""
        at = start.scheduled_time.replace(tzinfo=None)
        query = "select not is_dry_run from idr_out.run_history where error_code = 'IDR-504' and started_at = ?"
        return [is_live for (is_live,) in self.shop.query(query, at)]

    def partition(self) -> set[frozenset[str]]:
        return {frozenset(members) for members in self.shop.clusters()}

    def oracle(self) -> set[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for key, email in self.shop.query("select id, email from shop.people"):
            found.setdefault(email.lower(), set()).add(f"shop:{key}")
        return {frozenset(group) for group in found.values()}
