"""TASK_HISTORY and the functions over graphs: arguments, order, columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from emulator.errors import SqlError
from emulator.names import Name
from emulator.tasks.history import GraphRecord, TaskRun, complete_task_graphs, current_task_graphs, task_history

NOW = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)


def run(
    hours_ago: float, task: str = "A", state: str = "SUCCEEDED", database: str = "APP", root: str = "root-1"
) -> TaskRun:
    scheduled = NOW - timedelta(hours=hours_ago)
    name = Name(database, "OPS", task)
    run_id = int(scheduled.timestamp() * 1000)
    return TaskRun(name, "call x()", state, scheduled, root, 1, run_id, "SCHEDULE", f"group-{hours_ago}")


def record(hours_ago: float, state: str, root: str = "A") -> GraphRecord:
    scheduled = NOW - timedelta(hours=hours_ago)
    return GraphRecord(Name("APP", "OPS", root), state, scheduled, "root-1", 1, 0, "SCHEDULE", f"group-{hours_ago}")


def names(result, column: str = "NAME") -> list[str]:
    return [row[column] for row in result.records()]


def test_columns_are_in_snowflakes_order():
    columns = [column.name for column in task_history([], NOW).columns]
    assert columns[:20] == [
        "QUERY_ID", "NAME", "DATABASE_NAME", "SCHEMA_NAME", "QUERY_TEXT", "CONDITION_TEXT", "STATE", "ERROR_CODE",
        "ERROR_MESSAGE", "SCHEDULED_TIME", "QUERY_START_TIME", "NEXT_SCHEDULED_TIME", "COMPLETED_TIME", "ROOT_TASK_ID",
        "GRAPH_VERSION", "RUN_ID", "RETURN_VALUE", "SCHEDULED_FROM", "ATTEMPT_NUMBER", "CONFIG",
    ]  # fmt: skip
    assert "GRAPH_RUN_GROUP_ID" in columns
    graphs = [column.name for column in complete_task_graphs([]).columns]
    assert graphs == [
        "ROOT_TASK_NAME", "DATABASE_NAME", "SCHEMA_NAME", "STATE", "FIRST_ERROR_TASK_NAME", "FIRST_ERROR_CODE",
        "FIRST_ERROR_MESSAGE", "SCHEDULED_TIME", "QUERY_START_TIME", "NEXT_SCHEDULED_TIME", "COMPLETED_TIME",
        "ROOT_TASK_ID", "GRAPH_VERSION", "RUN_ID", "ATTEMPT_NUMBER", "SCHEDULED_FROM", "CONFIG", "GRAPH_RUN_GROUP_ID",
        "BACKFILL_INFO", "SCHEDULED_BY_USER",
    ]  # fmt: skip


def test_each_value_is_under_its_name():
    row = run(1)
    row.return_value, row.error_code, row.config, row.query_id = "PASS", "000630", "{}", "q"
    found = task_history([row], NOW).records()[0]
    assert (found["RETURN_VALUE"], found["ERROR_CODE"], found["CONFIG"], found["QUERY_ID"]) == (
        "PASS",
        "000630",
        "{}",
        "q",
    )
    assert (found["SCHEDULED_TIME"], found["RUN_ID"]) == (row.scheduled_time, row.run_id)
    assert (found["GRAPH_RUN_GROUP_ID"], found["SCHEDULED_FROM"]) == ("group-1", "SCHEDULE")


def test_the_most_recent_hundred_come_first_whatever_the_query_filters_later():
    runs = [run(n / 2, "NOISY") for n in range(1, 150)] + [run(100, "QUIET")]
    result = task_history(runs, NOW)
    assert len(result.rows) == 100
    assert "QUIET" not in names(result)
    times = [row["SCHEDULED_TIME"] for row in result.records()]
    assert times == sorted(times, reverse=True)
    assert names(task_history(runs, NOW, task_name="quiet")) == ["QUIET"]
    assert len(task_history(runs, NOW, result_limit=3).rows) == 3


def test_filters():
    runs = [run(1), run(2, state="FAILED"), run(3, "B", "FAILED_AND_AUTO_SUSPENDED"), run(4, "C", root="root-2"),
            run(5, "A", "SKIPPED", "OTHER"), run(-1, "A", "SCHEDULED")]  # fmt: skip
    assert names(task_history(runs, NOW, error_only=True), "STATE") == ["FAILED", "FAILED_AND_AUTO_SUSPENDED"]
    assert names(task_history(runs, NOW, root_task_id="root-2")) == ["C"]
    assert names(task_history(runs, NOW, database_name="other"), "STATE") == ["SKIPPED"]
    assert names(task_history(runs, NOW, scheduled_time_range_end=NOW), "STATE")[0] == "SUCCEEDED"
    start, end = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
    assert names(task_history(runs, NOW, start, end)) == ["A", "B"]


def test_the_range_is_seven_days():
    assert names(task_history([run(167), run(169)], NOW), "RUN_ID") == [run(167).run_id]
    with pytest.raises(SqlError, match="7 days"):
        task_history([], NOW, NOW - timedelta(days=8))


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_the_limit_is_from_one_to_ten_thousand(limit):
    with pytest.raises(SqlError, match="RESULT_LIMIT"):
        task_history([], NOW, result_limit=limit)


def test_graphs_that_are_over_and_graphs_that_are_not():
    graphs = [
        record(3, "SUCCEEDED"),
        record(2, "FAILED"),
        record(1, "EXECUTING"),
        record(4, "SKIPPED"),
        record(5, "FAILED", "B"),
    ]
    assert names(complete_task_graphs(graphs), "STATE") == ["FAILED", "SUCCEEDED", "FAILED"]
    assert names(complete_task_graphs(graphs, root_task_name="B"), "ROOT_TASK_NAME") == ["B"]
    assert names(complete_task_graphs(graphs, error_only=True), "STATE") == ["FAILED", "FAILED"]
    assert names(current_task_graphs(graphs), "STATE") == ["EXECUTING"]
    with pytest.raises(SqlError, match="exceeds maximum allowable value"):
        complete_task_graphs(graphs, result_limit=10_001)


def test_the_first_error_of_a_graph_is_named():
    graph = record(1, "FAILED")
    graph.first_error = run(1, "C", "FAILED")
    graph.first_error.error_code, graph.first_error.error_message = "000630", "timeout"
    row = complete_task_graphs([graph]).records()[0]
    assert (row["FIRST_ERROR_TASK_NAME"], row["FIRST_ERROR_CODE"], row["FIRST_ERROR_MESSAGE"]) == ("C", 630, "timeout")
