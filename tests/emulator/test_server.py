"""Starting, stopping, dying; statements that last long."""

from __future__ import annotations

import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from snowflake.connector import DatabaseError, ProgrammingError

from .conftest import Local, free_port

pytestmark = pytest.mark.snowflake


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A server that a test may stop and kill; it gives a statement half a second before it says "still running"."""
    server = Local(tmp_path_factory.mktemp("own"))
    server.start("--answer-within", "0.5")
    yield server
    server.stop()


def fill(local: Local, database: str) -> None:
    local.query(
        f"create database {database} comment = 'kept'",
        "create table t (a int, b varchar(5))",
        "insert into t values (1, 'one')",
        "create stage s",
        "create procedure p() returns int language python handler = 'run' as 'def run(session): return 7'",
    )


def check(local: Local, database: str) -> None:
    assert local.query("select * from t", database=database) == [(1, "one")]
    assert local.query("call p()", database=database) == [(7,)]
    assert [row[1] for row in local.query("show stages", database=database)] == ["S"]
    [row] = local.query(f"show databases like '{database}'")
    assert (row[1], row[6]) == (database, "kept")


@pytest.mark.slow
def test_everything_survives_a_restart(own: Local) -> None:
    fill(own, "RESTARTED")
    own.stop()
    assert own.command("status", "--data", str(own.data)).returncode == 1
    own.start("--answer-within", "0.5")
    check(own, "RESTARTED")


def test_what_was_stopped_needs_no_recovery(own: Local) -> None:
    """The logs are in the files, but for one that a transaction still used."""
    fill(own, "CLOSED")
    fill(own, "BUSY")
    with own.connect(database="BUSY") as connection:
        connection.cursor().execute("begin")
        connection.cursor().execute("insert into t values (2, 'two')")
        own.stop()
    assert {file.name for file in (own.data / "databases").glob("*.wal")} <= {"BUSY.db.wal"}
    assert not (own.data / "server.json").exists()
    own.start("--answer-within", "0.5")
    check(own, "CLOSED")
    check(own, "BUSY")


def test_a_stop_does_not_wait_for_what_runs(own: Local) -> None:
    connection = own.connect(server_session_keep_alive=True)  # closing it would ask the server for what still runs
    connection.cursor().execute_async("select count(*) from table(generator(rowcount => 100000000000)) as a")
    started = time.monotonic()
    own.stop()
    assert time.monotonic() - started < 15
    own.start("--answer-within", "0.5")


def test_everything_but_open_transactions_survives_a_kill(own: Local) -> None:
    fill(own, "KILLED")
    with own.connect(database="KILLED") as connection:
        connection.cursor().execute("begin")
        connection.cursor().execute("insert into t values (2, 'two')")
        own.kill()
    deadline = time.monotonic() + 10
    while own.command("status", "--data", str(own.data)).returncode == 0 and time.monotonic() < deadline:
        time.sleep(0.1)
    own.start("--answer-within", "0.5")
    check(own, "KILLED")


def test_a_dropped_database_stays_dropped(own: Local) -> None:
    fill(own, "GONE")
    own.query("drop database gone")
    assert own.query("show databases like 'GONE'") == []
    fill(own, "GONE")
    check(own, "GONE")


def test_a_long_statement_runs_once(own: Local, tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = f"import time\ndef run(session):\n    open('{log}', 'a').write('ran ')\n    time.sleep(2)\n    return 'done'"
    with closing(own.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("create database long")
        cursor.execute(f"create procedure slow() returns varchar language python handler = 'run' as $${body}$$")
        assert cursor.execute("call slow()").fetchone() == ("done",)
    assert log.read_text() == "ran "


def test_an_asynchronous_statement_is_asked_for_later(own: Local) -> None:
    with closing(own.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute_async("select 41 + 1 as answer")
        query = cursor.sfqid
        assert query is not None
        while connection.is_still_running(connection.get_query_status(query)):
            time.sleep(0.05)
        cursor.get_results_from_sfqid(query)
        assert cursor.fetchall() == [(42,)]


def test_a_cancelled_statement_ends(own: Local) -> None:
    with closing(own.connect()) as connection:
        cursor = connection.cursor()
        cursor.execute("create database if not exists cancelled")
        body = "import time\ndef run(session): time.sleep(60)"
        cursor.execute(
            f"create or replace procedure sleep() returns varchar language python handler = 'run' as $${body}$$"
        )
        started = time.monotonic()
        with pytest.raises(DatabaseError):
            cursor.execute("call sleep()", timeout=2)
        assert time.monotonic() - started < 20


def test_two_writers_of_one_row_queue(own: Local) -> None:
    own.query("create database queue", "create table t (a int)", "insert into t values (0)")

    def add() -> None:
        with closing(own.connect(database="QUEUE")) as connection:
            for _ in range(5):
                connection.cursor().execute("update t set a = a + 1")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert own.query("select a from t", database="QUEUE") == [(20,)]


def test_a_writer_waits_for_the_other_transaction(own: Local) -> None:
    own.query("create database wait", "create table t (a int)", "insert into t values (0)")
    with closing(own.connect(database="WAIT")) as first:
        first.cursor().execute("begin")
        first.cursor().execute("update t set a = 1")
        second = threading.Thread(target=own.query, args=("update t set a = a + 10",), kwargs={"database": "WAIT"})
        second.start()
        second.join(0.5)
        assert second.is_alive()
        first.cursor().execute("commit")
        second.join(10)
    assert own.query("select a from t", database="WAIT") == [(11,)]


def test_databases_come_and_go_at_once(own: Local) -> None:
    def create(name: str) -> int | None:
        try:
            own.query(f"create database {name}", "show databases", "show tables in account")
        except ProgrammingError as error:
            return error.errno
        return None

    with ThreadPoolExecutor(12) as pool:
        same = [pool.submit(create, "ONE") for _ in range(6)]
        several = [pool.submit(create, f"SEVERAL_{i}") for i in range(12)]
    assert sorted(made.result() or 0 for made in same) == [0, 2002, 2002, 2002, 2002, 2002]
    assert [made.result() for made in several] == [None] * 12
    with ThreadPoolExecutor(12) as pool:
        dropped = [pool.submit(own.query, f"drop database SEVERAL_{i}", "show databases") for i in range(12)]
    assert [one.exception() for one in dropped] == [None] * 12
    assert own.query("show databases like 'SEVERAL%'") == []


def test_the_connection_file_is_private(local: Local) -> None:
    assert stat.S_IMODE((local.data / "config.toml").stat().st_mode) == 0o600


def test_a_port_in_use_is_one_sentence(local: Local, tmp_path: Path) -> None:
    started = local.command("start", "--port", str(local.port), "--data", str(tmp_path))
    assert started.returncode == 1
    assert started.stderr.startswith(f"local Snowflake: Port {local.port} of 127.0.0.1 cannot be used")
    assert started.stderr.count("\n") == 1


def test_a_data_directory_in_use_is_one_sentence(local: Local) -> None:
    started = local.command("start", "--port", str(free_port()), "--data", str(local.data))
    assert started.returncode == 1
    assert f"is in use by another local Snowflake on port {local.port}" in started.stderr
    assert started.stderr.count("\n") == 1


@pytest.mark.parametrize(("version", "word"), [("0", "an older"), ("999", "a newer")])
def test_another_format_is_one_sentence(local: Local, tmp_path: Path, version: str, word: str) -> None:
    (tmp_path / "format").write_text(version)
    started = local.command("start", "--port", str(free_port()), "--data", str(tmp_path))
    assert started.returncode == 1
    assert f"has format {version}, from {word} version" in started.stderr
    assert started.stderr.count("\n") == 1


def test_a_folder_with_other_things_is_left_alone(local: Local, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    started = local.command("start", "--port", str(free_port()), "--data", str(tmp_path))
    assert started.returncode == 1
    assert "is not empty and not a data directory" in started.stderr
    assert (tmp_path / "thesis.txt").read_text() == "precious"
