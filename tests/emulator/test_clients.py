"""The real clients against the local Snowflake: `snow`, the connector, Snowpark."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException
from snowflake.snowpark.functions import col, lit, when_matched, when_not_matched

from .conftest import Local

pytestmark = pytest.mark.snowflake


@pytest.mark.slow
def test_snow_tests_its_connection(local: Local) -> None:
    tested = local.snow("connection", "test", "--format", "json")
    assert tested.returncode == 0, tested.stderr + tested.stdout
    assert json.loads(tested.stdout)["Status"] == "OK"


def test_snow_runs_a_query(local: Local) -> None:
    ran = local.snow("sql", "-q", "select 1 as one, null as nothing, 'ö' as text", "--format", "json")
    assert json.loads(ran.stdout) == [{"ONE": 1, "NOTHING": None, "TEXT": "ö"}]


@pytest.mark.slow
def test_snow_runs_a_file(local: Local, database: str, tmp_path: Path) -> None:
    file = tmp_path / "script.sql"
    file.write_text(
        f"use database {database};\n-- a comment; with a semicolon\ncreate table t (a int);\n"
        "insert into t values (1), (2);\n"
        "select sum(a) as total from t;\n"
    )
    ran = local.snow("sql", "-f", str(file), "--format", "json")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert json.loads(ran.stdout)[-1] == [{"TOTAL": 3}]


@pytest.mark.slow
def test_snow_shows_an_error_and_fails(local: Local) -> None:
    ran = local.snow("sql", "-q", "select * from nowhere.public.t")
    assert ran.returncode == 1
    assert "does not exist or not authorized" in ran.stderr + ran.stdout


def test_values_arrive_with_their_types(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "select 1 as i, 1.50 as d, 1.5::float as f, 'x' as s, true as b, '2020-01-02'::date as dd, "
        "'2020-01-02 03:04:05.678'::timestamp_ntz as ts, '03:04:05'::time as t, parse_json('{\"a\": 1}') as v"
    )
    [row] = cursor.fetchall()
    assert row[:8] == (
        1,
        Decimal("1.50"),
        1.5,
        "x",
        True,
        dt.date(2020, 1, 2),
        dt.datetime.fromisoformat("2020-01-02 03:04:05.678"),
        dt.time(3, 4, 5),
    )
    assert json.loads(row[8]) == {"a": 1}
    assert [(c.name, c.type_code) for c in cursor.description] == [
        ("I", 0), ("D", 0), ("F", 1), ("S", 2), ("B", 13), ("DD", 3), ("TS", 8), ("T", 12), ("V", 5),
    ]  # fmt: skip


def test_null_timestamps_stay_null(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "select a, b from (select '2020-01-01'::timestamp_ntz as a, null::timestamp_tz as b, 1 as n "
        "union all select null, '2020-01-01'::timestamp_tz, 2) order by n"
    )
    first, second = cursor.fetchall()
    assert first == (dt.datetime.fromisoformat("2020-01-01"), None)
    assert second[0] is None
    assert second[1].replace(tzinfo=None) == dt.datetime.fromisoformat("2020-01-01")


def test_values_are_bound_by_position(local: Local) -> None:
    with local.connect(paramstyle="qmark") as connection:
        cursor = connection.cursor()
        cursor.execute("select ? as a, ? as b, ? as c", ("o'clock", 7, None))
        assert cursor.fetchall() == [("o'clock", 7, None)]


def test_many_rows_are_inserted_at_once(local: Local, database: str) -> None:
    with local.connect(paramstyle="qmark", database=database) as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (a int, b varchar)")
        cursor.executemany("insert into t values (?, ?)", [(i, f"row {i}") for i in range(50)])
        assert cursor.rowcount == 50
        assert cursor.execute("select count(*), sum(a) from t").fetchone() == (50, 1225)


@pytest.mark.parametrize(
    ("statement", "number", "state"),
    [
        ("select * from missing_table", 2003, "42S02"),
        ("selec 1", 1003, "42000"),
        ("select missing from (select 1 as a)", 904, "42000"),
        ("use database missing_database", 2043, "02000"),
        ("drop database missing_database", 2003, "02000"),
        ("select no_such_function(1)", 2140, "42601"),
        ("select 'x'::int", 100038, "22018"),
        ("select to_date('x')", 100040, "22007"),
    ],
)
def test_errors_have_snowflakes_number_and_state(
    cursor: SnowflakeCursor, statement: str, number: int, state: str
) -> None:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(statement)
    assert (caught.value.errno, caught.value.sqlstate) == (number, state)


def test_a_session_that_stands_nowhere_has_null_database_and_schema(local: Local) -> None:
    asked = "select current_database(), current_schema(), current_warehouse(), current_role()"
    assert local.query(asked) == [(None, None, None, "ACCOUNTADMIN")]
    assert local.query(asked, database="NOT_THERE") == [(None, None, None, "ACCOUNTADMIN")]


def test_an_unqualified_name_without_a_schema_is_refused(local: Local) -> None:
    with pytest.raises(ProgrammingError) as caught:
        local.query("select * from t")
    assert caught.value.errno == 90105


def test_a_session_follows_use(local: Local, database: str) -> None:
    rows = local.query(
        f"use database {database}", "create schema s", "create role if not exists r", "use role r",
        "use warehouse compute_wh",
        "select current_database(), current_schema(), current_role(), current_warehouse()",
    )  # fmt: skip
    assert rows == [(database, "S", "R", "COMPUTE_WH")]


def test_snowpark_queries_with_parameters(session: Session) -> None:
    assert session.sql("select ? as a, ? as b", params=["x", 2]).collect()[0].as_dict() == {"A": "x", "B": 2}


def test_snowpark_saves_and_reads_a_table(session: Session) -> None:
    rows = [[i, f"name {i}", dt.date(2020, 1, 1)] for i in range(3)]
    session.create_dataframe(rows, schema=["ID", "NAME", "DAY"]).write.save_as_table("people")
    found = session.table("people").filter(col("ID") > 0).sort("ID").collect()
    assert [tuple(row) for row in found] == [(1, "name 1", dt.date(2020, 1, 1)), (2, "name 2", dt.date(2020, 1, 1))]
    assert session.table("people").count() == 3


def test_snowpark_saves_a_table_that_needs_a_temporary_one(session: Session) -> None:
    session.create_dataframe([[i, i * i] for i in range(1000)], schema=["A", "B"]).write.save_as_table("squares")
    assert session.sql("select sum(b) from squares").collect()[0][0] == sum(i * i for i in range(1000))


def test_snowpark_knows_the_schema_of_a_query(session: Session) -> None:
    fields = session.sql("select 1 as a, 'x' as b, true as c").schema.fields
    assert [(field.name, type(field.datatype).__name__) for field in fields] == [
        ("A", "LongType"),
        ("B", "StringType"),
        ("C", "BooleanType"),
    ]


def test_snowpark_calls_a_procedure(session: Session) -> None:
    session.sql(
        "create procedure double(n int) returns int language python handler = 'run' "
        "as 'def run(session, n): return 2 * n'"
    ).collect()
    assert session.call("double", 21) == 42


@pytest.mark.parametrize(
    ("call", "column"),
    [
        ("select system$get_snowsight_host()", "SYSTEM$GET_SNOWSIGHT_HOST()"),
        ("call system$bootstrap_data_request('CLIENT_PARAMS_INFO')", "SYSTEM$BOOTSTRAP_DATA_REQUEST"),
        ("call system$get_snowsight_host()", "SYSTEM$GET_SNOWSIGHT_HOST"),
    ],
)
def test_system_functions_that_snow_asks(cursor: SnowflakeCursor, call: str, column: str) -> None:
    [[value]] = cursor.execute(call).fetchall()  # type: ignore[union-attr]
    assert value
    assert [c.name for c in cursor.description] == [column]


@pytest.mark.slow
def test_snow_describes_and_drops_a_table_by_its_full_name(local: Local, database: str) -> None:
    local.query(f"create table {database}.public.t (a int)")
    described = local.snow("object", "describe", "table", f"{database}.PUBLIC.T", "--format", "json")
    assert [column["name"] for column in json.loads(described.stdout)] == ["A"]
    dropped = local.snow("object", "drop", "table", f"{database}.PUBLIC.T")
    assert dropped.returncode == 0, dropped.stderr + dropped.stdout
    assert local.query(f"show tables in schema {database}.public") == []


def test_snowpark_merges_updates_and_deletes(session: Session) -> None:
    session.create_dataframe([[1, "a"], [2, "b"]], schema=["id", "n"]).write.mode("append").save_as_table("t")
    target, source = session.table("t"), session.create_dataframe([[2, "z"], [3, "c"]], schema=["id", "n"])
    merged = target.merge(
        source,
        target["id"] == source["id"],
        [when_matched().update({"n": source["n"]}), when_not_matched().insert({"id": source["id"], "n": source["n"]})],
    )
    assert (merged.rows_inserted, merged.rows_updated, merged.rows_deleted) == (1, 1, 0)
    assert target.update({"n": lit("q")}, col("id") == 1).rows_updated == 1
    assert target.delete(col("id") == 3).rows_deleted == 1
    assert [tuple(row) for row in target.sort("id").collect()] == [(1, "q"), (2, "z")]


def test_snowpark_makes_a_range(session: Session) -> None:
    assert [row[0] for row in session.range(1, 4).sort("id").collect()] == [1, 2, 3]


def test_snowpark_registers_procedures(session: Session) -> None:
    session.sql("create stage code").collect()

    def double(_: Session, number: int) -> int:
        return number * 2

    packages = ["snowflake-snowpark-python"]
    assert session.sproc.register(double, packages=packages)(4) == 8
    session.sproc.register(double, name="doubled", is_permanent=True, stage_location="@code", packages=packages)
    assert session.call("doubled", 5) == 10


def test_two_snowpark_sessions_see_each_others_tables(session: Session, local: Local, database: str) -> None:
    session.create_dataframe([[1]], schema=["id"]).write.save_as_table("t")
    connection = local.connect(database=database, schema="PUBLIC")
    with Session.builder.configs({"connection": connection}).create() as other:
        other.sql("insert into t values (2)").collect()
        assert session.table("t").count() == 2


def test_snowpark_calls_with_wrong_values_are_refused(session: Session) -> None:
    session.sql("create procedure p(a int) returns int language sql as 'begin return a + 1; end'").collect()
    assert session.call("p", 1) == 2
    with pytest.raises(SnowparkSQLException, match="Numeric value 'abc' is not recognized"):
        session.call("p", "abc")
    with pytest.raises(SnowparkSQLException, match="Invalid argument types for function 'P'"):
        session.call("p", 1, 2)
