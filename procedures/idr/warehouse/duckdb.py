"""DuckDB: the embedded engine of the CLI, of tests and of CI."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from idr.config.expression import identifier, quoted
from idr.errors import IdrError
from idr.warehouse import Binds, Column, Row, TypeFamily
from idr.warehouse.translate import to_duckdb

_SCRATCH = "idr_scratch"
_OF_A_RUN = r"_\d{8}t\d{6}_[0-9a-f]{8}$"
_PROCESS_TOKEN = uuid.uuid4().hex
_BIND = re.compile(r"\$([a-z_][a-z0-9_]*)", re.IGNORECASE)
_STRING_OR_NAME = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_QUOTED = re.compile(r"(['\"]).*\1", re.DOTALL)
_LONG_NUMBER = re.compile(r"\d{4,}")
_SHOWS_VALUES = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)
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


_WHOLE_NUMBER = re.compile(r"DECIMAL\(\d+,\s*0\)")


def _family(type_name: str) -> TypeFamily:
    if type_name.endswith("]"):
        return "other"
    if _WHOLE_NUMBER.fullmatch(type_name):
        return "integer"
    for prefix, family in _FAMILIES:
        if type_name.startswith(prefix):
            return family
    return "other"


def _whole(value: Any) -> Any:
    """NUMBER(38, 0) comes back as an integer, as it does from Snowflake."""
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value


def _expect_database(file: Path) -> None:
    """IDR-503 unless the file is DuckDB's own: DuckDB would look for an extension that reads other formats."""
    fix = "Check the path given to --db"
    try:
        with file.open("rb") as opened:
            start = opened.read(12)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise IdrError.of("IDR-503", f"cannot open it ({reason})", where=str(file), fix=fix) from error
    if start[8:] != b"DUCK":
        raise IdrError.of("IDR-503", "it is not a DuckDB database file", where=str(file), fix=fix)


def _refused(error: duckdb.Error, statement: str) -> IdrError:
    """IDR-501 with DuckDB's reason, in which values of the data are blanked out; names are kept."""
    reason = str(error).strip()
    if "Permission denied" in reason or "Read-only file system" in reason:
        fix = "Check that you may write to the database file and to its folder"
        return IdrError.of("IDR-503", reason.splitlines()[0], fix=fix)
    if isinstance(error, _SHOWS_VALUES):
        reason = _LONG_NUMBER.sub("***", _QUOTED.sub(r"\1***\1", reason.split("\n\nLINE ")[0]))
    fix = "Use a forgiving cast (try_cast) where a value does not convert"
    return IdrError.of("IDR-501", reason.splitlines()[0], where=" ".join(statement.split())[:400], fix=fix)


class DuckDBWarehouse:
    """One connection to one DuckDB database; satisfies `idr.warehouse.Warehouse`.

    Work tables are made in memory, in a database attached for them, which spills to disk when memory is limited: nobody
    but the run reads them. Those of a plan that waits for its publish are copied to the file (`keep`).

    What it writes is not compressed by FSST: that takes a quarter of a FULL run's time and halves the file
    (1,000,000 rows: 0.24 GB instead of 0.55 GB). The other methods cost nothing that can be measured.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._connection.execute("set preserve_insertion_order = false")
        [(name,)] = self._connection.execute("select current_database()").fetchall()
        self._scratch = _SCRATCH if name != _SCRATCH else f"{_SCRATCH}_2"
        self._has_scratch = False
        self._connection.execute("set disabled_compression_methods = 'fsst,dict_fsst'")

    @classmethod
    def open(cls, path: str | Path, *, must_exist: bool = False, memory_limit: str | None = None) -> DuckDBWarehouse:
        """Open a database file (":memory:" for none). `memory_limit` is DuckDB's setting, such as "4GB".

        Raises IDR-502 when another process has it open, IDR-503 when it is missing or no DuckDB file.
        """
        file = Path(path)
        if str(path) != ":memory:" and (must_exist or file.exists()):
            _expect_database(file)
        try:
            return cls(duckdb.connect(str(path), config={"memory_limit": memory_limit} if memory_limit else {}))
        except duckdb.Error as error:
            if "lock on file" in str(error):  # "block" is in other errors
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
                fix="Check that you may write to the file and its folder, and that your DuckDB can read its version",
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
            raise _refused(error, text) from error

    def execute(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> int:
        row = self._run(sql, binds, rename).fetchone()
        return int(row[0]) if row and isinstance(row[0], int) else 0

    @property
    def work_schema(self) -> str:
        """Attached when a run first asks: a connection that only reads cannot."""
        if not self._has_scratch:
            self._define([f"attach if not exists ':memory:' as {self._scratch}"])
            self._has_scratch = True
        return f"{self._scratch}.main"

    def keep(self, suffix: str, names: Sequence[str]) -> None:
        here = self.work_schema
        self._define([f"create table idr_work.{quoted(name)} as from {here}.{quoted(name)}" for name in names])
        self.drop_tables([name for name in self.work_tables() if name.startswith(here) and name.endswith(f'{suffix}"')])

    def work_tables(self) -> list[str]:
        rows = self._connection.execute(
            "select database_name, table_name from duckdb_tables()"
            " where (database_name = $scratch and regexp_matches(table_name, $of_a_run))"
            " or (database_name = current_database() and schema_name = 'idr_work')",
            {"scratch": self._scratch, "of_a_run": _OF_A_RUN},
        ).fetchall()
        places = {self._scratch: f"{self._scratch}.main"}
        return [f"{places.get(place, 'idr_work')}.{quoted(name)}" for place, name in rows]

    def drop_tables(self, names: Sequence[str]) -> None:
        """In one request: the engine takes longer to be asked than to do it."""
        if names:
            self._define(["; ".join(f"drop table if exists {name}" for name in names)])

    def add_columns(self, table: str, names: Sequence[str]) -> None:
        self._define([f"alter table {table} add column {name} varchar" for name in names])

    def drop_columns(self, table: str, names: Sequence[str]) -> None:
        self._define([f"alter table {table} drop column {name}" for name in names])

    def _define(self, statements: Sequence[str]) -> None:
        for text in statements:
            try:
                self._connection.execute(text)
            except duckdb.Error as error:
                raise _refused(error, text) from error

    def query(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> list[Row]:
        result = self._run(sql, binds, rename)
        names = [item[0].lower() for item in result.description or []]
        return [dict(zip(names, map(_whole, row), strict=True)) for row in result.fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._define(["begin transaction"])
        try:
            yield
        except BaseException:
            with suppress(IdrError):  # the engine may have ended it by itself: the reason is the first error
                self._define(["rollback"])
            raise
        self._define(["commit"])

    def describe(self, sql: str) -> list[Column]:
        return self._columns(f"describe {to_duckdb(sql)}")

    def relation(self, table: str) -> str:
        return table

    def table_columns(self, table: str) -> list[Column] | None:
        try:
            return self._columns(f"describe {to_duckdb(f'select * from {table}')}")
        except IdrError as error:
            if "does not exist" in str(error) and not self._is_view(table):
                return None
            raise

    def _is_view(self, table: str) -> bool:
        """Whether it is a view: what does not exist is then something that it reads."""
        named = exp.to_table(table, dialect="duckdb")
        return bool(
            self._connection.execute(
                "select view_name from duckdb_views() where lower(view_name) = lower($name)"
                " and lower(schema_name) = lower($schema)",
                {"name": named.name, "schema": named.db or "main"},
            ).fetchall()
        )

    def _columns(self, describe: str) -> list[Column]:
        try:
            rows = self._connection.execute(describe).fetchall()
        except duckdb.Error as error:
            raise _refused(error, describe) from error
        return [Column(row[0], _family(row[1]), row[1]) for row in rows]

    def how_to_read(self, table: str) -> str:  # noqa: ARG002 - the protocol's signature
        """Nothing: whoever opens the file reads everything in it."""
        return ""

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
