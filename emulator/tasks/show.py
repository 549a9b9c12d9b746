"""SHOW TASKS and DESCRIBE TASK."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from emulator.result import Result, table
from emulator.tasks.definition import Task
from emulator.tasks.rules import Tasks, finalizer

COLUMNS = (
    "created_on:timestamp_ltz name id database_name schema_name owner comment warehouse schedule scheduling_mode "
    "target_completion_interval predecessors state definition condition allow_overlapping_execution error_integration "
    "success_integration last_committed_on:timestamp_ltz last_suspended_on:timestamp_ltz owner_role_type config "
    "last_suspended_reason task_relations execute_as_user overlap_policy"
)


def show_tasks(shown: Iterable[Task], tasks: Tasks) -> Result:
    """One row for each task of `shown`; `tasks` are all tasks, for the relations between them."""
    return table(COLUMNS, [_row(task, tasks) for task in shown])


def _row(task: Task, tasks: Tasks) -> tuple[Any, ...]:
    settings = task.settings
    predecessors = [str(name) for name in task.predecessors]
    relations: dict[str, Any] = {"Predecessors": predecessors}
    last = finalizer(task.name, tasks)
    if last is not None:
        relations["FinalizerTask"] = str(last.name)
    if task.finalizes is not None:
        relations = {"FinalizedRootTask": str(task.finalizes), **relations}
    policy = task.overlap_policy
    return (
        task.created_on,
        task.name.name,
        task.id,
        task.name.database,
        task.name.schema,
        task.owner,
        task.comment or "",
        task.warehouse,
        task.schedule_text,
        None,
        settings.get("TARGET_COMPLETION_INTERVAL"),
        json.dumps(predecessors),
        "started" if task.started else "suspended",
        task.definition,
        task.condition,
        str(policy == "ALLOW_CHILD_OVERLAP").lower() if task.is_root else "null",
        settings.get("ERROR_INTEGRATION", "null"),
        settings.get("SUCCESS_INTEGRATION", "null"),
        task.resumed_on,
        task.suspended_on,
        "ROLE",
        task.config,
        task.suspended_reason,
        json.dumps(relations, separators=(",", ":")),
        task.execute_as_user,
        policy if task.is_root else None,
    )
