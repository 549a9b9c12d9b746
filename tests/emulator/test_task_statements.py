"""Tasks through the real clients, on a server whose clock the tests move."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from emulator.names import Name
from emulator.server import Server
from emulator.tasks.definition import Task
from tests.emulator.conftest import Local

START = datetime.fromisoformat("2026-01-05T00:00:00+00:00")  # a Monday
GATED = """create task live after dry
when system$get_predecessor_return_value('DRY') = 'PASS'
as insert into log values ('live')"""


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    server = Local(tmp_path_factory.mktemp("timed"))
    server.start("--virtual-clock", START.isoformat())
    yield server
    server.stop()


@pytest.fixture
def sql(timed: Local, request: pytest.FixtureRequest) -> Iterator[SnowflakeCursor]:
    """A cursor in a database of the test's own, with the table `log (v)`."""
    name = f"D{abs(hash(request.node.name))}"
    with timed.connect() as connection:
        cursor = connection.cursor()
        cursor.execute(f"create database {name}")
        cursor.execute("create table log (v varchar)")
        yield cursor
        cursor.execute(f"drop database {name}")


def rows(cursor: SnowflakeCursor, statement: str, *binds: Any) -> list[Any]:
    return cursor.execute(statement, *binds).fetchall()


def now(cursor: SnowflakeCursor) -> datetime:
    [(text,)] = rows(cursor, "call system$local_advance_clock(0)")
    return datetime.fromisoformat(text)


def advance(cursor: SnowflakeCursor, **time: float) -> None:
    cursor.execute(f"call system$local_advance_clock({timedelta(**time).total_seconds()})")


def history(cursor: SnowflakeCursor, name: str) -> list[Any]:
    """States and return values of a task, oldest first."""
    return rows(
        cursor,
        "select state, return_value from table(information_schema.task_history(task_name => %s,"
        " database_name => current_database())) where state <> 'SCHEDULED' order by scheduled_time",
        (name,),
    )


def gated(cursor: SnowflakeCursor, verdict: str) -> None:
    cursor.execute(
        "create task dry schedule = '60 minutes' as declare v varchar; begin"
        f" v := '{verdict}'; insert into log values (:v); call system$set_return_value(:v); end"
    )
    cursor.execute(GATED)


def test_a_graph_runs_when_the_gate_passes(sql: SnowflakeCursor) -> None:
    gated(sql, "PASS")
    advance(sql, hours=5)
    assert history(sql, "DRY") == [], "new tasks are suspended"
    assert rows(sql, "select system$task_dependents_enable('dry')") == [("true",)]
    advance(sql, hours=2)
    assert history(sql, "DRY") == [("SUCCEEDED", "PASS")] * 2
    assert history(sql, "LIVE") == [("SUCCEEDED", None)] * 2
    assert rows(sql, "select v, count(*) from log group by v order by v") == [("PASS", 2), ("live", 2)]


def test_a_closed_gate_skips_the_child_and_the_graph_succeeds(sql: SnowflakeCursor) -> None:
    gated(sql, "HOLD")
    sql.execute("select system$task_dependents_enable('dry')")
    advance(sql, hours=1)
    assert history(sql, "LIVE") == [("SKIPPED", None)]
    [(state, error)] = rows(
        sql,
        "select state, first_error_task_name from table(information_schema.complete_task_graphs())"
        " where database_name = current_database()",
    )
    assert (state, error) == ("SUCCEEDED", None)


def test_a_suspended_or_failed_parent_never_opens_the_gate(sql: SnowflakeCursor) -> None:
    sql.execute("create task root schedule = '1 hour' as select 1")
    sql.execute("create task dry after root as begin call system$set_return_value('PASS'); select 1/0; end")
    sql.execute(GATED)
    sql.execute("select system$task_dependents_enable('root')")
    advance(sql, hours=1)
    assert history(sql, "DRY") == [("FAILED", None)]
    assert history(sql, "LIVE") == []
    for change in ("alter task root suspend", "alter task dry suspend", "alter task root resume"):
        sql.execute(change)
    advance(sql, hours=1)
    assert history(sql, "DRY") == [("FAILED", None)], "a suspended task does not run"
    [(state, message)] = rows(
        sql,
        "select state, error_message from table("
        "information_schema.task_history(task_name => 'LIVE', error_only => true))",
    )
    assert (state, "'DRY' is not an enabled predecessor" in message) == ("FAILED", True)
    assert rows(sql, "select count(*) from log") == [(0,)]


def test_the_gate_of_a_query_is_refused(sql: SnowflakeCursor) -> None:
    gated(sql, "PASS")
    with pytest.raises(ProgrammingError, match=r"SYSTEM\$GET_PREDECESSOR_RETURN_VALUE"):
        sql.execute("create or replace task live after dry when (select max(status) from log) = 'PASS' as select 1")
    sql.execute("alter task live modify when system$get_predecessor_return_value('DRY') = 'YES'")
    assert rows(sql, "describe task live")[0][14] == "system$get_predecessor_return_value('DRY') = 'YES'"


def test_a_body_sees_configuration_and_runtime(sql: SnowflakeCursor) -> None:
    sql.execute(
        """create task t schedule = 'USING CRON 30 2 * * * UTC' config = '{"mode": "FULL", "n": 3}' as begin
        let mode varchar := (select system$get_task_graph_config('mode'));
        let n integer := (select system$get_task_graph_config('n')::integer);
        let name varchar := (select system$task_runtime_info('CURRENT_TASK_NAME'));
        insert into log values (:mode || :n || :name);
        end"""
    )
    sql.execute("alter task t resume")
    advance(sql, days=1)
    assert rows(sql, "select v from log") == [("FULL3T",)]
    [(at,)] = rows(
        sql,
        "select scheduled_time from table(information_schema.task_history(task_name => 'T'))"
        " where database_name = current_database() and state = 'SUCCEEDED'",
    )
    assert (at.hour, at.minute) == (2, 30)


def test_functions_of_tasks_work_in_tasks_only(sql: SnowflakeCursor) -> None:
    for call in (
        "call system$set_return_value('x')",
        "select system$get_predecessor_return_value('DRY')",
        "select system$task_runtime_info('CURRENT_TASK_NAME')",
        "select system$get_task_graph_config()",
    ):
        with pytest.raises(ProgrammingError, match="must be called from within a task") as caught:
            sql.execute(call)
        assert caught.value.errno == 93201


def test_an_owners_rights_procedure_sets_no_return_value(sql: SnowflakeCursor) -> None:
    for rights in ("owner", "caller"):
        sql.execute(
            f"create procedure {rights}_() returns varchar language python runtime_version = '3.11' handler = 'h'"
            f" packages = ('snowflake-snowpark-python') execute as {rights} as "
            "$$def h(session): return session.sql(\"call system$set_return_value('X')\").collect()[0][0]$$"
        )
        sql.execute(f"create task t_{rights} as call {rights}_()")
        sql.execute(f"execute task t_{rights}")
        advance(sql)
    assert history(sql, "T_OWNER") == [("FAILED", None)]
    assert history(sql, "T_CALLER") == [("SUCCEEDED", "X")]


def test_a_task_that_takes_too_long_fails_and_the_next_start_works(sql: SnowflakeCursor) -> None:
    sql.execute("create task slow schedule = '1 hour' user_task_timeout_ms = 60000 as call system$wait(120)")
    sql.execute("alter task slow resume")
    advance(sql, hours=1, minutes=5)
    sql.execute("alter task slow suspend")
    sql.execute("alter task slow modify as call system$wait(30)")
    sql.execute("alter task slow resume")
    advance(sql, hours=1, minutes=5)
    assert history(sql, "SLOW") == [("FAILED", None), ("SUCCEEDED", None)]


@pytest.mark.slow
def test_a_task_that_timed_out_ends(sql: SnowflakeCursor) -> None:
    """In real time: the handler is ended, and writes nothing afterwards."""
    sql.execute(
        "create procedure sleep() returns varchar language python runtime_version = '3.11' handler = 'h'"
        " packages = ('snowflake-snowpark-python') as $$\n"
        "import time\n"
        "def h(session):\n"
        "    time.sleep(3)\n"
        "    session.sql(\"insert into log values ('late')\").collect()\n"
        "$$"
    )
    sql.execute("create task slow user_task_timeout_ms = 1 as begin call system$wait(1); call sleep(); end")
    sql.execute("execute task slow")
    advance(sql, seconds=10)
    time.sleep(4)
    assert history(sql, "SLOW") == [("FAILED", None)]
    assert rows(sql, "select count(*) from log") == [(0,)]


def test_failures_in_a_row_suspend_and_retry_last_repeats(sql: SnowflakeCursor) -> None:
    sql.execute(
        "create task t schedule = '1 hour' suspend_task_after_num_failures = 2 as insert into missing values (1)"
    )
    sql.execute("alter task t resume")
    advance(sql, hours=5)
    assert [state for state, _ in history(sql, "T")] == ["FAILED", "FAILED_AND_AUTO_SUSPENDED"]
    shown = rows(sql, "show tasks like 't'")[0]
    assert (shown[12], shown[22]) == ("suspended", "SUSPENDED_DUE_TO_ERRORS")
    sql.execute("create table missing (n int)")
    sql.execute("execute task t retry last")
    advance(sql)
    assert rows(sql, "select count(*) from missing") == [(1,)]


def test_execute_task_runs_at_once_with_its_configuration(sql: SnowflakeCursor) -> None:
    sql.execute(
        """create task t config = '{"a": "1", "b": "2"}' as begin
        let c varchar := (select system$get_task_graph_config()); insert into log values (:c); end"""
    )
    assert rows(sql, """execute task t using config = '{"b": "3"}'""") == [("Task T is scheduled to run immediately.",)]
    advance(sql)
    assert rows(sql, "select parse_json(v):a::varchar, parse_json(v):b::varchar from log") == [("1", "3")]
    [(source,)] = rows(
        sql,
        "select scheduled_from from table(information_schema.task_history(task_name => 'T'))"
        " where database_name = current_database()",
    )
    assert source == "EXECUTE TASK"


def test_tasks_are_shown_changed_and_dropped(sql: SnowflakeCursor) -> None:
    gated(sql, "PASS")
    sql.execute("create task report finalize = dry as select 1")
    assert [row[1] for row in rows(sql, "show tasks like 'D%'")] == ["DRY"]
    assert [row[1] for row in rows(sql, "show tasks")] == ["DRY", "LIVE", "REPORT"]
    assert [row[1] for row in rows(sql, "show tasks root only")] == ["DRY"]
    sql.execute("alter task dry set schedule = '2 hours' comment = 'slow'")
    sql.execute("create or alter task live after dry comment = 'as it is' as select 2")
    [live] = rows(sql, "describe task live")
    assert (live[6], live[13], live[14]) == ("as it is", "select 2", None), "what is left out is unset"
    sql.execute("select system$task_dependents_enable('dry')")
    with pytest.raises(ProgrammingError, match="is not suspended") as caught:
        sql.execute("alter task live set comment = 'x'")
    assert caught.value.errno == 91421
    sql.execute("alter task dry suspend")
    sql.execute("drop task dry")
    assert rows(sql, "describe task live")[0][11] == "[]"
    with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
        sql.execute("describe task dry")


def test_history_joins_and_takes_binds_where_it_stands(sql: SnowflakeCursor) -> None:
    gated(sql, "PASS")
    sql.execute("select system$task_dependents_enable('dry')")
    advance(sql, hours=3)
    found = rows(
        sql,
        "select a.name, b.name, %s from table(information_schema.task_history(task_name => %s)) a"
        " join table(information_schema.task_history(task_name => 'LIVE', result_limit => 100)) b"
        " on a.graph_run_group_id = b.graph_run_group_id where a.state = %s and a.database_name = current_database()"
        " order by a.scheduled_time",
        ("x", "DRY", "SUCCEEDED"),
    )
    assert found == [("DRY", "LIVE", "x")] * 3
    assert rows(
        sql, "select count(*) from table(information_schema.task_history(result_limit => 1)) where name = 'LIVE'"
    ) == [(0,)], "the limit applies before WHERE"
    latest = rows(
        sql,
        "select name from table(information_schema.task_history(dateadd('minute', -30, to_timestamp_ltz(%s)))) "
        "where state = 'SUCCEEDED' and name = 'DRY' and database_name = current_database()",
        (now(sql).isoformat(),),
    )
    assert latest == [("DRY",)]
    with pytest.raises(ProgrammingError, match="Invalid argument name NOPE"):
        sql.execute("select * from table(information_schema.task_history(nope => 1))")
    printed = rows(
        sql,
        "SELECT * FROM TABLE(INFORMATION_SCHEMA.TASK_HISTORY()) WHERE NAME = 'DRY' ORDER BY SCHEDULED_TIME"
        " DESC LIMIT 20",
    )
    assert [row[6] for row in printed[:4]] == ["SCHEDULED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]


def test_a_role_needs_the_privilege_to_run_and_monitor(timed: Local, sql: SnowflakeCursor) -> None:
    [(database,)] = rows(sql, "select current_database()")
    for statement in (
        "create task t schedule = '1 hour' as select 1",
        "create or replace role watcher",
        f"grant usage on database {database} to role watcher",
        f"grant usage on schema {database}.public to role watcher",
        f"grant create task on schema {database}.public to role watcher",
        "alter task t resume",
    ):
        sql.execute(statement)
    advance(sql, hours=1)
    with timed.connect(role="WATCHER", database=database, schema="PUBLIC") as connection:
        cursor = connection.cursor()
        assert rows(cursor, "show tasks") == []
        assert history(cursor, "T") == []
        with pytest.raises(ProgrammingError, match="does not exist or not authorized"):
            cursor.execute("alter task t suspend")
        sql.execute("grant monitor on task t to role watcher")
        assert [row[1] for row in rows(cursor, "show tasks")] == ["T"]
        assert history(cursor, "T") == [("SUCCEEDED", None)]
        with pytest.raises(ProgrammingError, match="Insufficient privileges"):
            cursor.execute("alter task t suspend")
        cursor.execute("create task own schedule = '1 hour' as select 1")
        with pytest.raises(ProgrammingError, match="EXECUTE TASK privilege must be granted"):
            cursor.execute("alter task own resume")


def test_notifications_are_kept(sql: SnowflakeCursor) -> None:
    sql.execute("create or replace notification integration mail type = email enabled = true")
    sql.execute("""call system$send_snowflake_notification('{"text/plain": "held"}', '{"mail": {}}')""")
    [(name, state, message)] = rows(
        sql,
        "select integration_name, status, message from table("
        "information_schema.notification_history(integration_name => 'MAIL'))",
    )
    assert (name, state, message) == ("MAIL", "SUCCESS", '{"text/plain": "held"}')
    with pytest.raises(ProgrammingError, match="Integration 'NONE_SUCH' does not exist"):
        sql.execute("""call system$send_snowflake_notification('{"text/plain": "x"}', '{"none_such": {}}')""")


def test_a_real_clock_cannot_be_moved(cursor: SnowflakeCursor) -> None:
    with pytest.raises(ProgrammingError, match="--virtual-clock"):
        cursor.execute("call system$local_advance_clock(1)")


def test_tasks_run_on_the_real_clock(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table log (v int)")
    cursor.execute("create task t schedule = '10 seconds' as insert into log values (1)")
    cursor.execute("execute task t")
    deadline = time.monotonic() + 10
    while rows(cursor, "select count(*) from log") == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert rows(cursor, "select count(*) from log") == [(1,)]


@pytest.mark.slow
def test_a_task_that_the_server_left_running_has_failed_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = Local(tmp_path_factory.mktemp("killed"))
    server.start()
    server.query("create database d", "create table d.public.log (v int)")
    server.query(
        "use schema d.public",
        "create task t schedule = '60 minutes' as begin insert into d.public.log values (1);"
        " call system$wait(600); end",
        "alter task t resume",
        "execute task t",
    )
    deadline = time.monotonic() + 10
    while server.query("select count(*) from d.public.log") == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.05)
    server.kill()
    time.sleep(0.3)
    server.start()
    query = "select state, error_message from table(information_schema.task_history(task_name => 'T'))"
    found = server.query("use schema d.public", f"{query} where state <> 'SCHEDULED'")
    assert [(state, "server stopped" in message) for state, message in found] == [("FAILED", True)]
    assert server.query("use schema d.public", f"{query} where state = 'SCHEDULED'") == [("SCHEDULED", None)]
    server.query("use schema d.public", "alter task t suspend", "alter task t modify as select 1", "execute task t")
    deadline = time.monotonic() + 10
    while len(found) < 2 and time.monotonic() < deadline:
        found = server.query("use schema d.public", f"{query} where state in ('FAILED', 'SUCCEEDED')")
    assert found[0] == ("SUCCEEDED", None)
    server.stop()


@pytest.mark.slow
def test_snow_lists_tasks(timed: Local, sql: SnowflakeCursor) -> None:
    gated(sql, "PASS")
    [(database,)] = rows(sql, "select current_database()")
    listed = timed.snow("object", "list", "task", "--in", "database", database, "--format", "json")
    assert listed.returncode == 0, listed.stderr
    assert [(task["name"], task["state"]) for task in json.loads(listed.stdout)] == [
        ("DRY", "suspended"),
        ("LIVE", "suspended"),
    ]


def test_the_schedule_goes_on_after_a_failure_of_the_catalogue(tmp_path: Path) -> None:
    server = Server(tmp_path, ("127.0.0.1", 0))
    failures = 0
    tasks = server.tasks.store.tasks

    def unreliable() -> Mapping[Name, Task]:
        nonlocal failures
        if failures < 2:
            failures += 1
            raise OSError("disk full")
        return tasks()

    session = server.open_session()
    for statement in ("create database d", "create table log (v int)", "create task t as insert into log values (1)"):
        server.execute(session, statement)
    server.tasks.start()
    server.tasks.store.tasks = unreliable  # type: ignore[method-assign]
    server.tasks.scheduler.wake()
    deadline = time.monotonic() + 20
    while failures < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    server.execute(session, "execute task t")
    while server.execute(session, "select count(*) from log").scalar() == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert failures == 2
    assert server.execute(session, "select count(*) from log").scalar() == 1
    server.close()
