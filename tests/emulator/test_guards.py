"""Leaving out transforms that have nothing to change gives what fakesnow gives with all of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from fakesnow import transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import Expr, exp, parse_one

from emulator.engine.cursor import Cursor
from emulator.engine.databases import Databases
from emulator.engine.guards import needs

pytestmark = pytest.mark.snowflake

STATEMENTS = [
    "select a, b:c::int, upper(b:d), 'x' || 1 from t where a like 'a%' and d between '2020-01-01'::date and d",
    "select object_construct('a', 1), array_construct(1, 2), array_agg(a), parse_json('{}'), sha2(b), md5(b) from t",
    "select f.value::int from t, lateral flatten(input => t.v) f",
    "with x as (select a as y, row_number() over (partition by b order by a) as r from t) select y from x where r = 1",
    "create or replace table n (a number(38, 0), b varchar(10), v variant, t timestamp_ltz) comment = 'c'",
    "create table c as select to_timestamp('2020-01-01') as t, dateadd(day, 1, d) as e, trim(a) as f from t",
    "insert into t (a) select seq4() from table(generator(rowcount => 3))",
    "update t set a = a + 1, b = regexp_replace(b, 'x', 'y') where a in (select a from t)",
    "delete from t using u where t.a = u.a", "merge into t using u on t.a = u.a when matched then update set b = u.b",
    "alter table t add column e int", "drop table if exists t", "show tables", "describe table t", "set x = 5",
    "select try_to_number('x'), datediff(day, d, d), split(b, ','), iff(a > 1, 1, 2), random(1), t.a from t",
    "truncate table t", "comment on table t is 'x'", "select * from identifier('t')", "begin", "commit",
]  # fmt: skip


class Whole(Cursor):
    """The cursor with the whole chain."""

    def _transform(self, expression: Expr, params: Any) -> Expr:
        return FakeSnowflakeCursor._transform(self, expression, params)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_leaving_out_transforms_changes_no_statement(tmp_path: Path, statement: str) -> None:
    compare(tmp_path, [statement])


def test_leaving_out_transforms_changes_none_of_our_statements(tmp_path: Path) -> None:
    files = sorted((Path(__file__).parents[2] / "sql").rglob("*.sql"))
    texts = [
        re.sub(r"(?<!:):(\w+)", "?", re.sub(r"--.*", "", text))
        for file in files
        if file.parent.name != "tasks"  # scripts, not statements
        for text in file.read_text(encoding="utf-8").split(";\n")
    ]
    written = [text for text in texts if text.strip() and "{" not in text]
    assert len(written) > 80
    compare(tmp_path, written)


def compare(folder: Path, statements: list[str]) -> None:
    databases = Databases(folder)
    databases.create("D")
    connection = databases.connect()
    connection._duck_conn.execute("set schema = 'D.PUBLIC'")
    connection._duck_conn.execute("create table T (A int, B varchar, D date, V json)")
    connection.database, connection._schema = "D", "PUBLIC"
    for statement in statements:
        expected = Whole(connection, databases.particulars)._transform(parse_one(statement, read="snowflake"), None)
        found = Cursor(connection, databases.particulars)._transform(parse_one(statement, read="snowflake"), None)
        assert found.sql("duckdb") == expected.sql("duckdb")
        assert told(found) == told(expected)
    databases.close()


def told(statement: Expr) -> set[str]:
    """What fakesnow leaves in a statement for later; the comment of a table that has none says nothing."""
    names = set(statement.args)
    _, comment = statement.args.get("table_comment") or (None, None)
    return names if comment is not None else names - {"table_comment"}


def test_what_a_transform_needs_is_read_from_its_source() -> None:
    assert needs(transforms.upper_case_unquoted_identifiers) == (exp.Identifier,)
    assert needs(transforms.create_database) == (exp.Create,)
    assert needs(transforms.to_timestamp) == (exp.UnixToTime, exp.Anonymous, exp.Cast)


def test_most_of_fakesnows_transforms_tell_what_they_need() -> None:
    text = Path(transforms.__file__).parents[1].joinpath("cursor.py").read_text(encoding="utf-8")
    names = set(re.findall(r"transforms\.(\w+)", text.partition("def _transform(")[2].partition("\n    def ")[0]))
    assert sum(needs(getattr(transforms, name)) is None for name in names) <= 2
