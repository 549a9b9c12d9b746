"""What a client is told when a statement cannot be read or names what does not exist."""

from __future__ import annotations

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

pytestmark = pytest.mark.snowflake


def refusal(cursor: SnowflakeCursor, statement: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(statement)
    return caught.value


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("SELEC 1", "line 1 at position 0 unexpected 'SELEC'"),
        ("selec", "line 1 at position 0 unexpected 'selec'"),
        ("foo bar", "line 1 at position 0 unexpected 'foo'"),
        ("select 1 x yes", "line 1 at position 11 unexpected 'yes'"),
        ("select 1 +", "line 1 at position 10 unexpected '<EOF>'"),
        ("select * from", "line 1 at position 13 unexpected '<EOF>'"),
        ("select 1\nfrom (select 2", "line 2 at position 14 unexpected '<EOF>'"),
        ("create tabel t (a int)", "line 1 at position 7 unexpected 'tabel'"),
    ],
)
def test_a_syntax_error_is_placed(cursor: SnowflakeCursor, statement: str, where: str) -> None:
    error = refusal(cursor, statement)
    assert (error.errno, error.sqlstate) == (1003, "42000")
    assert f"SQL compilation error:\nsyntax error {where}." in str(error.msg)


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("select * from missing", "Object 'MISSING'"),
        ("select * from public.missing", "Object 'PUBLIC.MISSING'"),
        ("drop table missing", "Table '{}.PUBLIC.MISSING'"),
        ("drop view public.missing", "View '{}.PUBLIC.MISSING'"),
        ("alter table missing add column a int", "Table '{}.PUBLIC.MISSING'"),
        ("truncate table missing", "Table '{}.PUBLIC.MISSING'"),
        ("describe table missing", "Table 'MISSING'"),
        ("insert into missing values (1)", "Table 'MISSING'"),
        ("insert into t select * from missing", "Object 'MISSING'"),
        ("update public.missing set a = 1", "Table 'PUBLIC.MISSING'"),
    ],
)
def test_a_missing_object_is_named(cursor: SnowflakeCursor, database: str, statement: str, named: str) -> None:
    cursor.execute("create table t (a int)")
    error = refusal(cursor, statement)
    assert (error.errno, error.sqlstate) == (2003, "42S02")
    assert f"{named.format(database)} does not exist or not authorized." in str(error.msg)


def test_words_of_duckdb_are_names(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table at (at int, only varchar, show int)")
    cursor.execute("insert into at (at, only, show) values (1, 'a', 2)")
    assert cursor.execute("select a.at, only as offset, show at from at a order by at").fetchall() == [(1, "a", 2)]
    assert [column.name for column in cursor.description] == ["AT", "OFFSET", "AT"]
