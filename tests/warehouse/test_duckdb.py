"""The DuckDB adapter and the translation for it: what they say of a failure, and functions that sqlglot leaves open."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Self

import duckdb
import pytest

from benchmarks import retail
from idr.errors import IdrError
from idr.warehouse import compact as compaction
from idr.warehouse.duckdb import DuckDBWarehouse
from idr.warehouse.translate import to_duckdb


class Refusing:
    """A real connection that answers statements which contain `word` with an error."""

    def __init__(self, connection: Any, word: str, error: duckdb.Error) -> None:
        self._connection, self._word, self._error = connection, word, error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def execute(self, sql: str, *values: Any) -> Any:
        if self._word in sql:
            raise self._error
        return self._connection.execute(sql, *values)


@pytest.mark.parametrize("reason", ["Permission denied", "Read-only file system"])
def test_a_file_that_may_not_be_written_is_idr_503_and_says_what_to_check(reason: str) -> None:
    error = duckdb.IOException(f'IO Error: Cannot open file "/data/x.duckdb.wal": {reason}')
    with duckdb.connect() as connection, pytest.raises(IdrError) as caught:
        DuckDBWarehouse(Refusing(connection, "CREATE", error)).execute("create table t (a integer)")
    assert caught.value.code == "IDR-503"
    assert reason in str(caught.value)
    assert "Check that you may write to the database file and to its folder" in str(caught.value)


def test_a_statement_that_does_not_parse_is_idr_501() -> None:
    with pytest.raises(IdrError, match=r"IDR-501 select from where: the statement does not parse") as caught:
        to_duckdb("select from where")
    assert caught.value.code == "IDR-501"


def test_of_a_long_statement_that_does_not_parse_the_beginning_is_told() -> None:
    sql = f"select from where {'x' * 300}"
    with pytest.raises(IdrError) as caught:
        to_duckdb(sql)
    assert caught.value.problems[0].where == sql[:200]


def test_to_char_without_a_format_is_a_cast() -> None:
    with duckdb.connect() as connection:
        assert connection.execute(to_duckdb("select to_char(12), to_varchar(true)")).fetchall() == [("12", "true")]


@pytest.mark.parametrize("text", ["", "a", "ann@x.org", "ü", *map(str, range(20))])
def test_the_halves_of_a_digest_stay_what_stored_match_keys_are_made_of(text: str) -> None:
    """The upper and the lower 64 bits of the number that DuckDB reads from the digest, its first byte the lowest."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    query = to_duckdb("select md5_number_upper64(:x), md5_number_lower64(:x)")
    with duckdb.connect() as connection:
        found = connection.execute(query, {"x": text}).fetchall()
    assert found == [divmod(int.from_bytes(digest, "little"), 2**64)]


def test_a_compaction_tells_the_bytes_that_it_saved(tmp_path: Path) -> None:
    file = tmp_path / "my.duckdb"
    file.with_name("my.duckdb.compact").write_bytes(b"left by one that was killed")
    with duckdb.connect(file) as connection:
        connection.execute("create table t as select i, md5(i::varchar) as m from range(200000) as r(i)")
        connection.execute("checkpoint")
        connection.execute("delete from t where i > 10")
    before = file.stat().st_size
    saved = compaction.compact(file)
    assert saved == before - file.stat().st_size > 1_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["my.duckdb"]
    with duckdb.connect(file) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (11,)


def test_a_compaction_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table kept as select 7 as a")
    before = file.read_bytes()
    connect, error = duckdb.connect, duckdb.IOException("IO Error: No space left on device\nTry another one")
    monkeypatch.setattr(compaction.duckdb, "connect", lambda: Refusing(connect(), "copy from database", error))
    with pytest.raises(IdrError) as caught:
        compaction.compact(file)
    assert caught.value.code == "IDR-503"
    assert "(IO Error: No space left on device)" in str(caught.value)
    assert "The record is erased from every table" in str(caught.value)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("name", ["crm.broken", 'crm."Broken"', "broken"])
def test_a_view_of_a_table_that_is_gone_is_not_taken_for_a_missing_one(name: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema crm; create table gone as select 1 as a")
        connection.execute(f"create view {name} as select a from gone; drop table gone")
        wh = DuckDBWarehouse(connection)
        with pytest.raises(IdrError, match="Table with name gone does not exist"):
            wh.table_columns(name)
        assert wh.table_columns("crm.nothing") is None


@pytest.mark.parametrize("file", ["idr_scratch.duckdb", "shop.duckdb"])
def test_a_run_leaves_alone_what_is_called_like_its_own_database_in_memory(tmp_path: Path, file: str) -> None:
    with duckdb.connect(str(tmp_path / file)) as connection:
        retail.fill(connection, 500, seed=7)
        connection.execute("create table kept as select 1 as a")
        if file == "shop.duckdb":
            connection.execute("create schema idr_scratch; create table idr_scratch.kept as select 1 as a")
            connection.execute("attach ':memory:' as idr_scratch; create table idr_scratch.main.kept as select 1 as a")
        before = connection.execute("select database_name, schema_name, table_name from duckdb_tables()").fetchall()
        wh = DuckDBWarehouse(connection)
        retail.configure(wh)
        for dry_run in (True, False):
            retail.published(wh, "FULL", dry_run=dry_run)
        after = connection.execute("select database_name, schema_name, table_name from duckdb_tables()").fetchall()
    assert {row for row in after if not row[1].startswith("idr_") or row[1] == "idr_scratch"} == set(before)
