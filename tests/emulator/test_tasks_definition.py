"""CREATE, ALTER, DROP and EXECUTE TASK: what they make of a catalogue, and what they refuse in the account's words."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from emulator.errors import SqlError
from emulator.names import Name
from emulator.tasks import rules
from emulator.tasks.definition import Task, read_alter, read_create, read_execute
from emulator.tasks.show import show_tasks

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SELECT = "as select 1"
HAS_A_FINALIZER = (
    "This task has a finalizer and cannot be made a child task. "
    "Please remove the finalizer before adding a predecessor."
)
NO_RETRIES = (
    "Cannot set parameter TASK_AUTO_RETRY_ATTEMPTS on non-root task C1. Non-root tasks use the parameter setting "
    "from their root task. Please set this on the root task for this task instead."
)


def resolve(parts: list[str]) -> Name:
    return Name(*(["APP", "OPS"][: 3 - len(parts)] + parts))


class Catalogue:
    def __init__(self) -> None:
        self.tasks: dict[Name, Task] = {}

    def run(self, *statements: str) -> None:
        for text in statements:
            first = text.split()[0].upper()
            if first == "CREATE":
                self.put(rules.create(read_create(text, resolve), self.tasks, NOW))
            elif first == "ALTER":
                self.put(rules.alter(read_alter(text, resolve), self.tasks, LATER))
            else:
                name = resolve(text.split()[-1].upper().split("."))
                changed = rules.drop(name, self.tasks)
                del self.tasks[name]
                for task in changed:
                    self.put(task)

    def put(self, task: Task | None) -> None:
        if task is not None:
            self.tasks[task.name] = task

    def __getitem__(self, name: str) -> Task:
        return self.tasks[resolve([name])]

    def refusal(self, text: str) -> str:
        before = dict(self.tasks)
        with pytest.raises(SqlError) as caught:
            self.run(text)
        assert self.tasks == before
        return caught.value.message

    def shown(self, name: str) -> dict:
        return show_tasks([self[name]], self.tasks).records()[0]


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


@pytest.fixture
def graph(catalogue) -> Catalogue:
    catalogue.run(
        f"create task r1 schedule = '60 MINUTES' {SELECT}",
        f"create task r2 schedule = '60 MINUTES' {SELECT}",
        f"create task c1 after r1 {SELECT}",
        f"create task f1 finalize = r1 {SELECT}",
    )
    return catalogue


def test_the_tasks_of_the_scheduled_graph(catalogue):
    catalogue.run(
        """create or alter task ops.idr_dry_run_task schedule = '60 MINUTES' overlap_policy = no_overlap
as declare r variant; begin
  call core.idr_run('INCR', 30, true) into :r;
  let verdict varchar := r:gate::varchar;
  call system$set_return_value(:verdict);
end;""",
        """create or alter task ops.idr_live_run_task after ops.idr_dry_run_task
  when system$get_predecessor_return_value('IDR_DRY_RUN_TASK') = 'PASS'
as call core.idr_run('INCR', 30, false);""",
    )
    root, child = catalogue["IDR_DRY_RUN_TASK"], catalogue["IDR_LIVE_RUN_TASK"]
    assert (root.schedule_text, root.overlap_policy, root.started) == ("60 MINUTES", "NO_OVERLAP", False)
    assert root.definition.startswith("declare r variant; begin\n  call core.idr_run(")
    assert root.definition.endswith("end;")
    assert child.predecessors == (root.name,)
    assert child.condition == "system$get_predecessor_return_value('IDR_DRY_RUN_TASK') = 'PASS'"
    assert child.definition == "call core.idr_run('INCR', 30, false);"


def test_every_clause(catalogue):
    catalogue.run(
        """CREATE TASK IF NOT EXISTS t WAREHOUSE = wh SCHEDULE = 'USING CRON 0 2 * * 0 America/Los_Angeles'
        CONFIG = $${"a": 1}$$ ALLOW_OVERLAPPING_EXECUTION = TRUE USER_TASK_TIMEOUT_MS = 5000
        SUSPEND_TASK_AFTER_NUM_FAILURES = 3 ERROR_INTEGRATION = mail SUCCESS_INTEGRATION = mail2 LOG_LEVEL = 'INFO'
        COMMENT = 'it''s' TASK_AUTO_RETRY_ATTEMPTS = 2 QUERY_TAG = 'idr', TIMEZONE = 'UTC'
        WHEN SYSTEM$STREAM_HAS_DATA('s') AS SELECT CAST(1 AS INT)"""
    )
    task = catalogue["T"]
    assert (task.warehouse, task.config, task.overlap_policy) == ("WH", '{"a": 1}', "ALLOW_CHILD_OVERLAP")
    assert (task.timeout_ms, task.suspend_after_failures, task.retry_attempts) == (5000, 3, 2)
    assert task.settings["QUERY_TAG"] == "idr"
    assert (task.comment, task.definition) == ("it's", "SELECT CAST(1 AS INT)")
    shown = catalogue.shown("T")
    assert shown["error_integration"] == "MAIL"
    assert shown["condition"] == "SYSTEM$STREAM_HAS_DATA('s')"
    assert shown["state"] == "suspended"
    assert shown["allow_overlapping_execution"] == "true"


def test_show_tasks_has_snowflakes_columns_in_order(graph):
    graph.run("alter task c1 resume")
    first = "created_on name id database_name schema_name owner comment warehouse schedule scheduling_mode"
    assert " ".join(graph.shown("R1")).startswith(first)
    assert json.loads(graph.shown("R1")["task_relations"]) == {"Predecessors": [], "FinalizerTask": "APP.OPS.F1"}
    assert json.loads(graph.shown("F1")["task_relations"]) == {"FinalizedRootTask": "APP.OPS.R1", "Predecessors": []}
    assert json.loads(graph.shown("C1")["predecessors"]) == ["APP.OPS.R1"]
    assert (graph.shown("C1")["state"], graph.shown("C1")["last_committed_on"]) == ("started", LATER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"create task r1 {SELECT}", "SQL compilation error:\nObject 'APP.OPS.R1' already exists."),
        (f"create task x after nope {SELECT}", "Invalid predecessor NOPE was specified."),
        (f"create task x after s2.nope {SELECT}", "Invalid predecessor S2.NOPE was specified."),
        (f"create task x after x {SELECT}", "Task X cannot use itself as its predecessor."),
        (f"create task x schedule = '5 M' after r1 {SELECT}", "Task X cannot have both a schedule and a predecessor."),
        ("alter task c1 set schedule = '5 MINUTES'", "Task C1 cannot have both a schedule and a predecessor."),
        ("alter task r1 add after r2", HAS_A_FINALIZER),
        ("alter task r2 add after r1", "Task R2 cannot have both a schedule and a predecessor."),
        ("alter task c1 remove after r2", "Task C1 does not have predecessor R2."),
        (f"create task x config = '{{}}' after r1 {SELECT}",
         "Task APP.OPS.X cannot both be a non-root task and have a config."),
        (f"create task x overlap_policy = no_overlap after r1 {SELECT}",
         "Cannot set overlap policy on non-root task APP.OPS.X."),
        ("alter task c1 set allow_overlapping_execution = true",
         "Cannot set allow_overlapping_execution on non-root task APP.OPS.C1."),
        ("alter task c1 set task_auto_retry_attempts = 2",
         NO_RETRIES),
        (f"create task f2 finalize = r1 {SELECT}", "Finalize target R1 already have finalizer."),
        (f"create task f2 finalize = c1 {SELECT}", "Task APP.OPS.F2 cannot finalize a non-root task APP.OPS.C1."),
        (f"create task f2 finalize = nope {SELECT}", "Invalid finalized root task NOPE was specified."),
        (f"create task f2 finalize = r2 schedule = '5 M' {SELECT}",
         "Task F2 cannot have a schedule and be a finalizer task."),
        (f"create task f2 finalize = r2 after r1 {SELECT}",
         "Task APP.OPS.F2 cannot have predecessors as a finalizer task."),
        (f"create task x after f1 {SELECT}", "Task APP.OPS.F1 cannot have children as a finalizer task."),
        (f"create or replace task r2 finalize = r2 {SELECT}", "Task R2 cannot finalize itself."),
        ("alter task r1 set config = '[1]'", "Invalid config. Must be a string representation of a valid JSON Object."),
        ("alter task r1 set user_task_timeout_ms = '5000'",
         "SQL compilation error:\ninvalid value ['5000'] for parameter 'USER_TASK_TIMEOUT_MS'"),
        ("alter task r1 set user_task_timeout_ms = -5",
         "SQL compilation error:\ninvalid value [-5] for parameter 'USER_TASK_TIMEOUT_MS'"),
        ("alter task r1 set comment = 5", "SQL compilation error:\ninvalid value [5] for parameter 'COMMENT'"),
        ("alter task r1 set nonsense = 5", "SQL compilation error:\ninvalid property 'NONSENSE' for 'TASK'"),
        ("alter task r1 unset nonsense", "SQL compilation error:\ninvalid property 'NONSENSE' for 'TASK'"),
        ("alter task r1 set query_tag = 'a' query_tag = 'b'",
         "SQL compilation error:\nduplicate property 'QUERY_TAG';"),
        ("alter task r1 set overlap_policy = bogus",
         "SQL compilation error:\ninvalid value 'BOGUS' for property 'OVERLAP_POLICY'"),
        ("alter task r1 set overlap_policy = no_overlap allow_overlapping_execution = true",
         "Cannot specify ALLOW_OVERLAPPING_EXECUTION and OVERLAP_POLICY to different values in the same command."),
        ("alter task nope resume", "SQL compilation error:\nTask 'APP.OPS.NOPE' does not exist or not authorized."),
        ("alter task r1 set schedule = 'bad'",
         "Invalid schedule was specified. Please refer to the docs on what constitutes a valid schedule."),
    ],
)  # fmt: skip
def test_what_breaks_the_rules_is_refused_and_changes_nothing(graph, text, message):
    assert graph.refusal(text) == message


def test_a_condition_with_a_query_is_refused_at_creation(graph):
    text = "create task x after r1 when (select max(status) from h) = 'PASS' as select 1"
    assert graph.refusal(text).startswith("Invalid expression for task condition expression.")
    assert graph.refusal("alter task c1 modify when current_date() > '2026-01-01'").startswith("Invalid expression")


def test_a_cycle_is_refused(graph):
    graph.run(f"create task c2 after c1 {SELECT}", f"create task c3 after c2 {SELECT}")
    assert "cycle" in graph.refusal("alter task c1 add after c3")


def test_limits_of_predecessors_children_and_graph(catalogue):
    catalogue.run(f"create task root {SELECT}")
    root = catalogue["ROOT"]
    for n in range(100):
        catalogue.put(Task(resolve([f"C{n}"]), "select 1", predecessors=(root.name,)))
    assert "more than 100 children" in catalogue.refusal(f"create task c100 after root {SELECT}")
    catalogue.put(Task(resolve(["D"]), "select 1", predecessors=(resolve(["C0"]),)))
    everything = ", ".join([f"c{n}" for n in range(100)])
    catalogue.run(f"create task join_task after {everything} {SELECT}")
    assert "more than 100 predecessors" in catalogue.refusal("alter task join_task add after d")
    for n in range(9):
        for m in range(99):
            catalogue.put(Task(resolve([f"E{n}_{m}"]), "select 1", predecessors=(resolve([f"C{n}"]),)))
    assert len(rules.members(root.name, catalogue.tasks)) == 1 + 100 + 2 + 9 * 99
    for n in range(6):
        catalogue.put(Task(resolve([f"L{n}"]), "select 1", predecessors=(resolve([f"C{20 + n}"]),)))
    assert "more than 1000 tasks" in catalogue.refusal(f"create task one_more after c30 {SELECT}")


def test_predecessors_of_another_schema_are_refused(graph):
    graph.put(Task(Name("APP", "S2", "R9"), "select 1"))
    assert graph.refusal(f"create task x after s2.r9 {SELECT}") == "Cannot have predecessor R9 from a different schema."
    assert (
        graph.refusal(f"create task x finalize = s2.r9 {SELECT}")
        == "Cannot finalize graph S2.R9 in a different schema."
    )


class TestAStartedRoot:
    @pytest.mark.parametrize(
        "text",
        [
            "alter task c1 suspend", "alter task c1 set comment = 'x'", "alter task r1 set comment = 'x'",
            "alter task c1 modify as select 2", f"create or replace task c1 after r1 {SELECT}",
            f"create or alter task r1 schedule = '5 MINUTES' {SELECT}", f"create task c2 after r1 {SELECT}",
            "drop task c1", "drop task r1", "alter task f1 resume", f"create or replace task r1 {SELECT}",
        ],
    )  # fmt: skip
    def test_locks_its_graph(self, graph, text):
        graph.run("alter task c1 resume", "alter task r1 resume")
        with pytest.raises(SqlError) as caught:
            graph.run(text)
        assert caught.value.message == (
            "Unable to update graph with root task APP.OPS.R1 since that root task is not suspended."
        )
        assert caught.value.code == "091421"

    def test_can_be_suspended_changed_and_resumed(self, graph):
        graph.run(
            "alter task r1 resume", "alter task r1 suspend", "alter task r1 set comment = 'x'", "alter task r1 resume"
        )
        assert (graph["R1"].started, graph["R1"].comment, graph["R1"].version) == (True, "x", 3)

    def test_alone_can_be_replaced_and_is_suspended_then(self, graph):
        graph.run("alter task r2 resume", "create or replace task r2 schedule = '5 MINUTES' as select 2")
        assert (graph["R2"].started, graph["R2"].definition) == (False, "select 2")


def test_create_or_alter_keeps_the_task_and_sets_it_as_written(graph):
    before = graph["R2"]
    graph.run("alter task r2 set comment = 'x'", "create or alter task r2 schedule = '5 MINUTES' as select 2")
    after = graph["R2"]
    assert (after.id, after.comment, after.schedule_text) == (before.id, None, "5 MINUTES")
    graph.run(f"create or replace task r2 {SELECT}")
    assert graph["R2"].id != before.id


def test_if_not_exists_leaves_the_task(graph):
    before = graph["R1"]
    graph.run("create task if not exists r1 schedule = 'bad' after nope as select 2")
    assert graph["R1"] == before


def test_alterations(graph):
    graph.run(
        "alter task c1 modify as begin return 2; end",
        "alter task c1 modify when system$get_predecessor_return_value('R1') = 'x'",
        "alter task r1 set config = '{\"a\": 1}' user_task_timeout_ms = 1000, comment = 'c'",
        "alter task r1 unset config, comment",
        f"create task c2 after r1 {SELECT}",
        "alter task c1 add after c2",
    )
    task = graph["C1"]
    assert task.definition == "begin return 2; end"
    assert task.condition == "system$get_predecessor_return_value('R1') = 'x'"
    assert [name.name for name in task.predecessors] == ["R1", "C2"]
    assert graph["R1"].settings == {"SCHEDULE": "60 MINUTES", "USER_TASK_TIMEOUT_MS": 1000}
    graph.run("alter task c1 remove after r1", "alter task c1 remove when", "alter task f1 unset finalize")
    assert ([name.name for name in graph["C1"].predecessors], graph["C1"].condition) == (["C2"], None)
    assert graph["F1"].is_root
    graph.run("alter task f1 set finalize = 'R1'", "alter task if exists nope suspend")
    assert graph["F1"].finalizes == graph["R1"].name


def test_dropping_a_root_frees_its_children_and_finalizer(graph):
    graph.run("drop task r1")
    assert graph["C1"].is_root
    assert graph["F1"].is_root


def test_dependents_enable_resumes_the_whole_graph_root_last(graph):
    changed = rules.enable_dependents(graph["R1"].name, graph.tasks, LATER)
    assert sorted(task.name.name for task in changed) == ["C1", "F1", "R1"]
    assert changed[-1].name.name == "R1"
    assert all(task.started and task.resumed_on == LATER for task in changed)


def test_a_graph_with_two_roots_is_not_resumed(graph):
    graph.run("alter task c1 add after r2")
    assert "different root tasks: APP.OPS.R1, APP.OPS.R2" in graph.refusal("alter task r1 resume")


def test_execute_task(graph):
    plain = read_execute("EXECUTE TASK r1", resolve)
    assert (plain.name, plain.config, plain.retry_last) == (graph["R1"].name, None, False)
    full = read_execute('execute task app.ops.r1 using config = $${"a": 1}$$ retry last', resolve)
    assert (full.config, full.retry_last) == ('{"a": 1}', True)
    with pytest.raises(SqlError) as caught:
        rules.check_execute(graph["C1"].name, graph.tasks)
    assert caught.value.message == (
        "Execute task cannot be called on non-root task APP.OPS.C1. "
        "Call EXECUTE TASK on the root task of its graph instead."
    )
    with pytest.raises(SqlError, match="syntax error"):
        read_execute("EXECUTE TASK r1 NOW", resolve)


@pytest.mark.parametrize(
    "text", ["create task t", "create task t as", "create task t schedule '5 M' as select 1", "create task as"]
)
def test_what_cannot_be_read_is_a_syntax_error(catalogue, text):
    assert "syntax error" in catalogue.refusal(text)


def test_a_task_is_a_value(graph):
    assert replace(graph["R1"]) == graph["R1"]
