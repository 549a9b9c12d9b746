"""Starts tasks when they are due, runs their graphs, and writes their history.

`tick` does everything that is due now and returns; `serve` calls it on the machine's clock, a `VirtualClock` in tests.
A start that finds a run of the same graph in progress is left out, as in Snowflake ("that scheduled time is skipped").
"""

from __future__ import annotations

import json
import threading
import traceback
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from emulator.errors import SqlError
from emulator.names import Name, shown
from emulator.tasks import graph as states
from emulator.tasks.clock import Clock
from emulator.tasks.context import TaskContext
from emulator.tasks.definition import Task, check_config
from emulator.tasks.execution import WEEK_MS, Execution
from emulator.tasks.graph import GraphRun
from emulator.tasks.history import GraphRecord, TaskRun
from emulator.tasks.plan import Plan
from emulator.tasks.recovery import failures_in_a_row, last_successes, latest_rows, restored, run_to_retry
from emulator.tasks.rules import Tasks, check_execute, members
from emulator.tasks.store import TaskStore
from emulator.tasks.when import parse_condition

RunBody = Callable[[TaskContext], None]  # raises SqlError when the task fails


class Scheduler:
    """Call `recover` once before the first tick."""

    def __init__(
        self,
        store: TaskStore,
        run_body: RunBody,
        clock: Clock,
        stream_has_data: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._store = store
        self._run_body = run_body
        self._clock = clock
        self._has_data = stream_has_data
        self._lock = threading.RLock()
        self._changed = threading.Event()
        self._stopped = False
        self._graphs: list[GraphRun] = []
        self._records: dict[str, GraphRecord] = {}
        self._rows: dict[tuple[str, Name], TaskRun] = {}
        self._executing: dict[tuple[str, Name], Execution] = {}
        self._finished: deque[tuple[Execution, SqlError | None]] = deque()
        self._requests: deque[GraphRun] = deque()  # of EXECUTE TASK
        self._plan = Plan()
        self._failures: dict[str, int] = {}  # in a row, by task id
        self._last_success: dict[Name, GraphRecord] = {}

    # -- driving

    def serve(self) -> None:
        """Run on the machine's clock until `stop`."""
        while not self._stopped:
            self._changed.clear()
            if self.tick():
                continue
            due = self.next_due()
            self._changed.wait(max(0.0, (due - self._clock.now()).total_seconds()) if due else None)

    def stop(self) -> None:
        self._stopped = True
        self.wake()

    def wake(self) -> None:
        """Look again: a task was created, altered, resumed or dropped."""
        self._changed.set()

    def tick(self) -> bool:
        """Do what is due now; whether anything happened."""
        with self._lock:
            happened = [self._collect(), self._time_out(), self._begin_scheduled(), self._begin_requested()]
            advanced = [self._advance(run) for run in list(self._graphs)]
            return any(happened) or any(advanced)

    def next_due(self) -> datetime | None:
        """When something happens next, if nothing finishes before."""
        with self._lock:
            self._follow()
            times = list(self._plan.starts().values())
            times += [execution.deadline for execution in self._executing.values()]
            times += [limit for run in self._graphs if (limit := self._graph_deadline(run))]
            return min(times, default=None)

    # -- starts

    def _follow(self) -> Tasks:
        """Bring the plan up to date; the tasks as they are."""
        tasks = self._store.tasks()
        self._plan.follow(tasks, self._clock.now())
        return tasks

    def _begin_scheduled(self) -> bool:
        happened = False
        for task, due in self._plan.take(self._follow(), self._clock.now()):
            happened = True
            if self._may_begin(task):
                self._begin(self._new_run(task, due, "SCHEDULE", task.config))
        return happened

    def _may_begin(self, root: Task) -> bool:
        """Whether the overlap policy lets another run of the graph begin now."""
        others = [run for run in self._graphs if run.root.name == root.name]
        if root.overlap_policy == "ALLOW_CHILD_OVERLAP":
            return all(run.states.get(root.name) not in (None, states.EXECUTING) for run in others)
        return not others or root.overlap_policy == "ALLOW_ALL_OVERLAP"

    def _new_run(self, root: Task, scheduled: datetime, source: str, config: str | None) -> GraphRun:
        graph = {task.name: task for task in members(root.name, self._store.tasks())}
        return GraphRun(root, graph, scheduled, source, str(uuid.uuid4()), config)

    def execute(self, name: Name, config: str | None = None, retry_last: bool = False) -> str:
        """EXECUTE TASK: ask for a run that begins as soon as the overlap policy allows; what Snowflake answers.

        Raises Snowflake's errors for a task that is no root, a bad configuration, and nothing to retry.
        """
        with self._lock:
            root = check_execute(name, self._store.tasks())
            if config is not None:
                check_config(config)
                config = json.dumps(json.loads(root.config or "{}") | json.loads(config))
            if retry_last:
                run = run_to_retry(root, self._store, self._clock.now())
                run.retry()
            else:
                run = self._new_run(root, self._clock.now(), "EXECUTE TASK", config or root.config)
            self._requests.append(run)
        self.wake()
        return f"Task {shown(name.name)} is scheduled to run immediately."

    def _begin_requested(self) -> bool:
        happened = False
        for run in list(self._requests):
            if self._may_begin(run.root):
                self._requests.remove(run)
                self._begin(run)
                happened = True
        return happened

    def _begin(self, run: GraphRun) -> None:
        run.started_at = self._clock.now()
        self._graphs.append(run)
        self._open_record(run)

    def _open_record(self, run: GraphRun) -> None:
        record = GraphRecord(
            run.root.name,
            states.EXECUTING,
            run.scheduled_time,
            run.root.id,
            run.root.version,
            run.run_id,
            run.scheduled_from,
            run.group,
            run.attempt,
            query_start_time=run.started_at,
            next_scheduled_time=self._plan.next_start(run.root.name),
            config=run.config,
        )
        self._records[run.group] = record
        self._store.record_graph(record)

    def pending(self) -> list[TaskRun]:
        """The rows of TASK_HISTORY in state SCHEDULED: the next start of each root, and what EXECUTE TASK asked for."""
        with self._lock:
            tasks = self._follow()
            runs = [
                self._new_run(tasks[name], due, "SCHEDULE", tasks[name].config)
                for name, due in self._plan.starts().items()
            ]
            runs += self._requests
            return [self._row(run, run.root, "SCHEDULED") for run in runs]

    # -- the run of a graph

    def _advance(self, run: GraphRun) -> bool:
        ready = run.ready()
        for task in ready:
            self._start(run, task)
        if ready:
            return True
        if run.can_retry:
            self._close_record(run, states.FAILED)
            run.retry()
            run.started_at = self._clock.now()
            self._open_record(run)
            return True
        if run.over:
            self._end(run)
            return True
        return False

    def _row(self, run: GraphRun, task: Task, state: str) -> TaskRun:
        following = self._plan.next_start(run.root.name) if task.is_root and state != "SCHEDULED" else None
        return TaskRun(
            task.name,
            task.definition,
            state,
            run.scheduled_time if task.is_root and run.attempt == 1 else self._clock.now(),
            run.root.id,
            run.root.version,
            run.run_id,
            run.scheduled_from,
            run.group,
            run.attempt,
            condition_text=task.condition,
            next_scheduled_time=following,
            config=run.config,
        )

    def _start(self, run: GraphRun, task: Task) -> None:
        row = self._row(run, task, states.EXECUTING)
        self._rows[run.group, task.name] = row
        run.states[task.name] = states.EXECUTING
        try:
            condition = parse_condition(task.condition) if task.condition else None
            holds = condition is None or condition.holds(lambda name: run.return_value(task, name), self._has_data)
        except SqlError as error:
            self._close(run, row, states.FAILED, error)
            return
        if not holds:
            error = SqlError("Conditional expression for task evaluated to false.", "0040003", "02000")
            self._close(run, row, states.SKIPPED, error)
            return
        row.query_id = str(uuid.uuid4())
        row.query_start_time = self._clock.now()
        self._store.record(row)
        context = TaskContext(task, run, row.query_id, self._clock, self._last_success.get(run.root.name))
        execution = Execution(context, row, self._clock.now())
        self._executing[run.group, task.name] = execution
        self._clock.start(lambda: self._work(execution))

    def _work(self, execution: Execution) -> None:
        """The thread of a task."""
        failure: SqlError | None = None
        try:
            self._run_body(execution.context)
        except SqlError as error:
            failure = error
        except Exception:  # noqa: BLE001 - whatever a body raises is the task's failure, and its history says so
            failure = SqlError(f"SQL execution internal error:\n{traceback.format_exc()}", "000603", "XX000")
        self._finished.append((execution, failure))
        self.wake()

    def _collect(self) -> bool:
        happened = False
        while self._finished:
            execution, error = self._finished.popleft()
            context = execution.context
            key = (context.graph.group, context.task.name)
            if self._executing.get(key) is not execution:
                continue  # it timed out before
            del self._executing[key]
            if error is None:
                execution.row.return_value = context.return_value
                context.graph.return_values[context.task.name] = context.return_value
            self._close(context.graph, execution.row, states.FAILED if error else states.SUCCEEDED, error)
            happened = True
        return happened

    def _close(self, run: GraphRun | None, row: TaskRun, state: str, error: SqlError | None) -> None:
        row.state = state
        row.completed_time = self._clock.now()
        if error is not None:
            row.error_code, row.error_message = error.code, error.message
            record = self._records.get(row.graph_run_group_id)
            if state == states.FAILED and record is not None and record.first_error is None:
                record.first_error = row
        if run is not None:
            run.states[row.name] = state
        self._store.record(row)

    def _graph_deadline(self, run: GraphRun) -> datetime | None:
        """When the root's own limit ends the run; nothing but a finalizer runs on."""
        limit = run.root.timeout_ms
        last = run.finalizer
        running = [
            name for group, name in self._executing if group == run.group and (last is None or name != last.name)
        ]
        if limit is None or run.started_at is None or not running:
            return None
        return run.started_at + timedelta(milliseconds=limit or WEEK_MS)

    def _time_out(self) -> bool:
        now, happened = self._clock.now(), False
        for run in self._graphs:
            deadline = self._graph_deadline(run)
            over = deadline is not None and deadline <= now
            last = run.finalizer
            for (group, name), execution in list(self._executing.items()):
                final = last is not None and name == last.name
                if group == run.group and (execution.deadline <= now or (over and not final)):
                    limit = (run.root.timeout_ms or WEEK_MS) / 1000 if over else execution.limit.total_seconds()
                    self._cancel(run, execution, limit)
                    happened = True
            if over:
                for task in run.tasks.values():
                    if task.finalizes is None:
                        run.states.setdefault(task.name, states.NOT_RUN)
        return happened

    def _cancel(self, run: GraphRun, execution: Execution, limit: float) -> None:
        """A task that timed out has failed ("timed-out tasks always have a FAILED state")."""
        del self._executing[run.group, execution.row.name]
        execution.context.cancelled.set()
        message = f"Statement reached its statement or warehouse timeout of {limit:,.0f} second(s) and was canceled."
        self._close(run, execution.row, states.FAILED, SqlError(message, "000630", "57014"))

    def _end(self, run: GraphRun) -> None:
        self._graphs.remove(run)
        self._count_failures(run)
        record = self._close_record(run, run.state)
        if run.state == states.SUCCEEDED:
            self._last_success[run.root.name] = record
        for name in run.tasks:
            self._rows.pop((run.group, name), None)

    def _close_record(self, run: GraphRun, state: str) -> GraphRecord:
        record = self._records.pop(run.group)
        record.state = state
        record.completed_time = self._clock.now()
        self._store.record_graph(record)
        return record

    def _count_failures(self, run: GraphRun) -> None:
        """Suspend the root when one of its tasks failed as often in a row as SUSPEND_TASK_AFTER_NUM_FAILURES says."""
        for task in run.tasks.values():
            state = run.states.get(task.name)
            if state == states.SUCCEEDED:
                self._failures.pop(task.id, None)
            if state != states.FAILED:
                continue
            self._failures[task.id] = self._failures.get(task.id, 0) + 1
            own = "SUSPEND_TASK_AFTER_NUM_FAILURES" in task.settings
            allowed = (task if own else run.root).suspend_after_failures
            if allowed and self._failures[task.id] >= allowed:
                self._suspend(run, task)

    def _suspend(self, run: GraphRun, failed: Task) -> None:
        self._failures.pop(failed.id)
        row = self._rows[run.group, failed.name]
        row.state = states.AUTO_SUSPENDED
        self._store.record(row)
        root = self._store.tasks().get(run.root.name)
        if root is not None and root.started:
            reason = "SUSPENDED_DUE_TO_ERRORS"
            self._store.save(replace(root, started=False, suspended_on=self._clock.now(), suspended_reason=reason))

    def recover(self) -> None:
        """Take up what an earlier process left: tasks that ran have failed, their graphs go on from there."""
        with self._lock:
            self._failures = failures_in_a_row(self._store)
            self._last_success = last_successes(self._store)
            for record in [record for record in self._store.graphs() if record.state == states.EXECUTING]:
                self._resume(record)

    def _resume(self, record: GraphRecord) -> None:
        run = restored(record, self._store)
        error = SqlError(
            "SQL execution internal error:\nThe server stopped while the task was running.", "000603", "XX000"
        )
        self._records[record.graph_run_group_id] = record
        for row in latest_rows(record, self._store):
            self._rows[record.graph_run_group_id, row.name] = row
            if row.state == states.EXECUTING:
                self._close(run, row, states.FAILED, error)
        if run is not None:
            run.started_at = self._clock.now()
            self._graphs.append(run)
            return
        record.state, record.completed_time = states.FAILED, self._clock.now()
        self._store.record_graph(self._records.pop(record.graph_run_group_id))
