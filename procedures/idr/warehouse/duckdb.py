"""DuckDB: the embedded engine of the CLI, of tests and of CI."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from idr.config.expression import identifier
from idr.errors import IdrError
from idr.warehouse import Binds, Column, Row, TypeFamily
from idr.warehouse.translate import to_duckdb

_PROCESS_TOKEN = uuid.uuid4().hex
_BIND = re.compile(r"\$([a-z_][a-z0-9_]*)", re.IGNORECASE)
_STRING_OR_NAME = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_FAMILIES: tuple[tuple[str, TypeFamily], ...] = (
    ("VARCHAR", "text"),
    ("UUID", "text"),
    ("ENUM", "text"),
    ("BOOLEAN", "boolean"),
    ("DATE", "date"),
    ("TIMESTAMP WITH TIME ZONE", "timestamp_tz"),
    ("TIMESTAMP", "timestamp"),
    ("DECIMAL", "decimal"),
    ("DOUBLE", "float"),
    ("FLOAT", "float"),
    ("TINYINT", "integer"),
    ("SMALLINT", "integer"),
    ("INTEGER", "integer"),
    ("BIGINT", "integer"),
    ("HUGEINT", "integer"),
    ("UTINYINT", "integer"),
    ("USMALLINT", "integer"),
    ("UINTEGER", "integer"),
    ("UBIGINT", "integer"),
    ("UHUGEINT", "integer"),
)


def _family(type_name: str) -> TypeFamily:
    if type_name.endswith("]"):
        return "other"
    for prefix, family in _FAMILIES:
        if type_name.startswith(prefix):
            return family
    return "other"


def _whole(value: Any) -> Any:
    """NUMBER(38, 0) comes back as an integer, as it does from Snowflake."""
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value


class DuckDBWarehouse:
    """One connection to one DuckDB database; satisfies `idr.warehouse.Warehouse`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._connection.execute("set preserve_insertion_order = false")

    @classmethod
    def open(cls, path: str | Path, *, must_exist: bool = False) -> DuckDBWarehouse:
        """Open a database file (":memory:" for none).

        Raises IDR-502 when another process has it open, IDR-503 when it is missing or no DuckDB file.
        """
        if must_exist and str(path) != ":memory:" and not Path(path).is_file():
            raise IdrError.of(
                "IDR-503", "there is no such database file", where=str(path), fix="Check the path given to --db"
            )
        try:
            return cls(duckdb.connect(str(path)))
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise IdrError.of(
                    "IDR-502",
                    "another process has this database open",
                    where=str(path),
                    fix="Close the other program (a DuckDB shell, a notebook, another run) and try again",
                ) from error
            raise IdrError.of(
                "IDR-503",
                f"DuckDB cannot open it ({str(error).splitlines()[0]})",
                where=str(path),
                fix="Check the folder, the permissions, and that it is a DuckDB file",
            ) from error

    def close(self) -> None:
        self._connection.close()

    def _run(self, sql: str, binds: Binds | None, rename: Mapping[str, str] | None) -> duckdb.DuckDBPyConnection:
        text = to_duckdb(sql)
        for token, name in (rename or {}).items():
            text = text.replace(token, name)
        used = set(_BIND.findall(_STRING_OR_NAME.sub("", text)))
        values = {name: value for name, value in (binds or {}).items() if name in used}
        try:
            return self._connection.execute(text, values) if values else self._connection.execute(text)
        except duckdb.Error as error:
            message = str(error).strip().splitlines()[0]
            raise IdrError.of("IDR-501", message, where=" ".join(text.split())[:400]) from error

    def execute(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> int:
        row = self._run(sql, binds, rename).fetchone()
        return int(row[0]) if row and isinstance(row[0], int) else 0

    def query(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> list[Row]:
        result = self._run(sql, binds, rename)
        names = [item[0].lower() for item in result.description or []]
        return [dict(zip(names, map(_whole, row), strict=True)) for row in result.fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._connection.execute("begin transaction")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def describe(self, sql: str) -> list[Column]:
        return self._columns(f"describe {to_duckdb(sql)}")

    def relation(self, table: str) -> str:
        return table

    def table_columns(self, table: str) -> list[Column] | None:
        try:
            return self._columns(f"describe {to_duckdb(f'select * from {table}')}")
        except IdrError as error:
            if "does not exist" in str(error):
                return None
            raise

    def _columns(self, describe: str) -> list[Column]:
        try:
            rows = self._connection.execute(describe).fetchall()
        except duckdb.Error as error:
            raise IdrError.of("IDR-501", str(error).strip().splitlines()[0], where=describe[:400]) from error
        return [Column(row[0], _family(row[1]), row[1]) for row in rows]

    def list_tables(self) -> list[str]:
        rows = self._connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = current_catalog() and table_schema not in ('idr_meta', 'idr_work', 'idr_out')"
            " order by 1, 2"
        ).fetchall()
        return [f"{identifier(schema)}.{identifier(name)}" for schema, name in rows]

    @property
    def process_token(self) -> str:
        return _PROCESS_TOKEN

    def holder_is_gone(self, holder_token: str) -> bool:
        """A DuckDB file has one writing process: whoever else held a lease on it has ended."""
        return not holder_token.startswith(_PROCESS_TOKEN)
