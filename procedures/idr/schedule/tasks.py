"""The tasks that stand for a schedule, and their SQL.

Bodies are the files of `sql/tasks`. Options are values: a body reads them from the configuration of its graph, and
what has to stand in CREATE TASK itself goes through `literal` or is a name that was checked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from idr.schedule.options import BOUND_WAREHOUSE, Schedule
from idr.statement import read

SCHEMA = "ops"
_CLEANUP_AT = "30 3 * * *"
_NIGHTLY_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Task:
    """A task to be; `properties` are SQL texts by name. It is a root when `after` and `finalize` are None."""

    name: str
    body: str  # a file of sql/tasks
    comment: str
    properties: dict[str, str] = field(default_factory=dict)
    after: str | None = None
    finalize: str | None = None

    @property
    def is_root(self) -> bool:
        return self.after is None and self.finalize is None

    def create(self) -> str:
        clauses = [f"{name} = {value}" for name, value in self.properties.items()]
        clauses.append(f"comment = {literal(self.comment)}")
        if self.finalize is not None:
            clauses.append(f"finalize = {SCHEMA}.{self.finalize}")
        if self.after is not None:
            condition = f"system$get_predecessor_return_value({literal(self.after)}) = 'PASS'"
            clauses.append(f"after {SCHEMA}.{self.after} when {condition}")
        return f"create or alter task {SCHEMA}.{self.name} {' '.join(clauses)} as {read(f'tasks/{self.body}')}"


def literal(value: str) -> str:
    """The text as an SQL string."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def graph(schedule: Schedule) -> list[Task]:
    """The tasks of a schedule, each after those that it names."""
    tasks = _run_graph(schedule)
    if schedule.weekly_full is not None:
        tasks += _gated(
            schedule,
            ("IDR_WEEKLY_DRY_RUN_TASK", "IDR_WEEKLY_FULL_TASK", "IDR_WEEKLY_REPORT_TASK"),
            schedule.at(schedule.weekly_full),
            "FULL",
        )
    settings = _root(schedule, schedule.at(_CLEANUP_AT), "FULL") | {
        "user_task_timeout_ms": str(_NIGHTLY_MINUTES * 60_000)
    }
    return [*tasks, Task("IDR_CLEANUP_TASK", "cleanup", "Deletes what is older than the retention", settings)]


def _run_graph(schedule: Schedule) -> list[Task]:
    if schedule.gate == "none":
        settings = _root(schedule, schedule.start, schedule.mode, is_alone=True)
        return [Task("IDR_LIVE_RUN_TASK", "live_run", "Plans, judges and publishes", settings)]
    names = ("IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK", "IDR_REPORT_TASK")
    return _gated(schedule, names, schedule.start, schedule.mode)


def _gated(schedule: Schedule, names: tuple[str, str, str], start: str, mode: str) -> list[Task]:
    dry, live, report = names
    compute = _compute(schedule)
    return [
        Task(dry, "dry_run", "Plans, and returns the verdict of the gate", _root(schedule, start, mode)),
        Task(live, "live_run", "Publishes the plan that the gate let pass", compute, after=dry),
        Task(report, "report", "Reports held and failed runs", compute, finalize=dry),
    ]


def _root(schedule: Schedule, start: str, mode: str, *, is_alone: bool = False) -> dict[str, str]:
    config: dict[str, str | int] = {"mode": mode, "max_iters": schedule.max_iters}
    if is_alone:
        config["is_alone"] = True
    return {
        "schedule": literal(start),
        "config": literal(json.dumps(config)),
        **_compute(schedule),
        "overlap_policy": "no_overlap",
        "user_task_timeout_ms": str(schedule.timeout_minutes * 60_000),
        "suspend_task_after_num_failures": str(schedule.suspend_after_failures),
        "task_auto_retry_attempts": str(schedule.retries),
    }


def _compute(schedule: Schedule) -> dict[str, str]:
    if schedule.warehouse == BOUND_WAREHOUSE:
        return {"warehouse": "reference('run_warehouse')"}
    if schedule.warehouse is not None:
        return {"warehouse": schedule.warehouse}
    if schedule.serverless_size is not None:
        return {"user_task_managed_initial_warehouse_size": literal(schedule.serverless_size)}
    return {}
