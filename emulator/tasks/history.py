"""TASK_HISTORY, COMPLETE_TASK_GRAPHS and CURRENT_TASK_GRAPHS: their rows, columns and arguments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from emulator.errors import SqlError
from emulator.names import Name
from emulator.result import Result, table

_FAILED = ("FAILED", "FAILED_AND_AUTO_SUSPENDED", "CANCELLED")
_OVER = ("SUCCEEDED", "FAILED", "CANCELLED")
_MAX_ROWS = 10_000
_KEPT = timedelta(days=7)

TASK_HISTORY_COLUMNS = (
    "QUERY_ID NAME DATABASE_NAME SCHEMA_NAME QUERY_TEXT CONDITION_TEXT STATE ERROR_CODE ERROR_MESSAGE "
    "SCHEDULED_TIME:timestamp_ltz QUERY_START_TIME:timestamp_ltz NEXT_SCHEDULED_TIME:timestamp_ltz "
    "COMPLETED_TIME:timestamp_ltz ROOT_TASK_ID GRAPH_VERSION:fixed RUN_ID:fixed RETURN_VALUE SCHEDULED_FROM "
    "ATTEMPT_NUMBER:fixed CONFIG QUERY_HASH QUERY_HASH_VERSION:fixed QUERY_PARAMETERIZED_HASH "
    "QUERY_PARAMETERIZED_HASH_VERSION:fixed GRAPH_RUN_GROUP_ID BACKFILL_INFO SCHEDULED_BY_USER"
)
TASK_GRAPHS_COLUMNS = (
    "ROOT_TASK_NAME DATABASE_NAME SCHEMA_NAME STATE FIRST_ERROR_TASK_NAME FIRST_ERROR_CODE:fixed FIRST_ERROR_MESSAGE "
    "SCHEDULED_TIME:timestamp_ltz QUERY_START_TIME:timestamp_ltz NEXT_SCHEDULED_TIME:timestamp_ltz "
    "COMPLETED_TIME:timestamp_ltz ROOT_TASK_ID GRAPH_VERSION:fixed RUN_ID:fixed ATTEMPT_NUMBER:fixed SCHEDULED_FROM "
    "CONFIG GRAPH_RUN_GROUP_ID BACKFILL_INFO SCHEDULED_BY_USER"
)


@dataclass(slots=True)
class TaskRun:
    """A row of TASK_HISTORY. Times are in UTC; `run_id` is the scheduled time in milliseconds since 1970."""

    name: Name
    query_text: str
    state: str
    scheduled_time: datetime
    root_task_id: str
    graph_version: int
    run_id: int
    scheduled_from: str
    graph_run_group_id: str
    attempt_number: int = 1
    query_id: str | None = None
    condition_text: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    query_start_time: datetime | None = None
    next_scheduled_time: datetime | None = None
    completed_time: datetime | None = None
    return_value: str | None = None
    config: str | None = None

    @property
    def key(self) -> tuple[str, int, Name]:
        return self.graph_run_group_id, self.attempt_number, self.name

    def values(self) -> tuple[Any, ...]:
        """The row in the order of TASK_HISTORY_COLUMNS."""
        name = self.name
        return (
            self.query_id, name.name, name.database, name.schema, self.query_text, self.condition_text, self.state,
            self.error_code, self.error_message, self.scheduled_time, self.query_start_time, self.next_scheduled_time,
            self.completed_time, self.root_task_id, self.graph_version, self.run_id, self.return_value,
            self.scheduled_from, self.attempt_number, self.config, None, None, None, None, self.graph_run_group_id,
            None, None,
        )  # fmt: skip


@dataclass(slots=True)
class GraphRecord:
    """A run of a graph: a row of CURRENT_TASK_GRAPHS while it lasts, of COMPLETE_TASK_GRAPHS afterwards."""

    root: Name
    state: str
    scheduled_time: datetime
    root_task_id: str
    graph_version: int
    run_id: int
    scheduled_from: str
    graph_run_group_id: str
    attempt_number: int = 1
    query_start_time: datetime | None = None
    next_scheduled_time: datetime | None = None
    completed_time: datetime | None = None
    config: str | None = None
    first_error: TaskRun | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.graph_run_group_id, self.attempt_number

    def values(self) -> tuple[Any, ...]:
        """The row in the order of TASK_GRAPHS_COLUMNS."""
        root, error = self.root, self.first_error
        code = int(error.error_code) if error and error.error_code else None
        return (
            root.name, root.database, root.schema, self.state, error.name.name if error else None, code,
            error.error_message if error else None, self.scheduled_time, self.query_start_time,
            self.next_scheduled_time, self.completed_time, self.root_task_id, self.graph_version, self.run_id,
            self.attempt_number, self.scheduled_from, self.config, self.graph_run_group_id, None, None,
        )  # fmt: skip


def task_history(
    runs: Iterable[TaskRun],
    now: datetime,
    scheduled_time_range_start: datetime | None = None,
    scheduled_time_range_end: datetime | None = None,
    result_limit: int = 100,
    task_name: str | None = None,
    error_only: bool = False,
    root_task_id: str | None = None,
    database_name: str | None = None,
    schema_name: str | None = None,
) -> Result:
    """TABLE(INFORMATION_SCHEMA.TASK_HISTORY(..)): the most recent runs first.

    The limit applies here, before any WHERE of the query around it. Raises for a range older than seven days and for a
    limit outside 1 to 10,000.
    """
    _check_limit(result_limit)
    if scheduled_time_range_start is not None and scheduled_time_range_start < now - _KEPT:
        raise SqlError("Cannot retrieve data from more than 7 days ago.", "100357", "22023")
    least = scheduled_time_range_start or now - _KEPT
    most = scheduled_time_range_end
    found = [
        run
        for run in runs
        if run.scheduled_time >= least
        and (most is None or run.scheduled_time <= most)
        and (task_name is None or run.name.name.upper() == task_name.upper())
        and (database_name is None or run.name.database.upper() == database_name.upper())
        and (schema_name is None or run.name.schema.upper() == schema_name.upper())
        and (root_task_id is None or run.root_task_id == root_task_id)
        and (not error_only or run.state in _FAILED)
    ]
    found.sort(key=lambda run: (run.scheduled_time, run.query_start_time or run.scheduled_time), reverse=True)
    return table(TASK_HISTORY_COLUMNS, [run.values() for run in found[:result_limit]])


def complete_task_graphs(
    graphs: Iterable[GraphRecord], result_limit: int = 1000, root_task_name: str | None = None, error_only: bool = False
) -> Result:
    """COMPLETE_TASK_GRAPHS: the runs of graphs that are over. A run whose root was skipped is none."""
    return _graphs(graphs, result_limit, root_task_name, [s for s in _OVER if not error_only or s != "SUCCEEDED"])


def current_task_graphs(
    graphs: Iterable[GraphRecord], result_limit: int = 1000, root_task_name: str | None = None
) -> Result:
    """CURRENT_TASK_GRAPHS: the runs that are scheduled or executing."""
    return _graphs(graphs, result_limit, root_task_name, ["SCHEDULED", "EXECUTING"])


def _graphs(graphs: Iterable[GraphRecord], limit: int, root: str | None, states: list[str]) -> Result:
    if limit > _MAX_ROWS:
        raise _too_many()
    found = [graph for graph in graphs if graph.state in states and root in (None, graph.root.name)]
    found.sort(key=lambda graph: (graph.scheduled_time, graph.attempt_number), reverse=True)
    return table(TASK_GRAPHS_COLUMNS, [graph.values() for graph in found[:limit]])


def _check_limit(limit: int) -> None:
    if limit > _MAX_ROWS:
        raise _too_many()
    if limit < 1:
        raise SqlError(f"Invalid value [{limit}] for parameter RESULT_LIMIT: must be at least 1.", "001015", "22023")


def _too_many() -> SqlError:
    return SqlError("Value for parameter RESULT_LIMIT exceeds maximum allowable value (10,000).", "001015", "22023")
