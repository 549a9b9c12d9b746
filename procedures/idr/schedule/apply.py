"""Puts a schedule in force, takes it away, brings it back after an upgrade, and tells how it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from idr.errors import IdrError
from idr.schedule.options import Schedule, parse
from idr.schedule.starts import starts
from idr.schedule.tasks import SCHEMA, Task, graph, literal
from idr.statement import read
from idr.warehouse import Row, Warehouse

Answer = dict[str, Any]


def schedule(wh: Warehouse, options: Mapping[str, Any], now: datetime) -> Answer:
    """Create the task graph of the options, or change it in place, and start it. Raises IDR-601; IDR-501 leaves the
    former schedule in force.
    """
    wanted = parse(options)
    before = current(wh)
    try:
        _build(wh, wanted, before, now)
        _resume(wh, graph(wanted))
    except IdrError:
        if before is None:
            unschedule(wh)
        else:
            _build(wh, before, None, now)
            _resume(wh, graph(before))
        raise
    names = [task.name for task in graph(wanted)]
    return {"scheduled": True, "options": wanted.to_dict(), "tasks": names}


def unschedule(wh: Warehouse) -> Answer:
    """Drop the tasks and forget the options; run history and alerts stay."""
    present = _present(wh)
    _suspend_roots(wh, present)
    _drop(wh, present)
    wh.execute("delete from idr_meta.schedule")
    return {"scheduled": False, "dropped": sorted(present)}


def restore(wh: Warehouse, now: datetime) -> str:
    """Bring the tasks to what this version wants; those that a person or failures suspended stay suspended."""
    kept = current(wh)
    if kept is None:
        return "nothing is scheduled"
    stopped = {name for name, row in _present(wh).items() if row["state"] == "suspended"}
    _build(wh, kept, kept, now)
    tasks = graph(kept)
    _resume(wh, [task for task in tasks if task.name not in stopped])
    note = f", {', '.join(sorted(stopped))} suspended as before" if stopped else ""
    return f"{len(tasks)} tasks are scheduled{note}"


def current(wh: Warehouse) -> Schedule | None:
    """The schedule in force."""
    rows = wh.query("select options from idr_meta.schedule")
    return parse(json.loads(str(rows[0]["options"]))) if rows else None


def status(wh: Warehouse) -> Answer | None:
    """Options and tasks with their last outcome and next start; None when nothing is scheduled."""
    kept = current(wh)
    if kept is None:
        return None
    known = outcomes(wh)
    tasks = [
        {
            "name": name,
            "state": row["state"],
            "suspended_because": row["last_suspended_reason"],
            "schedule": row["schedule"],
            "last": next((run for run in known.get(name, []) if run["state"] != "SCHEDULED"), None),
            "next_start": next((run["at"] for run in known.get(name, []) if run["state"] == "SCHEDULED"), None),
        }
        for name, row in _present(wh).items()
    ]
    return {"options": kept.to_dict(), "tasks": tasks, "starts": starts(wh)}


def outcomes(wh: Warehouse) -> dict[str, list[Row]]:
    """The latest rows of TASK_HISTORY by task, the newest first.

    Snowflake may refuse such functions to an owner's rights procedure: then what the tasks wrote down themselves.
    """
    try:
        rows = wh.query(read("schedule/task_history"))
    except IdrError:
        rows = wh.query(read("schedule/task_runs"))
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.pop("name"), []).append(row)
    return found


def _present(wh: Warehouse) -> dict[str, Row]:
    """IDR's tasks that there are, by name."""
    rows = wh.query(rf"show tasks like 'IDR\\_%' in schema {SCHEMA}")
    return {str(row["name"]): row for row in rows}


def _build(wh: Warehouse, wanted: Schedule, before: Schedule | None, now: datetime) -> None:
    """Leave exactly the tasks of the schedule, all suspended, and remember its options."""
    tasks = graph(wanted)
    present = _present(wh)
    same_shape = before is not None and before.gate == wanted.gate
    kept = {task.name for task in tasks} if same_shape else set[str]()
    _suspend_roots(wh, present)
    _drop(wh, {name: row for name, row in present.items() if name not in kept})
    for task in tasks:
        _define(wh, task.create())
        for privilege, role in (("monitor", "idr_viewer"), ("operate", "idr_operator")):
            wh.execute(f"grant {privilege} on task {SCHEMA}.{task.name} to application role {role}")
    with wh.transaction():
        wh.execute("delete from idr_meta.schedule")
        wh.execute(
            "insert into idr_meta.schedule (options, scheduled_at) values (:options, :now)",
            {"options": json.dumps(wanted.to_dict()), "now": now},
        )


def _define(wh: Warehouse, text: str) -> None:
    """EXECUTE IMMEDIATE keeps the colons of a task's body from being read as binds of the statement around it."""
    wh.execute(f"execute immediate {literal(text)}")


def _suspend_roots(wh: Warehouse, tasks: Mapping[str, Row]) -> None:
    """No graph can be changed while its root runs on; only roots have a schedule."""
    for name, row in tasks.items():
        if row["schedule"]:
            wh.execute(f"alter task if exists {SCHEMA}.{name} suspend")


def _drop(wh: Warehouse, tasks: Mapping[str, Row]) -> None:
    for name in sorted(tasks, key=lambda name: bool(tasks[name]["schedule"])):  # roots last
        wh.execute(f"drop task if exists {SCHEMA}.{name}")


def _resume(wh: Warehouse, tasks: list[Task]) -> None:
    for task in reversed(tasks):  # the root last: it starts the graph
        wh.execute(f"alter task {SCHEMA}.{task.name} resume")
