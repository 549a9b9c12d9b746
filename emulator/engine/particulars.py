"""What DuckDB does not keep of a table and INFORMATION_SCHEMA shows: its comment, and the lengths of its texts.

They are rows of two tables of fakesnow's. Most tables have none, and a text without a row has the maximal length: which
tables have any is remembered, so that a definition costs nothing more.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fakesnow import info_schema
from fakesnow.instance import GLOBAL_DATABASE_NAME

from emulator.engine.columns import MAXIMAL_TEXT

if TYPE_CHECKING:
    import duckdb

Place = tuple[str, str, str]  # database, schema, table

_TABLES, _COLUMNS = (f"{GLOBAL_DATABASE_NAME}._fs_information_schema._fs_{kind}_ext" for kind in ("tables", "columns"))
_PLACE = "ext_table_catalog = $1 and ext_table_schema = $2 and ext_table_name = $3"


def columns_view() -> str:
    """fakesnow's view of columns, with NUMBER for an integer of 38 digits and a length for every text."""
    start = "create view if not exists _fs_global._fs_information_schema._fs_columns"
    found = next(text for text in info_schema.fs_global_creation_sql().split(";") if start in text)
    for old, new in (
        (start, start.replace("create view if not exists", "create or replace view")),
        ("columns.data_type='BIGINT'", "columns.data_type in ('BIGINT', 'HUGEINT')"),
        *((f"{length} as", f"case when columns.data_type = 'VARCHAR' then coalesce({length}, {MAXIMAL_TEXT}) end as")
          for length in ("ext_character_maximum_length", "ext_character_octet_length")),
    ):  # fmt: skip
        if old not in found:
            raise RuntimeError(f"fakesnow's view of columns has changed: {old} is not in it")
        found = found.replace(old, new)
    return found


class Particulars:
    """Of all tables and views of the account."""

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        rows = duck.execute(
            " union ".join(
                f"select ext_table_catalog, ext_table_schema, ext_table_name from {t}" for t in (_TABLES, _COLUMNS)
            )
        )
        self._known: set[Place] = set(rows.fetchall())
        self._lock = threading.Lock()

    def forget(self, duck: duckdb.DuckDBPyConnection, place: Place) -> None:
        """A table that is dropped or made anew has none."""
        if place in self._known:
            for table in (_TABLES, _COLUMNS):
                duck.execute(f"delete from {table} where {_PLACE}", list(place))
            with self._lock:
                self._known.discard(place)

    def forget_database(self, duck: duckdb.DuckDBPyConnection, database: str) -> None:
        for place in [place for place in self._known if place[0] == database]:
            self.forget(duck, place)

    def comment(self, duck: duckdb.DuckDBPyConnection, place: Place, text: str) -> None:
        self._add(duck, place, _TABLES, [[text]])

    def lengths(self, duck: duckdb.DuckDBPyConnection, place: Place, lengths: list[tuple[str, int]]) -> None:
        """The lengths in characters of new columns, by name."""
        if place in self._known:
            for column, _ in lengths:
                duck.execute(f"delete from {_COLUMNS} where {_PLACE} and ext_column_name = $4", [*place, column])
        limited = [[name, size, min(4 * size, MAXIMAL_TEXT)] for name, size in lengths if size != MAXIMAL_TEXT]
        if limited:
            self._add(duck, place, _COLUMNS, limited)

    def _add(
        self, duck: duckdb.DuckDBPyConnection, place: Place, table: str, rows: list[list[str]] | list[list[str | int]]
    ) -> None:
        marks = ", ".join("?" * (len(place) + len(rows[0])))
        duck.executemany(f"insert or replace into {table} values ({marks})", [[*place, *row] for row in rows])
        with self._lock:
            self._known.add(place)
