"""What became of each start of the task graphs: one outcome, and why."""

from __future__ import annotations

from typing import Any

from idr.errors import IdrError
from idr.statement import read
from idr.warehouse import Row, Warehouse

_LIMIT = 50
_OVER = "SUCCEEDED"


def starts(wh: Warehouse) -> list[dict[str, Any]]:
    """The latest starts, the newest first: task, at, outcome, why, and the run that decided.

    The outcome is PUBLISHED, HELD, SKIPPED (another run held the lock), FAILED, RUNNING, or LEFT_OUT: a scheduled time
    at which the graph was still at work, or suspended. Snowflake begins no run then and TASK_HISTORY has no row of it;
    the row before tells for when the next start was planned. Where TASK_HISTORY cannot be read, starts that wrote
    nothing down are missing.
    """
    runs: dict[str, list[Row]] = {}
    for row in wh.query(read("schedule/graph_runs"), {"row_limit": 4 * _LIMIT}):
        runs.setdefault(row["graph_run"], []).append(row)
    try:
        tasks = wh.query(read("schedule/graph_tasks"))
    except IdrError:
        tasks = []
    if not tasks:
        return [_told(group[0]["task_name"], group[0]["scheduled_at"], group, []) for group in runs.values()][:_LIMIT]
    groups: dict[str, list[Row]] = {}
    for row in tasks:
        groups.setdefault(row["graph_run"], []).append(row)
    found: list[dict[str, Any]] = []
    later: dict[str, str] = {}  # by root, the start after the one at hand
    for graph_run, rows in groups.items():
        root = next((row for row in rows if row["is_root"]), None)
        if root is None:
            continue
        name, following = root["name"], root["next_at"]
        if following is not None and name in later and following < later[name]:
            busy = root["ended_at"] is None or root["ended_at"] > following
            why = f"the start of {root['at']} was still at work" if busy else "the graph was suspended or changed"
            found.append({"task": name, "at": following, "outcome": "LEFT_OUT", "why": why, "run_id": None})
        found.append(_told(name, root["at"], runs.get(graph_run, []), rows))
        later[name] = root["at"]
    return found[:_LIMIT]


def _told(task: str, at: str, runs: list[Row], tasks: list[Row]) -> dict[str, Any]:
    outcome, why, run_id = _outcome(runs, tasks)
    return {"task": task, "at": at, "outcome": outcome, "why": why, "run_id": run_id}


def _outcome(runs: list[Row], tasks: list[Row]) -> tuple[str, str | None, str | None]:
    """The first of these that holds; a failure that was retried counts by its last attempt."""
    last = {row["task_name"]: row for row in runs}  # in order of time
    for outcome, statuses in (
        ("PUBLISHED", ("SUCCESS", "SUCCESS_WITH_WARNINGS")),
        ("HELD", ("HELD",)),
        ("FAILED", ("FAILED",)),
        ("SKIPPED", ("SKIPPED",)),
    ):
        for row in last.values():
            if row["status"] in statuses or (outcome == "HELD" and row["gate"] == "HOLD"):
                return outcome, row["reasons"] if outcome == "HELD" else row["why"], row["run_id"]
    failed = next((row for row in tasks if row["state"] not in (_OVER, "SKIPPED", "EXECUTING")), None)
    if failed is not None:
        return "FAILED", f"{failed['name']} {failed['state']}: {failed['error_message']}", None
    if not tasks or any(row["state"] == "EXECUTING" for row in tasks):
        return "RUNNING", None, runs[0]["run_id"] if runs else None
    return "FAILED", "the live task did not run: it is suspended", runs[0]["run_id"] if runs else None
