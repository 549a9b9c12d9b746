"""What a client may send at once and set for its session."""

from __future__ import annotations

import datetime as dt
import io
import time

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from .conftest import Local

pytestmark = pytest.mark.snowflake


def rows_of_each(cursor: SnowflakeCursor) -> list[list[tuple[object, ...]]]:
    found = [cursor.fetchall()]
    while cursor.nextset():
        found.append(cursor.fetchall())
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("count", [3, 0])
def test_several_statements_answer_one_after_the_other(cursor: SnowflakeCursor, count: int) -> None:
    text = "create table t (a varchar); insert into t values ('x;y'), ('z'); /* a; b */ select a from t -- the end;"
    cursor.execute(text, num_statements=count)
    assert rows_of_each(cursor) == [[("Table T successfully created.",)], [(2,)], [("x;y",), ("z",)]]
    assert len(set(cursor.multi_statement_savedIds)) == 3


def test_a_block_is_one_statement(cursor: SnowflakeCursor) -> None:
    cursor.execute("begin let a := 1; return a; end; begin; select 2; commit", num_statements=4)
    assert rows_of_each(cursor)[0] == [(1,)]


@pytest.mark.parametrize(("text", "count", "actual"), [("select 1; select 2", None, 2), ("select 1;", 5, 1)])
def test_another_number_of_statements_than_said_is_refused(
    cursor: SnowflakeCursor, text: str, count: int | None, actual: int
) -> None:
    message = f"Actual statement count {actual} did not match the desired statement count {count or 1}"
    with pytest.raises(ProgrammingError, match=message) as caught:
        cursor.execute(text, num_statements=count)
    assert (caught.value.errno, caught.value.sqlstate) == (8, "0A000")


def test_the_number_of_statements_is_a_parameter_of_the_session(cursor: SnowflakeCursor) -> None:
    cursor.execute("alter session set multi_statement_count = 0")
    assert rows_of_each(cursor.execute("select 1; select 2")) == [[(1,)], [(2,)]]


def test_a_failing_statement_ends_the_request_and_is_named(cursor: SnowflakeCursor) -> None:
    with pytest.raises(ProgrammingError, match=r'failed on statement "select a from missing" \(at line 1, position 28'):
        cursor.execute("create table t (a varchar); select a from missing; create table u (a int)", num_statements=3)
    assert cursor.execute("show tables").fetchall()[0][1] == "T"
    assert cursor.rowcount == 1


def test_several_statements_share_their_values(local: Local, database: str) -> None:
    with local.connect(database=database, paramstyle="qmark") as connection:
        cursor = connection.cursor()
        cursor.execute("select ?; select '?', ?", (1, "two"), num_statements=2)
        assert rows_of_each(cursor) == [[(1,)], [("?", "two")]]


def test_several_statements_run_asynchronously(cursor: SnowflakeCursor) -> None:
    cursor.execute_async("select 1; select 2", num_statements=2)
    cursor.get_results_from_sfqid(str(cursor.sfqid))
    assert rows_of_each(cursor) == [[(1,)], [(2,)]]


def test_a_text_is_executed_statement_by_statement(local: Local, database: str) -> None:
    with local.connect(database=database) as connection:
        text = "select 'a;b' -- c;\n; /* d; */ select $$e;f$$;\n"
        assert [c.fetchall() for c in connection.execute_string(text)] == [[("a;b",)], [("e;f",)]]
        assert [c.fetchall() for c in connection.execute_stream(io.StringIO(text))] == [[("a;b",)], [("e;f",)]]


def test_parameters_are_set_shown_and_unset(cursor: SnowflakeCursor) -> None:
    cursor.execute("alter session set query_tag = 'mine', week_start = 1")
    [tag] = cursor.execute("show parameters like 'query_tag' in session").fetchall()
    assert tag[:4] == ("QUERY_TAG", "mine", "", "SESSION")
    assert cursor.execute("show parameters like 'week_start'").fetchall()[0][5] == "NUMBER"
    cursor.execute("alter session unset query_tag")
    assert cursor.execute("show parameters like 'query_tag'").fetchall()[0][1] == ""
    assert cursor.execute("show parameters like 'week_start' in account").fetchall()[0][1] == "0"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("alter session set nonsense = 1", "invalid property 'NONSENSE' for 'SESSION'"),
        ("alter session unset nonsense", "invalid property 'NONSENSE' for 'SESSION'"),
        ("alter session set timezone = 'Moon/Sea'", r"invalid value \[Moon/Sea\] for parameter 'TIMEZONE'"),
        ("alter session set autocommit = perhaps", r"invalid value \[perhaps\] for parameter 'AUTOCOMMIT'"),
    ],
)
def test_parameters_that_do_not_exist_are_refused(cursor: SnowflakeCursor, statement: str, message: str) -> None:
    with pytest.raises(ProgrammingError, match=message):
        cursor.execute(statement)


def test_timestamps_follow_the_sessions_time_zone(local: Local, cursor: SnowflakeCursor) -> None:
    cursor.execute("alter session set timezone = 'America/New_York'")
    cursor.execute("create table t (a timestamp_ltz, b timestamp_tz)")
    cursor.execute("insert into t values ('2024-01-01 12:00:00', '2024-07-01 12:00:00'), (null, null)")
    [first, second] = cursor.execute("select a, b, a::timestamp_ntz, current_timestamp() from t").fetchall()
    assert [value.isoformat() for value in first[:3]] == [
        "2024-01-01T12:00:00-05:00", "2024-07-01T12:00:00-04:00", "2024-01-01T12:00:00",
    ]  # fmt: skip
    assert abs(first[3].timestamp() - time.time()) < 60
    assert first[3].utcoffset() in (dt.timedelta(hours=-5), dt.timedelta(hours=-4))
    assert second[:3] == (None, None, None)
    cursor.execute("alter session unset timezone")
    [(again,)] = cursor.execute("select a from t where b is not null").fetchall()
    assert again.isoformat() == "2024-01-01T17:00:00+00:00"
    connect = {"session_parameters": {"TIMEZONE": "Asia/Tokyo"}}
    assert local.query("select current_timestamp()", **connect)[0][0].utcoffset() == dt.timedelta(hours=9)
