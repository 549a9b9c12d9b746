"""Where DuckDB and fakesnow differ from Snowflake: each test holds on Snowflake, too."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal

import pytest
from snowflake.connector import DatabaseError, ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from .conftest import Local

pytestmark = pytest.mark.snowflake


def refused(cursor: SnowflakeCursor, statement: str) -> tuple[int | None, str | None]:
    with pytest.raises(DatabaseError) as caught:
        cursor.execute(statement)
    return caught.value.errno, caught.value.sqlstate


def count(cursor: SnowflakeCursor) -> int:
    [[number]] = cursor.execute("select count(*) from t").fetchall()
    return number


@pytest.fixture
def table(cursor: SnowflakeCursor) -> SnowflakeCursor:
    cursor.execute("create table t (a int, b varchar(3))")
    cursor.execute("insert into t values (1, 'one')")
    return cursor


def test_sums_of_integers_are_numbers(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table s as select sum(a) as total from (select 9007199254740993 as a union all select 0)")
    assert cursor.execute("select total from s").fetchone() == (9007199254740993,)
    assert cursor.description[0].type_code == 0


def test_columns_are_named_after_their_text(cursor: SnowflakeCursor) -> None:
    cursor.execute("select count(*), max(a), current_role() from (select 1 as a)")
    assert [column.name for column in cursor.description] == ["COUNT(*)", "MAX(A)", "CURRENT_ROLE()"]
    columns = "a+1, a  + 1, a::int ,nvl(a, 0), 'x', (select 2 from (select 3))"
    cursor.execute(f"select distinct {columns} from (select 1 as a)")
    assert [column.name for column in cursor.description] == [
        "A+1", "A  + 1", "A::INT", "NVL(A, 0)", "'X'", "(SELECT 2 FROM (SELECT 3))",
    ]  # fmt: skip
    cursor.execute("with q as (select 1 as a, 2 as b) select min(a)||'x', b, /* c */ max( a ) from q group by b")
    assert [column.name for column in cursor.description] == ["MIN(A)||'X'", "B", "MAX( A )"]


@pytest.mark.parametrize("statement", ["select 1 / 0", "select a / (a - 1) from t", "select a % 0 from t"])
def test_division_by_zero_is_an_error(table: SnowflakeCursor, statement: str) -> None:
    assert refused(table, statement) == (100051, "22012")


def test_division_of_other_numbers_works(table: SnowflakeCursor) -> None:
    assert table.execute("select a / 4, 7 / nullif(a - 1, 0) from t").fetchone() in [
        (0.25, None),
        (Decimal("0.25"), None),
    ]


def test_a_text_that_is_too_long_is_an_error(table: SnowflakeCursor) -> None:
    assert refused(table, "insert into t values (2, 'three')") == (100078, "22000")
    assert count(table) == 1


def test_null_in_a_not_null_column_is_an_error(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table t (a int not null)")
    assert refused(cursor, "insert into t values (null)") == (100072, "22000")


def test_keys_are_declared_and_not_enforced(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table t (a int primary key, b int unique, constraint u unique (a, b))")
    cursor.execute("insert into t values (1, 1), (1, 1)")
    assert count(cursor) == 2
    assert refused(cursor, "insert into t values (null, 1)") == (100072, "22000")


def test_merge_counts_what_it_did(table: SnowflakeCursor) -> None:
    table.execute(
        "merge into t using (select 1 as a, 'x' as b union all select 2, 'y') s on t.a = s.a "
        "when matched then update set t.b = s.b when not matched then insert (a, b) values (s.a, s.b)"
    )
    assert table.fetchone() == (1, 1)
    assert [c.name for c in table.description] == ["number of rows inserted", "number of rows updated"]
    assert table.execute("select a, b from t order by a").fetchall() == [(1, "x"), (2, "y")]


def test_merge_refuses_two_source_rows_for_one_target_and_changes_nothing(table: SnowflakeCursor) -> None:
    statement = (
        "merge into t using (select 1 as a, 'x' as b union all select 1, 'y' union all select 5, 'n') s on t.a = s.a "
        "when matched then update set b = s.b when not matched then insert (a, b) values (s.a, s.b)"
    )
    assert refused(table, statement) == (100090, "42P18")
    assert table.execute("select a, b from t").fetchall() == [(1, "one")]


@pytest.mark.parametrize(
    "definition",
    [
        "create table other (a int)",
        "create table other as select 1 as a",
        "create schema other",
        "create stage other",
        "create or replace view v as select 1 as a",
    ],
)
def test_a_definition_commits_the_transaction(table: SnowflakeCursor, definition: str) -> None:
    table.execute("begin")
    table.execute("insert into t values (2, 'two')")
    table.execute(definition)
    table.execute("rollback")
    assert table.execute("select count(*) from public.t").fetchone() == (2,)


def test_truncate_rolls_back(table: SnowflakeCursor) -> None:
    table.execute("begin")
    table.execute("truncate table t")
    table.execute("rollback")
    assert count(table) == 1


def test_a_transaction_is_seen_by_others_after_commit(table: SnowflakeCursor, local: Local, database: str) -> None:
    table.execute("begin transaction")
    table.execute("insert into t values (2, 'two')")
    assert local.query("select count(*) from t", database=database) == [(1,)]
    table.execute("commit")
    assert local.query("select count(*) from t", database=database) == [(2,)]


def test_reads_in_a_transaction_see_what_others_commit(table: SnowflakeCursor, local: Local, database: str) -> None:
    table.execute("begin")
    assert count(table) == 1
    local.query("insert into t values (2, 'two')", database=database)
    assert count(table) == 2
    table.execute("update t set b = 'x'")
    table.execute("commit")
    assert table.execute("select distinct b from t").fetchall() == [("x",)]


@pytest.mark.parametrize(
    "failing",
    [
        "insert into t values (3, 'three')",
        "insert into t values (3, 'ok'), ('x', 'no')",
        "insert overwrite into t select 3, 'three'",
        "insert into missing values (1)",
        "select nosuch from t",
        "select 1 / 0",
        "selec 1",
    ],
)
def test_an_error_in_a_transaction_undoes_its_statement_only(table: SnowflakeCursor, failing: str) -> None:
    table.execute("begin")
    with pytest.raises(DatabaseError):
        table.execute(failing)
    table.execute("insert into t values (2, 'two')")
    table.execute("update t set b = 'new' where a = 1")
    with pytest.raises(DatabaseError):
        table.execute(failing)
    table.execute("insert into t values (4, 'ok')")
    table.execute("commit")
    assert table.execute("select a, b from t order by a").fetchall() == [(1, "new"), (2, "two"), (4, "ok")]


def test_an_error_after_changes_that_cannot_be_made_again_never_commits_half(table: SnowflakeCursor) -> None:
    """Stricter than Snowflake, which would undo the failed statement only: here COMMIT fails."""
    table.execute("begin")
    table.execute("insert into t select 2, left(uuid_string(), 3)")
    refused(table, "insert into t values (3, 'three')")
    assert refused(table, "commit") == (628, "25000")
    assert count(table) == 1
    table.execute("insert into t values (4, 'ok')")
    assert count(table) == 2


def test_without_autocommit_a_change_waits_for_commit(local: Local, database: str) -> None:
    with local.connect(database=database, autocommit=False) as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (a int)")
        cursor.execute("insert into t values (1)")
        connection.rollback()
        assert count(cursor) == 0
        cursor.execute("insert into t values (1)")
        connection.commit()
    assert local.query("select count(*) from t", database=database) == [(1,)]


def test_temporary_tables_have_qualified_names(cursor: SnowflakeCursor, local: Local, database: str) -> None:
    cursor.execute(f"create temporary table {database}.public.tmp (a int)")
    cursor.execute(f"insert into {database}.public.tmp values (1)")
    assert cursor.execute("select a from tmp").fetchall() == [(1,)]
    with pytest.raises(ProgrammingError):
        local.query("select * from tmp", database=database)


def test_databases_and_schemas_come_and_go(local: Local) -> None:
    local.query("create database coming comment = GENERATED", "create schema one", "create schema if not exists one")
    shown = local.query("show schemas in database coming")
    assert [row[1] for row in shown] == ["INFORMATION_SCHEMA", "ONE", "PUBLIC"]
    assert [row[6] for row in local.query("show databases like 'com%'")] == ["GENERATED"]
    assert [row[1] for row in local.query("describe database coming")] == ["INFORMATION_SCHEMA", "ONE", "PUBLIC"]
    with pytest.raises(ProgrammingError) as caught:
        local.query("create database coming")
    assert caught.value.errno == 2002
    local.query("drop schema coming.one", "drop database coming", "drop database if exists coming")
    assert local.query("show databases like 'coming'") == []


def test_the_sum_of_a_text_is_refused(table: SnowflakeCursor) -> None:
    """Snowflake would cast the text; the app must not rely on it."""
    assert refused(table, "select sum(b) from t") == (1044, "42P13")


def test_the_average_of_integers_is_a_float(table: SnowflakeCursor) -> None:
    """Snowflake answers NUMBER(38, 6)."""
    assert table.execute("select avg(a) from t").fetchone() == (1.0,)
    assert table.description[0].type_code == 1


def test_quoted_identifiers_ignore_case(cursor: SnowflakeCursor) -> None:
    """In Snowflake these are two tables."""
    cursor.execute('create table "mixed" (a int)')
    assert refused(cursor, 'create table "MIXED" (a int)') == (2002, "42710")


@pytest.mark.parametrize(
    "statement",
    [
        "create database d2 clone d1",
        "create schema s2 clone public",
        "undrop table t",
        "select * from t at(offset => -60)",
    ],
)
def test_time_travel_and_clones_are_refused(table: SnowflakeCursor, statement: str) -> None:
    refused(table, statement)


def test_an_array_of_mixed_types_is_refused(cursor: SnowflakeCursor) -> None:
    """Snowflake takes it: its arrays hold variants."""
    assert refused(cursor, "select array_construct(1, 'z')") == (100038, "22018")


def test_a_batch_is_inserted_as_a_whole_or_not_at_all(local: Local, database: str) -> None:
    with local.connect(database=database, paramstyle="qmark") as connection:
        cursor = connection.cursor()
        cursor.execute("create table t (a int, b varchar(3))")
        with pytest.raises(ProgrammingError):
            cursor.executemany("insert into t values (?, ?)", [(1, "one"), (2, "two"), (3, "three")])
        assert count(cursor) == 0
        cursor.executemany("update t set b = ? where a = ?", [("x", 1), ("y", 2)])


def test_an_overwrite_that_fails_leaves_the_rows(table: SnowflakeCursor) -> None:
    refused(table, "insert overwrite into t select 2, 'too long'")
    assert table.execute("select a from t").fetchall() == [(1,)]
    table.execute("insert overwrite into t select 2, 'two'")
    assert table.execute("select a, b from t").fetchall() == [(2, "two")]


def test_definitions_of_several_steps_work(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table t (id int autoincrement, b varchar(3))")
    cursor.execute("alter table t add column c varchar(5), d int")
    cursor.execute("insert into t (b) values ('x')")
    assert cursor.execute("select id, b, c, d from t").fetchall() == [(1, "x", None, None)]


def test_session_variables_are_read_outside_of_texts(cursor: SnowflakeCursor) -> None:
    cursor.execute("set wanted = 5")
    assert cursor.execute("select $wanted + 1, '$unwanted'").fetchone() == (6, "$unwanted")
    with pytest.raises(ProgrammingError, match=r"Session variable '\$MISSING' does not exist"):
        cursor.execute("select $missing")


def test_a_pattern_may_be_written_in_pieces(cursor: SnowflakeCursor) -> None:
    cursor.execute("select regexp_replace(' a b ', '^[' || ' ' || ']+| +$', ''), regexp_substr('xay', 'a' || chr(121))")
    assert cursor.fetchone() == ("a b", "ay")


def test_the_escapes_of_a_pattern_are_read_once(cursor: SnowflakeCursor) -> None:
    cursor.execute(r"select regexp_substr('a\\b', '[^\\\\]+'), regexp_replace('a\\b.c', '[\\\\.]', '-')")
    assert cursor.fetchone() == ("a", "a-b-c")


def test_halves_of_an_md5_number(cursor: SnowflakeCursor) -> None:
    number = int(hashlib.md5(b"Snowflake").hexdigest(), 16)
    cursor.execute("select md5_number_upper64('Snowflake'), md5_number_lower64('Snowflake')")
    assert cursor.fetchone() == (number >> 64, number & (2**64 - 1))


def test_a_number_column_holds_38_digits(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table wide (a number(38, 0), b number)")
    cursor.execute("insert into wide values (12345678901234567890123456789012345678, 1234567890123456789012345678)")
    cursor.execute("select a, b from wide")
    assert cursor.fetchone() == (12345678901234567890123456789012345678, 1234567890123456789012345678)


def test_a_cast_to_number_holds_38_digits(cursor: SnowflakeCursor) -> None:
    cursor.execute("select cast(1e20::float as number(38,0)), 1.6::number, '12.5'::number, to_number('17')")
    assert cursor.fetchone() == (10**20, 2, 13, 17)


def test_a_larger_integer_is_an_error(cursor: SnowflakeCursor) -> None:
    """Snowflake's INT is a NUMBER(38, 0)."""
    assert refused(cursor, "select 1e20::float::int")[0] == 100038


def test_a_with_clause_that_reads_itself_is_recursive(cursor: SnowflakeCursor) -> None:
    cursor.execute("with r as (select 1 as n union all select n + 1 from r where n < 3) select sum(n) from r")
    assert cursor.fetchone() == (6,)


def test_trims_keep_their_side_and_characters(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "select ltrim('xxax', 'x'), rtrim('xaxx', 'x'), trim('xax', 'x'), ltrim(' a '), rtrim(' a '), trim(' a ')"
    )
    assert cursor.fetchone() == ("ax", "xa", "a", "a ", " a", "a")


def test_several_variables_are_set_and_forgotten(cursor: SnowflakeCursor) -> None:
    cursor.execute("set (one, two) = (1 + 0, 'b''c')")
    assert cursor.execute("select $one, $two").fetchone() == (1, "b'c")
    cursor.execute("unset one")
    with pytest.raises(ProgrammingError, match="'\\$ONE' does not exist"):
        cursor.execute("select $one")


def test_the_open_transaction_is_shown(cursor: SnowflakeCursor) -> None:
    assert cursor.execute("show transactions").fetchall() == []
    cursor.execute("begin")
    assert cursor.execute("show transactions").fetchall()[0][5] == "running"
    cursor.execute("rollback")


def test_a_try_for_a_timestamp_gives_null(cursor: SnowflakeCursor) -> None:
    cursor.execute("select try_to_timestamp('no'), try_cast('no' as timestamp)")
    assert cursor.fetchone() == (None, None)
    assert cursor.execute("select try_to_timestamp('2024-01-02 03:04:05')::date").fetchone() == (dt.date(2024, 1, 2),)
