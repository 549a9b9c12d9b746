"""SQL functions, and functions about the session."""

from __future__ import annotations

from datetime import date

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from .conftest import Local

pytestmark = pytest.mark.snowflake


def test_a_function_is_its_expression(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "create function add_tax(price float, rate float default 0.25) returns float as 'price * (1 + rate)'"
    )
    assert cursor.fetchone() == ("Function ADD_TAX successfully created.",)
    cursor.execute("create table t (price float)")
    cursor.execute("insert into t values (4), (8)")
    cursor.execute("select add_tax(price), Add_Tax(price, 0.5) as more from t where add_tax(price) >= 5 order by 1")
    assert cursor.fetchall() == [(5, 6), (10, 12)]
    assert [column.name for column in cursor.description] == ["ADD_TAX(PRICE)", "MORE"]


def test_functions_call_functions_and_query(cursor: SnowflakeCursor, database: str) -> None:
    cursor.execute("create schema s")
    cursor.execute("create table s.t (id int, name varchar)")
    cursor.execute("insert into s.t values (1, 'one'), (2, 'two')")
    cursor.execute(
        f"create function s.name_of(i int) returns varchar as $$ select name from {database}.s.t where id = i $$"
    )
    cursor.execute("create function s.loud(i int) returns varchar as $$ upper(name_of(i)) || '!' $$")
    cursor.execute("use schema public")
    assert cursor.execute(f"select s.loud(2), {database}.s.loud(1)").fetchone() == ("TWO!", "ONE!")


def test_functions_are_overloaded_replaced_described_and_dropped(cursor: SnowflakeCursor) -> None:
    cursor.execute("create function f(a int) returns int as 'a + 1'")
    cursor.execute("create function f(a int, b int) returns int as 'a + b'")
    assert cursor.execute("select f(1), f(1, 2)").fetchone() == (2, 3)
    with pytest.raises(ProgrammingError, match="already exists"):
        cursor.execute("create function f(x int) returns int as 'x'")
    cursor.execute("create or replace function f(a int) returns int as 'a + 10'")
    assert cursor.execute("select f(1)").fetchone() == (11,)
    with pytest.raises(ProgrammingError, match="Invalid argument types for function 'F'"):
        cursor.execute("select f()")
    assert dict(cursor.execute("describe function f(int)").fetchall())["body"] == "a + 10"  # type: ignore[arg-type]
    assert len(cursor.execute("show user functions like 'f' in schema public").fetchall()) == 2
    assert cursor.execute("drop function f(int)").fetchone() == ("F successfully dropped.",)
    assert cursor.execute("drop function if exists f(int)").fetchone()[0].endswith("(F already dropped).")
    with pytest.raises(ProgrammingError, match=r"Function .* does not exist or not authorized"):
        cursor.execute("drop function f(int)")


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("create function f() returns int language python runtime_version = '3.11' handler = 'f' as $$ $$", "PYTHON"),
        ("create function f() returns table (a int) as 'select 1'", "RETURNS TABLE"),
    ],
)
def test_functions_of_other_kinds_are_refused(cursor: SnowflakeCursor, definition: str, message: str) -> None:
    with pytest.raises(ProgrammingError, match=f"Unsupported feature .*{message}.* in the local Snowflake"):
        cursor.execute(definition)


def test_a_role_needs_usage_of_a_function(local: Local, cursor: SnowflakeCursor, database: str) -> None:
    cursor.execute("create function f() returns int as '1'")
    cursor.execute(f"create role reader_of_{database}")
    for kind in ("database", "schema"):
        name = database if kind == "database" else f"{database}.public"
        cursor.execute(f"grant usage on {kind} {name} to role reader_of_{database}")
    with pytest.raises(ProgrammingError, match="Unknown function F"):
        local.query(f"select {database}.public.f()", role=f"reader_of_{database}")
    cursor.execute(f"grant usage on function f() to role reader_of_{database}")
    assert local.query(f"select {database}.public.f()", role=f"reader_of_{database}") == [(1,)]


def ddl(cursor: SnowflakeCursor, *arguments: str) -> str:
    [[text]] = cursor.execute(f"select get_ddl({', '.join(arguments)})").fetchall()
    return text


def test_get_ddl_of_tables_and_views(cursor: SnowflakeCursor, database: str) -> None:
    cursor.execute('create table t (a number(10, 2) not null, b varchar(20), c timestamp_ntz, "d e" variant)')
    cursor.execute("create view v as select a, b from t where a > 1")
    text = ddl(cursor, "'table'", "'t'")
    assert text == (
        "create or replace TABLE T (\n"
        '\tA NUMBER(10,2) NOT NULL,\n\tB VARCHAR(20),\n\tC TIMESTAMP_NTZ(9),\n\t"d e" VARIANT\n);'
    )
    cursor.execute(text)
    assert ddl(cursor, "'view'", "'public.v'") == (
        "create or replace view V(\n\tA,\n\tB\n) as SELECT a, b FROM t WHERE a > 1;"
    )
    assert ddl(cursor, "'table'", "'t'", "true").startswith(f"create or replace TABLE {database}.PUBLIC.T (")
    assert ddl(cursor, "'schema'", "'public'").count("create or replace") == 3
    with pytest.raises(ProgrammingError, match=r"Table .*NOSUCH' does not exist or not authorized"):
        ddl(cursor, "'table'", "'nosuch'")
    with pytest.raises(ProgrammingError, match="Unsupported feature 'GET_DDL"):
        ddl(cursor, "'pipe'", "'p'")


def test_get_ddl_of_procedures_and_functions_creates_them_again(cursor: SnowflakeCursor) -> None:
    cursor.execute("create procedure p(a int) returns varchar language sql as $$ begin return 'it''s ' || a; end $$")
    cursor.execute("create function f(a int default 2) returns int as 'a + 1'")
    for kind, name in (("procedure", "p(int)"), ("function", "f(int)")):
        text = ddl(cursor, f"'{kind}'", f"'{name}'")
        cursor.execute(f"drop {kind} {name}")
        cursor.execute(text)
        assert ddl(cursor, f"'{kind}'", f"'{name}'") == text
    assert cursor.execute("call p(3)").fetchone() == ("it's 3",)
    assert cursor.execute("select f()").fetchone() == (3,)


def test_functions_about_the_session(cursor: SnowflakeCursor) -> None:
    cursor.execute("select is_role_in_session('ACCOUNTADMIN'), is_role_in_session('NOSUCH'), current_statement()")
    assert cursor.fetchone() == (
        True, False, "select is_role_in_session('ACCOUNTADMIN'), is_role_in_session('NOSUCH'), current_statement()",
    )  # fmt: skip
    first = cursor.sfqid
    cursor.execute("select 2")
    assert cursor.execute("select last_query_id(-2), last_query_id() <> last_query_id(-2)").fetchone() == (first, True)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1", "NUMBER(1,0)[SB1]"),
        ("12.345", "NUMBER(5,3)[SB4]"),
        ("'abc'", "VARCHAR(3)[LOB]"),
        ("null", "NULL[LOB]"),
        ("current_date()", "DATE[SB4]"),
        ("true", "BOOLEAN[SB1]"),
        ("1::float", "FLOAT[DOUBLE]"),
        ("'x'::varchar", "VARCHAR(16777216)[LOB]"),
        ("1::number(10, 2)", "NUMBER(10,2)[SB8]"),
        ("parse_json('1')", "VARIANT[LOB]"),
        ("'2024-01-01'::timestamp_ntz", "TIMESTAMP_NTZ(9)[SB16]"),
    ],
)
def test_system_typeof_names_the_type_of_an_expression(cursor: SnowflakeCursor, expression: str, kind: str) -> None:
    assert cursor.execute(f"select system$typeof({expression})").fetchone() == (kind,)


def test_what_is_made_of_a_date_by_whole_days_is_a_date(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table days (d date, ts timestamp_ntz, n int)")
    cursor.execute("insert into days values ('2024-05-31', '2024-05-31 10:11:12', 2)")
    cursor.execute(
        "create view coming as select dateadd(day, n, dateadd(month, 1, date_trunc('month', d))) as d from days"
    )
    for expression, told in (
        ("date_trunc('month', d)", "2024-05-01"),
        ("trunc(d, 'month')", "2024-05-01"),
        ("add_months(d, 1)", "2024-06-30"),
        ("dateadd(day, -7, max(d))", "2024-05-24"),
        ("dateadd(hour, 1, d)", "2024-05-31 01:00:00.000"),
        ("date_trunc('hour', ts)", "2024-05-31 10:00:00.000"),
        ("dateadd(year, 1, date_trunc('hour', ts))", "2025-05-31 10:00:00.000"),
    ):
        cursor.execute(f"create or replace table made as select {expression} as made from days group by d, ts")
        cursor.execute("describe table made")
        assert [row[1] for row in cursor] == ["TIMESTAMP_NTZ(9)" if ":" in told else "DATE"]
        cursor.execute("select made::varchar from made")
        assert cursor.fetchall() == [(told,)]
    cursor.execute("select * from coming")
    assert cursor.fetchall() == [(date(2024, 6, 3),)]
