"""Loading data as users do: pandas, PUT and COPY INTO, queries on stages, unloading."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from snowflake.connector import ProgrammingError, SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.pandas_tools import write_pandas
from snowflake.snowpark import Session
from snowflake.snowpark.types import IntegerType, StringType, StructField, StructType

from .conftest import Local

pytestmark = pytest.mark.snowflake

PEOPLE = pd.DataFrame({
    "ID": [1, 2, 3],
    "NAME": ["ann", "o'neil", None],
    "SCORE": [1.5, None, 2.5],
    "BORN": pd.to_datetime(["2020-01-02 03:04:05", None, "1999-12-31 00:00:00"]),
    "OK": [True, False, True],
})  # fmt: skip
ROWS = [
    (1, "ann", 1.5, dt.datetime.fromisoformat("2020-01-02T03:04:05"), True),
    (2, "o'neil", None, None, False),
    (3, None, 2.5, dt.datetime.fromisoformat("1999-12-31"), True),
]
ENCLOSED = "file_format = (type = csv skip_header = 1 field_optionally_enclosed_by = '\"')"


def query(cursor: SnowflakeCursor, statement: str) -> list[Any]:
    return cursor.execute(statement).fetchall()  # type: ignore[union-attr]


@pytest.fixture
def staged(cursor: SnowflakeCursor, tmp_path: Path) -> Path:
    """A stage S with files of each kind, and where they come from."""
    (tmp_path / "good.csv").write_text('id,name,day\n1,"Ann, x",2020-01-02\n2,"",\n3,\\N,2020-02-03\n')
    (tmp_path / "bad.csv").write_text('id,name,day\nx,"Ann",2020-01-02\n2,"Bob",2020-01-03\n')
    (tmp_path / "short.csv").write_text("id,name,day\n1,Ann\n")
    (tmp_path / "lines.json").write_text('{"id": 1, "name": "ann"}\n{"ID": 2, "name": null}\n')
    (tmp_path / "array.json").write_text('[{"id": 1}, {"id": 2}]')
    PEOPLE.to_parquet(tmp_path / "people.parquet")
    query(cursor, "create stage s")
    for file in tmp_path.iterdir():
        query(cursor, f"put file://{file} @s/{file.suffix[1:]}/")
    query(cursor, "create table t (id int, name varchar, day date)")
    return tmp_path


def test_write_pandas_creates_appends_and_overwrites(connection: SnowflakeConnection, cursor: SnowflakeCursor) -> None:
    done, chunks, rows, _ = write_pandas(connection, PEOPLE, "PEOPLE", auto_create_table=True)
    assert (done, chunks, rows) == (True, 1, 3)
    assert query(cursor, "select * from people order by id") == ROWS
    described = {row[0]: row[1] for row in query(cursor, "describe table people")}
    assert described["ID"] == "NUMBER(38,0)"
    assert described["BORN"] == "TIMESTAMP_NTZ(9)"
    write_pandas(connection, PEOPLE, "PEOPLE")
    assert query(cursor, "select count(*) from people") == [(6,)]
    write_pandas(connection, PEOPLE, "PEOPLE", overwrite=True)
    assert query(cursor, "select count(*) from people") == [(3,)]
    write_pandas(connection, PEOPLE.rename(columns=str.lower), "lower", auto_create_table=True, table_type="temp")
    assert query(cursor, 'select "id" from "lower" order by 1') == [(1,), (2,), (3,)]


def test_snowpark_loads_pandas(session: Session) -> None:
    assert session.write_pandas(PEOPLE, "PEOPLE", auto_create_table=True).count() == 3
    frame = session.create_dataframe(PEOPLE)
    frame.write.save_as_table("COPY_OF", mode="overwrite")
    frame.write.save_as_table("COPY_OF", mode="append")
    assert [tuple(row) for row in session.table("COPY_OF").distinct().sort("ID").collect()] == ROWS
    assert session.table("COPY_OF").cache_result().count() == 6


def test_snowpark_reads_a_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,a\n2,b\n")
    session.sql("create stage s").collect()
    session.file.put(f"file://{tmp_path}/x.csv", "@s", auto_compress=False)
    schema = StructType([StructField("A", IntegerType()), StructField("B", StringType())])
    assert [tuple(row) for row in session.read.schema(schema).csv("@s/x.csv").collect()] == [(1, "a"), (2, "b")]


def test_temporary_stages_and_formats_belong_to_their_session(local: Local, database: str) -> None:
    with local.connect(database=database, paramstyle="qmark") as one, local.connect(database=database) as other:
        cursor = one.cursor()
        cursor.execute("create temporary stage identifier(?)", (f"{database}.public.mine",))
        cursor.execute("create temp file format f type = csv")
        assert len(query(cursor, "show stages like 'MINE'")) == len(query(cursor, "show file formats")) == 1
        assert query(other.cursor(), "show stages") == query(other.cursor(), "show file formats") == []
    assert local.query("show stages like 'MINE' in account") == []


def test_copy_loads_new_files_once(cursor: SnowflakeCursor, staged: Path) -> None:
    copy = f"copy into t from @s/csv files = ('good.csv.gz') {ENCLOSED}"
    assert query(cursor, copy) == [("s/csv/good.csv.gz", "LOADED", 3, 3, 1, 0, None, None, None, None)]
    assert [column.name for column in cursor.description] == [
        "file", "status", "rows_parsed", "rows_loaded", "error_limit", "errors_seen", "first_error",
        "first_error_line", "first_error_character", "first_error_column_name",
    ]  # fmt: skip
    expected = [(1, "Ann, x", dt.date(2020, 1, 2)), (2, "", None), (3, None, dt.date(2020, 2, 3))]
    assert query(cursor, "select * from t order by id") == expected
    again = f"copy into t from @s/csv/good {ENCLOSED}"
    assert query(cursor, again) == [("Copy executed with 0 files processed.",)]
    assert query(cursor, again + " force = true")[0][:4] == ("s/csv/good.csv.gz", "LOADED", 3, 3)
    query(cursor, "truncate table t")
    assert query(cursor, again)[0][:4] == ("s/csv/good.csv.gz", "LOADED", 3, 3)
    (staged / "good.csv").write_text("id,name,day\n9,new,\n")
    query(cursor, f"put file://{staged}/good.csv @s/csv overwrite = true")
    assert query(cursor, again)[0][:4] == ("s/csv/good.csv.gz", "LOADED", 1, 1)


def test_copy_stops_at_an_error_and_loads_nothing(cursor: SnowflakeCursor, staged: Path) -> None:
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, f"copy into t from @s/csv pattern = '.*(good|bad).*' {ENCLOSED}")
    assert (caught.value.errno, caught.value.sqlstate) == (100038, "22018")
    assert "Numeric value 'x' is not recognized\n  File 's/csv/bad.csv.gz', line 2, character 1\n  Row 1" in str(
        caught.value
    )
    assert query(cursor, "select count(*) from t") == [(0,)]
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, f"copy into t from @s/csv/short {ENCLOSED}")
    assert (caught.value.errno, caught.value.sqlstate) == (100080, "22000")


@pytest.mark.parametrize(
    ("on_error", "expected", "loaded"),
    [("continue", ("PARTIALLY_LOADED", 2, 1), [(2,)]), ("'skip_file'", ("LOAD_FAILED", 2, 0), [])],
)
def test_copy_goes_on_after_errors_when_told(
    cursor: SnowflakeCursor, staged: Path, on_error: str, expected: tuple[Any, ...], loaded: list[Any]
) -> None:
    [row] = query(cursor, f"copy into t from @s/csv/bad {ENCLOSED} on_error = {on_error}")
    assert row[1:4] == expected
    assert row[5:8] == (1, "Numeric value 'x' is not recognized", 2)
    assert query(cursor, "select id from t") == loaded


def test_copy_with_a_query_a_named_format_and_the_stages_format(cursor: SnowflakeCursor, staged: Path) -> None:
    query(cursor, "create file format f type = csv skip_header = 1 field_optionally_enclosed_by = '\"'")
    query(cursor, "copy into t (id, name) from (select s.$1::int + 10, upper(s.$2) from @s/csv/good.csv.gz s) "
                  "file_format = (format_name = f)")  # fmt: skip
    assert query(cursor, "select id, name from t order by id") == [(11, "ANN, X"), (12, ""), (13, None)]
    query(cursor, "create stage with_format file_format = (format_name = 'f')")
    query(cursor, f"put file://{staged}/good.csv @with_format")
    assert query(cursor, "copy into t from @with_format")[0][3] == 3
    query(cursor, f"put file://{staged}/good.csv @%t")
    assert query(cursor, "list @%t")[0][0] == "good.csv.gz"
    assert query(cursor, "copy into t file_format = (format_name = 'f') purge = true")[0][:2] == (
        "good.csv.gz", "LOADED",
    )  # fmt: skip
    assert query(cursor, "list @%t") == []


def test_copy_matches_columns_by_name(cursor: SnowflakeCursor, staged: Path) -> None:
    by_name = "match_by_column_name = case_insensitive"
    query(cursor, "create table p (name varchar, id int, other int)")
    query(cursor, f"copy into p from @s/parquet file_format = (type = parquet) {by_name}")
    assert query(cursor, "select * from p order by id") == [("ann", 1, None), ("o'neil", 2, None), (None, 3, None)]
    query(cursor, f"copy into t from @s/json/lines file_format = (type = json) {by_name}")
    assert query(cursor, "select id, name from t order by id") == [(1, "ann"), (2, None)]
    header = "file_format = (type = csv parse_header = true field_optionally_enclosed_by = '\"')"
    query(cursor, f"copy into t from @s/csv/good {header} {by_name}")
    assert query(cursor, "select count(*), count(day) from t") == [(5, 2)]


def test_copy_loads_json_and_parquet_as_variants(cursor: SnowflakeCursor, staged: Path) -> None:
    query(cursor, "create table v (v variant)")
    query(cursor, "copy into v from @s/json/array file_format = (type = json strip_outer_array = true)")
    assert query(cursor, "select v:id::int from v order by 1") == [(1,), (2,)]
    query(cursor, "copy into t (id, name) from (select $1:id, $1:name from @s/json/lines) file_format = (type = json)")
    assert query(cursor, "select name from t where id = 1") == [("ann",)]
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, "copy into t from @s/parquet file_format = (type = parquet)")
    assert caught.value.errno == 2019


def test_a_query_reads_files_of_a_stage(cursor: SnowflakeCursor, staged: Path) -> None:
    query(cursor, "create file format f type = csv skip_header = 1 field_optionally_enclosed_by = '\"'")
    read = "select s.$1, s.$2, metadata$filename, metadata$file_row_number from @s (file_format => {}) s"
    assert query(cursor, read.format("'f', pattern => '.*good.*'") + " order by 4") == [
        ("1", "Ann, x", "s/csv/good.csv.gz", 1),
        ("2", "", "s/csv/good.csv.gz", 2),
        ("3", None, "s/csv/good.csv.gz", 3),
    ]
    query(cursor, "create file format pf type = parquet")
    assert query(cursor, "select sum($1:ID::int) from @s/parquet (file_format => pf)") == [(6,)]
    inferred = query(
        cursor, "select column_name, type from table(infer_schema(location => '@s/parquet', file_format => 'pf'))"
    )
    assert inferred[:2] == [("ID", "NUMBER(38, 0)"), ("NAME", "TEXT")]


def test_tables_are_unloaded(cursor: SnowflakeCursor, local: Local, database: str, staged: Path) -> None:
    query(cursor, "insert into t values (1, 'a,b', '2020-01-02'), (2, null, null)")
    query(
        cursor, "copy into @s/out/ from t file_format = (type = csv field_optionally_enclosed_by = '\"') header = true"
    )
    query(cursor, "copy into @s/out/one.json from (select object_construct('id', id) from t order by id) "
                  "file_format = (type = json compression = none) single = true")  # fmt: skip
    parquet = "file_format = (type = parquet) header = true"
    assert query(cursor, f"copy into @s/out/p from (select id, name from t) {parquet}")[0][0] == 2
    query(cursor, f"get @s/out file://{staged}")
    lines = gzip.decompress((staged / "data_0_0_0.csv.gz").read_bytes()).decode().splitlines()
    assert lines == ['"ID","NAME","DAY"', '"1","a,b","2020-01-02"', r'"2",\N,\N']
    assert [json.loads(line) for line in (staged / "one.json").read_text().splitlines()] == [{"id": 1}, {"id": 2}]
    assert pq.read_table(staged / "p_0_0_0.snappy.parquet").column_names == ["ID", "NAME"]
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, "copy into @s/out/one.json from t single = true")
    assert caught.value.errno == 1030


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("copy into t from @missing", 2003),
        ("copy into missing from @s/csv", 2003),
        ("copy into t from @s/csv file_format = (format_name = missing)", 2003),
        ("copy into t from @s/csv nonsense = 1", 1008),
        ("copy into t from @s/csv on_error = sometimes", 1008),
        ("copy into t from @s/csv validation_mode = return_errors", 2),
        ("copy into t from @s/csv file_format = (type = avro)", 2),
        ("copy into t (nope) from @s/csv", 904),
        ("copy into t from @s files = ('missing.csv')", 91016),
        ("drop file format missing", 2003),
    ],
)
def test_what_cannot_be_loaded_is_refused(cursor: SnowflakeCursor, staged: Path, statement: str, number: int) -> None:
    with pytest.raises(ProgrammingError) as caught:
        query(cursor, statement)
    assert caught.value.errno == number


def test_a_copy_takes_part_in_a_transaction(cursor: SnowflakeCursor, staged: Path) -> None:
    copy = f"copy into t from @s/csv/good {ENCLOSED}"
    query(cursor, "begin")
    assert query(cursor, copy)[0][3] == 3
    query(cursor, "rollback")
    assert query(cursor, "select count(*) from t") == [(0,)]
    assert query(cursor, copy)[0][3] == 3


def test_values_of_many_types_are_bound(local: Local) -> None:
    with local.connect(paramstyle="qmark") as connection:
        moment = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
        values = (Decimal("1.23"), True, b"ab", dt.time(1, 2, 3), moment, dt.date(2020, 1, 2))
        assert connection.cursor().execute("select ?, ?, ?, ?, ?, ?", values).fetchall() == [values]  # type: ignore[union-attr]
