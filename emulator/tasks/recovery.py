"""What the history says: runs to take up after a restart, a run to retry, failures in a row."""

from __future__ import annotations

from datetime import datetime, timedelta

from emulator.names import Name, shown
from emulator.tasks import graph as states
from emulator.tasks.definition import Task
from emulator.tasks.errors import refused
from emulator.tasks.graph import GraphRun
from emulator.tasks.history import GraphRecord, TaskRun
from emulator.tasks.rules import members
from emulator.tasks.store import TaskStore

_RETRY_WITHIN = timedelta(days=14)
_KEPT = (states.SUCCEEDED, states.SKIPPED)  # what an attempt takes over from the attempt before


def failures_in_a_row(store: TaskStore) -> dict[str, int]:
    """By task id, how often each task failed since it last succeeded or suspended its graph."""
    ids = {task.name: task.id for task in store.tasks().values()}
    last: dict[tuple[str, Name], TaskRun] = {}
    for row in sorted(store.runs(), key=lambda row: (row.scheduled_time, row.attempt_number)):
        last[row.graph_run_group_id, row.name] = row
    found: dict[str, int] = {}
    for row in last.values():
        task_id = ids.get(row.name)
        if task_id is not None and row.state in (states.SUCCEEDED, states.AUTO_SUSPENDED):
            found.pop(task_id, None)
        elif task_id is not None and row.state == states.FAILED:
            found[task_id] = found.get(task_id, 0) + 1
    return found


def last_successes(store: TaskStore) -> dict[Name, GraphRecord]:
    """The latest run of each graph that succeeded, by root."""
    good = [record for record in store.graphs() if record.state == states.SUCCEEDED]
    return {record.root: record for record in sorted(good, key=_order)}


def latest_rows(record: GraphRecord, store: TaskStore) -> list[TaskRun]:
    """The row of each task that counts in an attempt: its own, or what it took over from an earlier one."""
    found: dict[Name, TaskRun] = {}
    group = [row for row in store.runs() if row.graph_run_group_id == record.graph_run_group_id]
    for row in sorted(group, key=lambda row: row.attempt_number):
        if row.attempt_number == record.attempt_number or row.state in _KEPT:
            found[row.name] = row
    return list(found.values())


def restored(record: GraphRecord, store: TaskStore) -> GraphRun | None:
    """The run of a graph from its history; None when its root is no more, or the graph was changed since."""
    tasks = store.tasks()
    root = tasks.get(record.root)
    if root is None or root.id != record.root_task_id or root.version != record.graph_version:
        return None
    graph = {task.name: task for task in members(root.name, tasks)}
    run = GraphRun(
        root,
        graph,
        record.scheduled_time,
        record.scheduled_from,
        record.graph_run_group_id,
        record.config,
        record.attempt_number,
    )
    for row in latest_rows(record, store):
        run.states[row.name] = states.FAILED if row.state == states.AUTO_SUSPENDED else row.state
        run.return_values[row.name] = row.return_value
    return run


def run_to_retry(root: Task, store: TaskStore, now: datetime) -> GraphRun:
    """The last run of the graph, which failed: what EXECUTE TASK .. RETRY LAST repeats.

    Raises 091456 when it had no failures, 091457 when there is none, it is older than two weeks, or the graph changed.
    """
    name = shown(root.name.name)
    last = max((record for record in store.graphs() if record.root == root.name), key=_order, default=None)
    if last is not None and last.state == states.SUCCEEDED:
        which = f"GRAPH_RUN_GROUP_ID = {last.graph_run_group_id}, attempt = {last.attempt_number}"
        message = f"Cannot perform retry: run ({which}) of graph with root task {name} had no failures."
        raise refused(message, "091456")
    run = None
    if last is not None and last.state == states.FAILED and (last.completed_time or now) >= now - _RETRY_WITHIN:
        run = restored(last, store)
    if run is None:
        message = f"Cannot perform retry: no suitable run of graph with root task {name} to retry."
        raise refused(message, "091457")
    return run


def _order(record: GraphRecord) -> tuple[datetime, int]:
    return record.scheduled_time, record.attempt_number
