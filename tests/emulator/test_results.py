"""What clients do with results: SHOW, RESULT_SCAN, empty results, several statements, rows of procedures."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

pytestmark = pytest.mark.snowflake


def query(cursor: SnowflakeCursor, statement: str) -> list[Any]:
    return cursor.execute(statement).fetchall()  # type: ignore[union-attr]


def names(cursor: SnowflakeCursor, statement: str) -> list[str]:
    rows = query(cursor, statement)
    place = [column.name for column in cursor.description].index("name")
    return [row[place] for row in rows]


def test_show_keeps_what_its_end_says(cursor: SnowflakeCursor) -> None:
    for name in ("a1", "a2", "b1"):
        query(cursor, f"create stage {name}")
    assert names(cursor, "show stages starts with 'A'") == ["A1", "A2"]
    assert names(cursor, "show stages like '%1' limit 1") == ["A1"]
    assert names(cursor, "show stages limit 5 from 'A1'") == ["A2", "B1"]
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, "show stages in account nonsense")
    assert caught.value.errno == 1003


def test_a_query_reads_the_result_of_an_earlier_statement(cursor: SnowflakeCursor) -> None:
    query(cursor, "select 1 as a union all select 2")
    assert query(cursor, "select sum(a) from table(result_scan(last_query_id()))") == [(3,)]
    assert query(cursor, "select last_query_id(-2)") != query(cursor, "select last_query_id()")
    query(cursor, "show schemas")
    assert query(cursor, 'select "name" from table(result_scan(last_query_id())) where "name" like \'P%\'') == [
        ("PUBLIC",)
    ]
    query(cursor, "select 7 as a")
    query(cursor, f"create table kept as select a + 1 as b from table(result_scan('{cursor.sfqid}'))")
    assert query(cursor, "select b from kept") == [(8,)]
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, "select 1 from table(result_scan('01234567-0000-0000-0000-000000000000'))")
    assert (caught.value.errno, caught.value.sqlstate) == (709, "02000")


def test_an_empty_result_has_its_columns(cursor: SnowflakeCursor) -> None:
    empty = "select 1 as a, 'x' as b where false"
    frame = cursor.execute(empty).fetch_pandas_all()  # type: ignore[union-attr]
    assert (list(frame.columns), len(frame)) == (["A", "B"], 0)
    table = cursor.execute(empty).fetch_arrow_all(force_return_table=True)  # type: ignore[union-attr]
    assert (table.column_names, table.num_rows) == (["A", "B"], 0)
    assert query(cursor, empty) == []


def test_a_text_is_executed_with_values(cursor: SnowflakeCursor) -> None:
    assert query(cursor, "execute immediate 'select ? + ? as a' using (3, 4)") == [(7,)]
    query(cursor, "set statement = 'select 5'")
    assert query(cursor, "execute immediate $statement") == [(5,)]


def test_current_date_is_called_with_parentheses(cursor: SnowflakeCursor) -> None:
    [[today]] = query(cursor, "select current_date()")
    assert isinstance(today, dt.date)
    assert [column.name for column in cursor.description] == ["CURRENT_DATE()"]


def test_rows_of_a_procedure_are_queried(cursor: SnowflakeCursor) -> None:
    query(
        cursor,
        "create procedure rows_of(n int) returns table(x int, y varchar) language sql as "
        "'begin let r resultset := (select :n as x, 1 as y); return table(r); end'",
    )
    assert query(cursor, "select x + 1 from table(rows_of(4)) where y = 1") == [(5,)]
