"""The scheduler on a virtual clock: graphs, gates, failures, timeouts, overlap, retries, restarts. No test sleeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emulator.errors import SqlError
from emulator.names import Name
from emulator.tasks import rules
from emulator.tasks.clock import RealClock, VirtualClock
from emulator.tasks.context import TaskContext
from emulator.tasks.definition import Task, read_alter, read_create
from emulator.tasks.history import GraphRecord, TaskRun
from emulator.tasks.scheduler import Scheduler

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PASS = "when system$get_predecessor_return_value('IDR_DRY_RUN_TASK') = 'PASS'"
GRAPH = (
    "create task idr_dry_run_task schedule = '60 MINUTES' overlap_policy = no_overlap as dry",
    f"create task idr_live_run_task after idr_dry_run_task {PASS} as live",
    "create task idr_report_task finalize = idr_dry_run_task as report",
)
DRY, LIVE, REPORT = "IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK", "IDR_REPORT_TASK"


def name(text: str) -> Name:
    return Name("APP", "OPS", text)


class Store:
    """A catalogue in memory. Rows are copied, so that only what was recorded survives a restart."""

    def __init__(self) -> None:
        self.all: dict[Name, Task] = {}
        self.rows: dict[object, TaskRun] = {}
        self.records: dict[object, GraphRecord] = {}

    def tasks(self) -> Mapping[Name, Task]:
        return self.all

    def save(self, task: Task) -> None:
        self.all[task.name] = task

    def record(self, run: TaskRun) -> None:
        self.rows[run.key] = replace(run)

    def record_graph(self, record: GraphRecord) -> None:
        self.records[record.key] = replace(record)

    def runs(self) -> list[TaskRun]:
        return [replace(run) for run in self.rows.values()]

    def graphs(self) -> list[GraphRecord]:
        return [replace(record) for record in self.records.values()]


class World:
    """Tasks whose bodies are Python functions, by task name, on a virtual clock."""

    def __init__(self, *statements: str, start: datetime = START, resume: bool = True) -> None:
        self.store = Store()
        self.clock = VirtualClock(start, patience=20)
        self.bodies: dict[str, Callable[[TaskContext], None]] = {}
        self.ran: list[str] = []
        self.boot()
        self.run(*statements)
        if resume:
            for task in list(self.store.all.values()):
                if task.is_root:
                    self.enable(task.name.name)

    def boot(self) -> None:
        """Start the server, as if the earlier one had been killed."""
        self.scheduler = Scheduler(self.store, self._body, self.clock, lambda stream: stream == "full")
        self.scheduler.recover()

    def _body(self, context: TaskContext) -> None:
        self.ran.append(context.task.name.name)
        self.bodies.get(context.task.name.name, lambda _: None)(context)

    def run(self, *statements: str) -> None:
        for text in statements:
            resolve = lambda parts: name(parts[-1])  # noqa: E731
            if text.startswith("create"):
                task = rules.create(read_create(text, resolve), self.store.all, self.clock.now())
            else:
                task = rules.alter(read_alter(text, resolve), self.store.all, self.clock.now())
            assert task is not None
            self.store.save(task)

    def enable(self, root: str) -> None:
        for task in rules.enable_dependents(name(root), self.store.all, self.clock.now()):
            self.store.save(task)

    def until(self, end: datetime) -> None:
        self.clock.run_until(self.scheduler, end)

    def later(self, **delta: float) -> None:
        self.until(self.clock.now() + timedelta(**delta))

    def rows(self, task: str) -> list[TaskRun]:
        found = [row for row in self.store.runs() if row.name.name == task]
        return sorted(found, key=lambda row: (row.scheduled_time, row.attempt_number))

    def states(self, task: str) -> list[str]:
        return [row.state for row in self.rows(task)]

    def graphs(self) -> list[str]:
        return [
            record.state for record in sorted(self.store.graphs(), key=lambda r: (r.scheduled_time, r.attempt_number))
        ]


def gate(verdict: str | None) -> Callable[[TaskContext], None]:
    return lambda context: context.set_return_value(verdict)


def fails(_: TaskContext) -> None:
    raise SqlError("IDR-301 did not converge", "100357", "P0000")


def takes(**delta: float) -> Callable[[TaskContext], None]:
    return lambda context: context.clock.sleep(timedelta(**delta).total_seconds())


class TestTheGate:
    def test_pass_runs_the_live_task_and_then_the_report(self):
        world = World(*GRAPH)
        world.bodies[DRY] = gate("PASS")
        world.later(minutes=60)
        assert world.ran == [DRY, LIVE, REPORT]
        row = world.rows(DRY)[0]
        assert (row.state, row.return_value, row.scheduled_from) == ("SUCCEEDED", "PASS", "SCHEDULE")
        assert row.scheduled_time == START + HOUR
        assert row.next_scheduled_time == START + 2 * HOUR
        assert row.run_id == int((START + HOUR).timestamp() * 1000)
        assert {r.graph_run_group_id for r in world.store.runs()} == {row.graph_run_group_id}
        assert world.graphs() == ["SUCCEEDED"]

    @pytest.mark.parametrize("verdict", ["HOLD", "pass", "", None])
    def test_anything_else_skips_the_live_task_and_reports(self, verdict):
        world = World(*GRAPH)
        world.bodies[DRY] = gate(verdict)
        world.later(minutes=60)
        assert world.ran == [DRY, REPORT]
        row = world.rows(LIVE)[0]
        assert (row.state, row.query_id, row.error_code) == ("SKIPPED", None, "0040003")
        assert row.error_message == "Conditional expression for task evaluated to false."
        assert world.graphs() == ["SUCCEEDED"]  # a held gate is a success for Snowflake

    def test_a_failed_dry_run_runs_no_child_but_the_report(self):
        world = World(*GRAPH)
        world.bodies[DRY] = fails
        world.later(minutes=60)
        assert world.ran == [DRY, REPORT]
        row = world.rows(DRY)[0]
        assert (row.state, row.error_code, row.error_message) == ("FAILED", "100357", "IDR-301 did not converge")
        assert world.rows(LIVE) == []
        record = world.store.graphs()[0]
        assert (record.state, record.first_error and record.first_error.name.name) == ("FAILED", DRY)

    def test_a_return_value_before_a_failure_lets_nothing_through(self):
        world = World(*GRAPH)
        world.bodies[DRY] = lambda context: (gate("PASS")(context), fails(context))
        world.later(minutes=60)
        assert LIVE not in world.ran
        assert world.rows(DRY)[0].return_value is None

    def test_a_body_that_breaks_fails_its_task_and_not_the_scheduler(self):
        world = World(*GRAPH)
        world.bodies[DRY] = lambda _: 1 / 0
        world.later(minutes=120)
        assert world.states(DRY) == ["FAILED", "FAILED"]
        assert "ZeroDivisionError" in (world.rows(DRY)[0].error_message or "")

    def test_the_last_verdict_does_not_leak_into_the_next_run(self):
        world = World(*GRAPH)
        verdicts = iter(["PASS", None, "PASS"])
        world.bodies[DRY] = lambda context: context.set_return_value(next(verdicts))
        world.later(hours=3)
        assert world.states(LIVE) == ["SUCCEEDED", "SKIPPED", "SUCCEEDED"]


class TestGraphs:
    CHAIN = ("create task r schedule = '1 HOUR' as x", "create task a after r as x", "create task b after a as x")

    def test_children_follow_their_predecessors_one_after_the_other(self):
        world = World(*self.CHAIN)
        world.bodies = {"R": takes(minutes=5), "A": takes(minutes=7)}
        world.later(minutes=90)
        assert world.rows("B")[0].query_start_time == START + HOUR + timedelta(minutes=12)

    def test_siblings_run_side_by_side_and_a_join_waits_for_both(self):
        world = World(*self.CHAIN[:2], "create task c after r as x", "create task j after a, c as x")
        world.bodies = {"A": takes(minutes=10), "C": takes(minutes=3)}
        world.later(minutes=90)
        assert world.rows("C")[0].query_start_time == world.rows("A")[0].query_start_time
        assert world.rows("J")[0].query_start_time == START + HOUR + timedelta(minutes=10)

    @pytest.mark.parametrize("outcome", ["fails", "is skipped"])
    def test_what_depends_on_a_task_that_did_not_succeed_does_not_run(self, outcome):
        condition = "when 1 = 2" if outcome == "is skipped" else ""
        world = World(
            self.CHAIN[0], f"create task a after r {condition} as x", *self.CHAIN[2:], "create task c after r as x"
        )
        world.bodies["A"] = fails
        world.later(minutes=60)
        assert world.rows("B") == []
        assert world.states("C") == ["SUCCEEDED"]
        assert world.graphs() == (["FAILED"] if outcome == "fails" else ["SUCCEEDED"])

    def test_a_suspended_task_counts_as_succeeded(self):
        world = World(*self.CHAIN, resume=False)
        world.run("alter task b resume", "alter task r resume")
        world.later(minutes=60)
        assert world.ran == ["R", "B"]
        assert world.rows("A") == []

    def test_a_suspended_task_whose_return_value_a_condition_names_fails_closed(self):
        when = "when system$get_predecessor_return_value('A') = 'PASS'"
        world = World(*self.CHAIN[:2], f"create task b after a {when} as x", resume=False)
        world.run("alter task b resume", "alter task r resume")
        world.later(minutes=60)
        assert world.ran == ["R"]
        assert world.states("B") == ["FAILED"]
        assert "'A' is not an enabled predecessor" in (world.rows("B")[0].error_message or "")

    def test_return_values_of_earlier_ancestors_are_seen_and_names_are_case_sensitive(self):
        seen: list[str | None] = []
        world = World(*self.CHAIN)
        world.bodies = {"R": gate("from r"), "B": lambda c: seen.append(c.predecessor_return_value("R"))}
        world.later(minutes=60)
        assert seen == ["from r"]
        world.bodies["B"] = lambda context: context.predecessor_return_value("r")
        world.later(minutes=60)
        assert world.states("B") == ["SUCCEEDED", "FAILED"]

    def test_a_root_that_is_skipped_runs_neither_children_nor_finalizer(self):
        world = World(
            "create task r schedule = '1 HOUR' when system$stream_has_data('empty') as x",
            "create task a after r as x",
            "create task f finalize = r as x",
        )
        world.later(minutes=60)
        assert world.ran == []
        assert world.states("R") == ["SKIPPED"]
        assert world.graphs() == ["SKIPPED"]

    def test_a_change_during_a_run_is_for_the_next_run(self):
        world = World(*self.CHAIN)
        world.bodies["R"] = takes(minutes=30)
        world.later(minutes=70)
        world.run("alter task r suspend", "alter task a modify as changed", "alter task r resume")
        world.later(minutes=20)
        assert world.rows("A")[0].query_text == "x"
        world.later(minutes=90)
        assert world.rows("A")[1].query_text == "changed"
        assert [row.graph_version for row in world.rows("R")] == [2, 3]


class TestTime:
    def test_a_week_of_hourly_runs_has_one_outcome_for_each_start(self):
        world = World(*GRAPH)
        count = Counter[str]()

        def dry(context: TaskContext) -> None:
            count["dry"] += 1
            context.set_return_value("HOLD" if count["dry"] % 10 == 0 else "PASS")

        world.bodies[DRY] = dry
        world.later(days=7)
        rows = world.rows(DRY)
        assert [row.scheduled_time for row in rows] == [START + n * HOUR for n in range(1, 169)]
        assert Counter(world.states(LIVE)) == {"SUCCEEDED": 152, "SKIPPED": 16}
        assert world.ran.count(REPORT) == 168

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (datetime(2026, 3, 7, 20, tzinfo=UTC), ["03-09 09:30", "03-10 09:30"]),  # the eighth has no 02:30
            (datetime(2026, 10, 31, 20, tzinfo=UTC), ["11-01 10:30", "11-02 10:30", "11-03 10:30"]),
        ],
    )
    def test_a_cron_follows_the_local_clock(self, day, expected):
        world = World("create task r schedule = 'USING CRON 30 2 * * * America/Los_Angeles' as x", start=day)
        world.later(days=3)
        assert [row.scheduled_time.strftime("%m-%d %H:%M") for row in world.rows("R")] == expected

    def test_a_cron_time_that_comes_twice_runs_twice(self):
        cron = "create task r schedule = 'USING CRON 0 1 * * * America/Los_Angeles' as x"
        world = World(cron, start=datetime(2026, 10, 31, 20, tzinfo=UTC))
        world.later(days=1)
        assert [row.scheduled_time.hour for row in world.rows("R")] == [8, 9]

    def test_no_start_while_a_run_of_the_graph_lasts(self):
        world = World("create task r schedule = '10 MINUTES' as x", "create task a after r as x")
        world.bodies["A"] = takes(minutes=25)
        world.later(minutes=61)
        assert [(row.scheduled_time - START) // timedelta(minutes=1) for row in world.rows("R")] == [10, 40]

    def test_child_overlap_lets_the_root_run_again_and_all_overlap_any(self):
        def starts(policy: str, task: str) -> int:
            world = World(
                f"create task r schedule = '10 MINUTES' overlap_policy = {policy} as x", "create task a after r as x"
            )
            world.bodies[task] = takes(minutes=25)
            world.later(minutes=45)
            return len(world.rows("R"))

        assert starts("allow_child_overlap", "A") == 4
        assert starts("allow_child_overlap", "R") == 2
        assert starts("allow_all_overlap", "R") == 4

    def test_a_suspended_root_does_not_start_and_a_resumed_one_counts_anew(self):
        world = World("create task r schedule = '60 MINUTES' as x")
        world.later(minutes=70)
        world.run("alter task r suspend")
        world.later(minutes=80)
        world.run("alter task r resume")
        world.later(minutes=59)
        assert len(world.rows("R")) == 1
        world.later(minutes=1)
        assert len(world.rows("R")) == 2

    def test_the_next_start_is_announced_as_scheduled(self):
        world = World("create task r schedule = '60 MINUTES' as x")
        world.later(minutes=61)
        (row,) = world.scheduler.pending()
        assert (row.state, row.scheduled_time, row.query_id) == ("SCHEDULED", START + 2 * HOUR, None)


class TestTimeouts:
    def test_a_task_that_takes_too_long_has_failed_at_its_limit(self):
        world = World(GRAPH[0].replace(" as ", " user_task_timeout_ms = 60000 as "), *GRAPH[1:])
        contexts: list[TaskContext] = []

        def late(context: TaskContext) -> None:
            contexts.append(context)
            context.clock.sleep(3000)
            context.set_return_value("PASS")

        world.bodies[DRY] = late
        world.later(minutes=119)
        row = world.rows(DRY)[0]
        assert (row.state, row.error_code) == ("FAILED", "000630")
        assert "timeout of 60 second(s)" in (row.error_message or "")
        assert row.completed_time == START + HOUR + timedelta(minutes=1)
        assert contexts[0].cancelled.is_set()
        assert world.ran == [DRY, REPORT]  # what came after the limit is ignored
        assert world.rows(DRY)[0].return_value is None

    def test_the_limit_is_an_hour_unless_set(self):
        world = World("create task r schedule = '3 HOURS' as x")
        world.bodies["R"] = takes(hours=2)
        world.later(hours=6)
        assert world.states("R") == ["FAILED", "EXECUTING"]
        assert world.rows("R")[0].completed_time == START + 4 * HOUR

    def test_the_roots_limit_ends_the_whole_graph(self):
        world = World("create task r schedule = '3 HOURS' user_task_timeout_ms = 1800000 as x", *TestGraphs.CHAIN[1:])
        world.bodies = {"R": takes(minutes=20), "A": takes(minutes=20)}
        world.later(hours=4)
        assert world.states("A") == ["FAILED"]
        assert world.rows("A")[0].completed_time == START + 3 * HOUR + timedelta(minutes=30)
        assert world.rows("B") == []
        assert world.graphs() == ["FAILED"]


class TestFailures:
    def test_auto_retry_repeats_what_failed_with_the_next_attempt_number(self):
        world = World("create task r schedule = '1 HOUR' task_auto_retry_attempts = 2 as x", *TestGraphs.CHAIN[1:],
                      "create task f finalize = r as x")  # fmt: skip
        tries = Counter[str]()

        def flaky(context: TaskContext) -> None:
            tries["a"] += 1
            if tries["a"] < 3:
                fails(context)

        world.bodies = {
            "R": gate("kept"),
            "A": flaky,
            "B": lambda c: c.set_return_value(c.predecessor_return_value("R")),
        }
        world.later(minutes=60)
        assert world.ran == ["R", "A", "A", "A", "B", "F"]
        assert [(row.attempt_number, row.state) for row in world.rows("A")] == [
            (1, "FAILED"),
            (2, "FAILED"),
            (3, "SUCCEEDED"),
        ]
        assert world.rows("B")[0].return_value == "kept"
        assert world.graphs() == ["FAILED", "FAILED", "SUCCEEDED"]

    def test_auto_retry_gives_up(self):
        world = World(
            "create task r schedule = '1 HOUR' task_auto_retry_attempts = 1 as x", "create task f finalize = r as x"
        )
        world.bodies["R"] = fails
        world.later(minutes=60)
        assert world.ran == ["R", "R", "F"]

    def test_failures_in_a_row_suspend_the_root(self):
        world = World(
            "create task r schedule = '1 HOUR' suspend_task_after_num_failures = 3 as x", "create task a after r as x"
        )
        outcomes = iter([True, True, False, True, True, True, True])
        world.bodies["A"] = lambda context: fails(context) if next(outcomes) else None
        world.later(hours=12)
        failed = "FAILED"
        assert world.states("A") == [failed, failed, "SUCCEEDED", failed, failed, "FAILED_AND_AUTO_SUSPENDED"]
        root = world.store.all[name("R")]
        assert (root.started, root.suspended_reason) == (False, "SUSPENDED_DUE_TO_ERRORS")
        assert root.suspended_on == START + 6 * HOUR

    def test_ten_is_the_default_and_zero_is_never(self):
        for clause, expected in [("", 10), ("suspend_task_after_num_failures = 0", 24)]:
            world = World(f"create task r schedule = '1 HOUR' {clause} as x")
            world.bodies["R"] = fails
            world.later(hours=24)
            assert len(world.rows("R")) == expected


class TestExecuteTask:
    def test_runs_a_suspended_root_now(self):
        world = World('create task r config = \'{"a": {"b": 1}, "c": "x"}\' as x', resume=False)
        seen: list[str | None] = []
        world.bodies["R"] = lambda c: seen.extend([c.config_value("a.b"), c.config_value("c"), c.config_value("no")])
        assert world.scheduler.execute(name("R")) == "Task R is scheduled to run immediately."
        world.later(seconds=1)
        assert world.rows("R")[0].scheduled_from == "EXECUTE TASK"
        assert seen == ["1", "x", None]
        world.scheduler.execute(name("R"), config='{"c": "y"}')
        world.later(seconds=1)
        assert seen[3:] == ["1", "y", None]

    def test_waits_for_the_run_in_progress(self):
        world = World("create task r schedule = '60 MINUTES' as x")
        world.bodies["R"] = takes(minutes=20)
        world.later(minutes=70)
        world.scheduler.execute(name("R"))
        world.later(minutes=45)
        assert world.rows("R")[1].query_start_time == START + timedelta(minutes=80)

    def test_retry_last_repeats_the_failed_tasks_of_the_last_run(self):
        world = World(*TestGraphs.CHAIN)
        world.bodies["A"] = fails
        world.later(minutes=61)
        world.bodies.pop("A")
        world.scheduler.execute(name("R"), retry_last=True)
        world.later(minutes=1)
        assert world.ran == ["R", "A", "A", "B"]
        assert [(row.attempt_number, row.state) for row in world.rows("A")] == [(1, "FAILED"), (2, "SUCCEEDED")]
        with pytest.raises(SqlError, match="had no failures") as caught:
            world.scheduler.execute(name("R"), retry_last=True)
        assert caught.value.code == "091456"

    def test_retry_last_without_a_run_or_after_a_change_is_refused(self):
        world = World(*TestGraphs.CHAIN)
        world.bodies["A"] = fails
        for prepare in (
            lambda: None,
            lambda: (world.later(minutes=61), world.run("alter task r suspend", "alter task r resume")),
        ):
            prepare()
            with pytest.raises(SqlError, match="no suitable run of graph with root task R to retry") as caught:
                world.scheduler.execute(name("R"), retry_last=True)
            assert caught.value.code == "091457"

    def test_runtime_info(self):
        world = World("create task r schedule = '1 HOUR' as x")
        seen: list[str | None] = []
        keys = ["CURRENT_ROOT_TASK_NAME", "CURRENT_TASK_NAME", "LAST_SUCCESSFUL_TASK_GRAPH_RUN_GROUP_ID"]
        world.bodies["R"] = lambda context: seen.extend(context.runtime_info(key) for key in keys)
        world.later(hours=2)
        assert seen == ["R", "R", None, "R", "R", world.rows("R")[0].graph_run_group_id]
        world.bodies["R"] = lambda context: context.runtime_info("NONSENSE")
        world.later(hours=1)
        assert world.states("R")[-1] == "FAILED"


class TestRestart:
    def test_a_task_that_ran_has_failed_its_report_runs_and_the_next_start_works(self):
        world = World(*GRAPH)
        world.bodies[DRY] = takes(minutes=30)
        world.later(minutes=70)
        assert world.states(DRY) == ["EXECUTING"]
        world.boot()
        world.bodies[DRY] = gate("PASS")
        world.later(minutes=1)
        row = world.rows(DRY)[0]
        assert (row.state, row.error_code) == ("FAILED", "000603")
        assert "server stopped" in (row.error_message or "")
        assert world.ran == [DRY, REPORT]
        assert world.graphs() == ["FAILED"]
        world.until(START + 2 * HOUR)
        assert world.ran[2:] == [DRY, LIVE, REPORT]

    def test_a_graph_between_two_tasks_goes_on(self):
        world = World(*GRAPH)
        world.bodies = {DRY: gate("PASS"), LIVE: takes(minutes=10)}
        world.later(minutes=61)
        del world.store.rows[next(key for key, row in world.store.rows.items() if row.name.name == LIVE)]
        world.boot()
        world.bodies[LIVE] = lambda _: None
        world.later(minutes=1)
        assert world.states(LIVE) == ["SUCCEEDED"]
        assert world.graphs() == ["SUCCEEDED"]

    def test_a_second_attempt_that_was_killed_is_not_mistaken_for_the_first(self):
        world = World(
            "create task r schedule = '1 HOUR' task_auto_retry_attempts = 2 as x", "create task a after r as x"
        )
        world.bodies["A"] = fails
        world.later(minutes=59)
        tries = Counter[str]()

        def second_hangs(context: TaskContext) -> None:
            tries["a"] += 1
            context.clock.sleep(1800) if tries["a"] == 2 else fails(context)

        world.bodies["A"] = second_hangs
        world.later(minutes=2)
        world.boot()
        world.bodies["A"] = lambda _: None
        world.later(minutes=1)
        assert [(row.attempt_number, row.state) for row in world.rows("A")] == [
            (1, "FAILED"),
            (2, "FAILED"),
            (3, "SUCCEEDED"),
        ]
        assert world.ran.count("R") == 1

    def test_failures_are_counted_across_restarts(self):
        world = World("create task r schedule = '1 HOUR' suspend_task_after_num_failures = 3 as x")
        world.bodies["R"] = fails
        world.later(hours=2)
        world.boot()
        world.later(hours=3)
        assert world.states("R") == ["FAILED", "FAILED", "FAILED_AND_AUTO_SUSPENDED"]

    def test_starts_that_were_missed_are_not_made_up_for(self):
        world = World("create task r schedule = '60 MINUTES' as x")
        world.later(minutes=60)
        world.clock._now += timedelta(hours=5, minutes=30)
        world.boot()
        world.later(minutes=60)
        assert [row.scheduled_time for row in world.rows("R")] == [START + HOUR, START + 7 * HOUR]

    def test_the_run_of_a_dropped_task_is_closed(self):
        world = World("create task r schedule = '60 MINUTES' as x")
        world.bodies["R"] = takes(minutes=30)
        world.later(minutes=61)
        world.store.all.clear()
        world.boot()
        assert world.states("R") == ["FAILED"]
        assert world.graphs() == ["FAILED"]


def test_a_body_that_hangs_stops_the_virtual_clock_with_an_error():
    world = World("create task r schedule = '60 MINUTES' as x")
    world.clock._patience = 0.1
    world.bodies["R"] = lambda context: context.cancelled.wait(1)
    with pytest.raises(TimeoutError, match="still runs"):
        world.later(minutes=61)


def test_the_real_clock_serves_execute_task_and_stops():
    import threading

    store, ran = Store(), threading.Event()
    scheduler = Scheduler(store, lambda _: ran.set(), RealClock())
    store.save(Task(name("R"), "x"))
    thread = threading.Thread(target=scheduler.serve)
    thread.start()
    scheduler.execute(name("R"))
    assert ran.wait(10)
    scheduler.stop()
    thread.join(10)
    assert not thread.is_alive()
