"""The options of idr_schedule and the SQL of the tasks that they become."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import sqlglot

from emulator.names import Name
from emulator.tasks.definition import Task, read_create
from idr.errors import IdrError
from idr.schedule.options import Schedule, parse
from idr.schedule.tasks import graph, literal


def defined(schedule: Schedule) -> dict[str, Task]:
    """The tasks as the local Snowflake reads their CREATE statements."""

    def resolve(parts: list[str]) -> Name:
        return Name("DB", "OPS", parts[-1])

    read = [read_create(task.create(), resolve).task for task in graph(schedule)]
    return {task.name.name: task for task in read}


def test_without_options_a_gated_hourly_graph_a_weekly_one_and_a_cleanup() -> None:
    tasks = defined(parse({}))
    assert list(tasks) == [
        "IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK", "IDR_REPORT_TASK",
        "IDR_WEEKLY_DRY_RUN_TASK", "IDR_WEEKLY_FULL_TASK", "IDR_WEEKLY_REPORT_TASK", "IDR_CLEANUP_TASK",
    ]  # fmt: skip
    for dry, live, report, mode in (
        ("IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK", "IDR_REPORT_TASK", "INCR"),
        ("IDR_WEEKLY_DRY_RUN_TASK", "IDR_WEEKLY_FULL_TASK", "IDR_WEEKLY_REPORT_TASK", "FULL"),
    ):
        assert tasks[dry].is_root
        assert tasks[dry].overlap_policy == "NO_OVERLAP"
        assert json.loads(tasks[dry].config or "") == {"mode": mode, "max_iters": 30}
        assert [name.name for name in tasks[live].predecessors] == [dry]
        assert tasks[live].condition == f"system$get_predecessor_return_value('{dry}') = 'PASS'"
        finalizes = tasks[report].finalizes
        assert finalizes is not None
        assert finalizes.name == dry
    assert tasks["IDR_DRY_RUN_TASK"].schedule_text == "60 MINUTES"
    assert tasks["IDR_WEEKLY_DRY_RUN_TASK"].schedule_text == "USING CRON 30 4 * * 0 UTC"
    assert {task.warehouse for task in tasks.values()} == {None}, "serverless"


def test_every_option_reaches_the_tasks() -> None:
    options = {
        "CRON": "*/30 8-18 * * mon-fri", "time_zone": "Europe/Berlin", "mode": "full", "max_iters": 12.0,
        "warehouse": '"My WH"', "timeout_minutes": 90, "retries": 2, "suspend_after_failures": 3, "weekly_full": False,
        "notify": "PAGER",
    }  # fmt: skip
    schedule = parse(options)
    tasks = defined(schedule)
    assert set(tasks) == {"IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK", "IDR_REPORT_TASK", "IDR_CLEANUP_TASK"}
    root = tasks["IDR_DRY_RUN_TASK"]
    assert root.schedule_text == "USING CRON */30 8-18 * * MON-FRI Europe/Berlin"
    assert json.loads(root.config or "") == {"mode": "FULL", "max_iters": 12}
    assert {task.warehouse for task in tasks.values()} == {"My WH"}
    assert (root.timeout_ms, root.retry_attempts, root.suspend_after_failures) == (5_400_000, 2, 3)
    assert schedule.notify == "PAGER"
    assert parse(schedule.to_dict()) == schedule, "what is stored can be read again"


def test_a_bound_warehouse_and_a_serverless_size() -> None:
    assert defined(parse({"warehouse": "reference"}))["IDR_CLEANUP_TASK"].warehouse == "reference('run_warehouse')"
    sized = defined(parse({"serverless_size": "small"}))["IDR_DRY_RUN_TASK"]
    assert sized.settings["USER_TASK_MANAGED_INITIAL_WAREHOUSE_SIZE"] == "SMALL"


def test_without_a_gate_there_is_one_plain_task() -> None:
    tasks = defined(parse({"gate": "none", "weekly_full": False}))
    assert set(tasks) == {"IDR_LIVE_RUN_TASK", "IDR_CLEANUP_TASK"}
    run = tasks["IDR_LIVE_RUN_TASK"]
    assert (run.schedule_text, run.condition) == ("60 MINUTES", None)
    assert "call core.idr_run(:mode, :max_iters, false)" in run.definition


def problems(options: dict[str, Any]) -> list[str]:
    with pytest.raises(IdrError) as caught:
        parse(options)
    assert {problem.code for problem in caught.value.problems} == {"IDR-601"}
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_are_told_at_once_with_a_suggestion() -> None:
    found = problems({"shedule": "1 HOUR", "mode": "INC", "max_iters": 0, "retries": True, "cron": "0 *"})
    assert len(found) == 5
    assert 'option "shedule": there is no such option. Did you mean "schedule"?' in found[0]
    assert 'Did you mean "INCR"?' in found[1]
    assert "from 1 to 1,000" in found[2]
    assert "from 0 to 30" in found[3]
    assert "five fields" in found[4]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"schedule": "hourly"}, "'60 MINUTES'"),
        ({"schedule": "5 SECONDS"}, "from 10 seconds"),
        ({"schedule": 60}, "'60 MINUTES'"),
        ({"schedule": "1 HOUR", "cron": "0 * * * *"}, "exclude each other"),
        ({"warehouse": "WH", "serverless_size": "SMALL"}, "exclude each other"),
        ({"warehouse": "WH; drop table x"}, "Give one name"),
        ({"warehouse": ""}, "Give one name"),
        ({"cron": "60 * * * *"}, "has the minute '60'"),
        ({"cron": "0 24 * * *"}, "has the hour '24'"),
        ({"cron": "0 0 0 * *"}, "has the day of month '0'"),
        ({"cron": "0 0 * 13 *"}, "has the month '13'"),
        ({"cron": "0 0 * * 7"}, "has the day of week '7'"),
        ({"cron": "*/0 * * * *"}, "has the minute '*/0'"),
        ({"cron": "1-2-3 * * * *"}, "has the minute '1-2-3'"),
        ({"cron": "L * * * *"}, "has the minute 'L'"),
        ({"weekly_full": True}, "five fields"),
        ({"time_zone": "Europe/Berlim"}, 'Did you mean "Europe/Berlin"?'),
        ({"time_zone": "x' as select 1"}, "IANA"),
        ({"gate": "dry-run"}, 'Did you mean "dry_run"?'),
        ({"serverless_size": "HUGE"}, "Give one of XSMALL"),
        ({"timeout_minutes": 10_081}, "from 1 to 10,080"),
        ({"suspend_after_failures": "often"}, "whole number"),
        ({"notify": ["a"]}, "Give one name"),
        ({"max_iters": 1.5}, "whole number"),
        ({"max_iters": None}, "whole number"),
    ],
)
def test_what_an_option_may_not_be(options: dict[str, Any], told: str) -> None:
    [found] = problems(options)
    assert told in found


@pytest.mark.parametrize("cron", ["0 2 L * *", "15,45 */2 1-15 JAN,JUL SUN-SAT", "0 0 * * 5L", "5 4 * * *"])
def test_crons_that_are_taken(cron: str) -> None:
    assert parse({"cron": cron}).start == f"USING CRON {cron.upper()} UTC"


@pytest.mark.parametrize("value", ["plain", "o'clock", r"back\slash", r"\'; drop table x --", "'", "\\", "line\nbreak"])
def test_a_literal_reads_back_as_its_value(value: str) -> None:
    assert sqlglot.parse_one(f"select {literal(value)}", read="snowflake").expressions[0].this == value


def test_bodies_hold_no_option() -> None:
    """Whatever the options, the body of a task is its file: nothing is formatted into it."""
    odd = parse({"max_iters": 999, "mode": "FULL", "time_zone": "Asia/Tokyo", "cron": "7 7 * * *", "notify": "ODD"})
    for name, task in defined(odd).items():
        assert task.definition == defined(Schedule())[name].definition
        assert not re.search(r"999|Tokyo|ODD", task.definition)
