"""What definitions answer."""

from __future__ import annotations

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

pytestmark = pytest.mark.snowflake


@pytest.fixture
def objects(cursor: SnowflakeCursor) -> SnowflakeCursor:
    cursor.execute("create table t (a int)")
    cursor.execute("insert into t values (1)")
    cursor.execute("create view v as select a from t")
    return cursor


@pytest.mark.parametrize(
    ("statement", "status"),
    [
        ("create table u (a int)", "Table U successfully created."),
        ("create or replace table t (a int)", "Table T successfully created."),
        ("create transient table u (a int)", "Table U successfully created."),
        ("create table if not exists u (a int)", "Table U successfully created."),
        ("create table if not exists t (a int)", "T already exists, statement succeeded."),
        ("create table u as select 1 as a", "Table U successfully created."),
        ("create view w as select 1 as a", "View W successfully created."),
        ("create or replace view v as select 1 as a", "View V successfully created."),
        ("create view if not exists v as select 1 as a", "V already exists, statement succeeded."),
        ("create table u clone t", "Table U successfully created."),
        ("create or replace table t clone t2", "Table T successfully created."),
        ("drop table t", "T successfully dropped."),
        ("drop table if exists t", "T successfully dropped."),
        ("drop table if exists nosuch", "Drop statement executed successfully (NOSUCH already dropped)."),
        ('drop table if exists public."nosuch"', "Drop statement executed successfully (nosuch already dropped)."),
        ("drop view v", "V successfully dropped."),
        ("drop view if exists nosuch", "Drop statement executed successfully (NOSUCH already dropped)."),
        ("truncate table t", "Statement executed successfully."),
        ("truncate table if exists t", "Statement executed successfully."),
        ("truncate table if exists nosuch", "Statement executed successfully."),
        ("alter table t add column b varchar", "Statement executed successfully."),
        ("alter table t rename to u", "Statement executed successfully."),
        ("alter table if exists nosuch add column b varchar", "Statement executed successfully."),
        ("drop procedure if exists nosuch()", "Drop statement executed successfully (NOSUCH already dropped)."),
        ("drop schema if exists nosuch", "Drop statement executed successfully (NOSUCH already dropped)."),
        ("drop database if exists nosuch", "Drop statement executed successfully (NOSUCH already dropped)."),
    ],
)
def test_definitions_tell_what_they_did(objects: SnowflakeCursor, statement: str, status: str) -> None:
    objects.execute("create table t2 (a int)")
    assert objects.execute(statement).fetchall() == [(status,)]


def test_truncate_if_exists_empties_the_table(objects: SnowflakeCursor) -> None:
    objects.execute("truncate table if exists t")
    assert objects.execute("select count(*) from t").fetchone() == (0,)


def test_a_temporary_table_is_found_again(cursor: SnowflakeCursor) -> None:
    cursor.execute("create temporary table tmp (a int)")
    cursor.execute("create temporary table if not exists tmp (a int)")
    assert cursor.fetchone() == ("TMP already exists, statement succeeded.",)
    cursor.execute("drop table tmp")
    cursor.execute("create temporary table if not exists tmp (a int)")
    assert cursor.fetchone() == ("Table TMP successfully created.",)


def test_an_object_of_another_kind_is_not_dropped(objects: SnowflakeCursor) -> None:
    with pytest.raises(ProgrammingError, match="Object found is of type 'VIEW', not specified type 'TABLE'") as caught:
        objects.execute("drop table v")
    assert caught.value.errno == 2203


def test_a_clone_is_a_table_of_its_own(objects: SnowflakeCursor) -> None:
    objects.execute("create table u clone t")
    objects.execute("insert into t values (2)")
    assert objects.execute("select a from u").fetchall() == [(1,)]
    objects.execute("create or replace table u clone public.t")
    assert objects.execute("select count(*) from u").fetchone() == (2,)


@pytest.mark.parametrize(
    "statement",
    [
        "create table u clone t at (offset => -60)",
        "create table u clone t before (statement => 'x')",
        "select * from t at (timestamp => '2024-01-01'::timestamp)",
    ],
)
def test_time_travel_is_refused(objects: SnowflakeCursor, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="Unsupported feature 'Time Travel'"):
        objects.execute(statement)


@pytest.mark.parametrize("kind", ["table t (a int, b int)", "transient table t (a int)", "view v as select 2 as a"])
def test_or_alter_is_refused_before_it_loses_rows(objects: SnowflakeCursor, kind: str) -> None:
    with pytest.raises(ProgrammingError, match=r"Unsupported feature 'CREATE OR ALTER (TABLE|VIEW) in the local Snow"):
        objects.execute(f"create or alter {kind}")
    assert objects.execute("select a from v").fetchall() == [(1,)]


def test_lengths_and_comments_are_those_of_the_last_definition(cursor: SnowflakeCursor) -> None:
    def told() -> list[tuple]:
        cursor.execute(
            "select t.comment, c.column_name, c.character_maximum_length, c.character_octet_length"
            " from information_schema.tables t join information_schema.columns c on t.table_name = c.table_name"
            " where t.table_name = 'TOLD' order by c.ordinal_position"
        )
        return cursor.fetchall()

    cursor.execute("create table told (a varchar(10), b varchar, n int) comment = 'it''s one'")
    assert told() == [
        ("it's one", "A", 10, 40),
        ("it's one", "B", 16777216, 16777216),
        ("it's one", "N", None, None),
    ]
    cursor.execute("alter table told add column c varchar(5), d varchar")
    assert told()[3:] == [("it's one", "C", 5, 20), ("it's one", "D", 16777216, 16777216)]
    cursor.execute("comment on table told is 'two'")
    assert {row[0] for row in told()} == {"two"}
    cursor.execute("alter table told drop column c")
    cursor.execute("alter table told add column c varchar")
    assert told()[-1] == ("two", "C", 16777216, 16777216)
    cursor.execute("create or replace table told as select 'x'::varchar(3) as a, 'y' as b")
    assert told() == [(None, "A", 3, 12), (None, "B", 16777216, 16777216)]
    cursor.execute("drop table told")
    cursor.execute("create table told (a varchar)")
    assert told() == [(None, "A", 16777216, 16777216)]


def test_an_alter_takes_several_columns_and_changes_all_of_them_or_none(cursor: SnowflakeCursor) -> None:
    def columns() -> list[str]:
        return [row[0] for row in cursor.execute("describe table several").fetchall()]

    cursor.execute("create table several (a int, b int, c int, d int, e int)")
    cursor.execute("alter table several drop column b, c")
    assert columns() == ["A", "D", "E"]
    with pytest.raises(ProgrammingError, match="invalid identifier 'NOSUCH'"):
        cursor.execute("alter table several drop column d, nosuch")
    with pytest.raises(ProgrammingError, match="column 'A' already exists"):
        cursor.execute("alter table several add column f int, a int")
    assert columns() == ["A", "D", "E"]
    cursor.execute("alter table several drop column if exists d, nosuch")
    cursor.execute("alter table several drop e")
    assert columns() == ["A"]
