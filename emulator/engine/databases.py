"""One DuckDB file per database, attached to one in-process DuckDB."""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from pathlib import Path

import duckdb
from fakesnow import info_schema, macros
from fakesnow.conn import FakeSnowflakeConnection
from fakesnow.instance import GLOBAL_DATABASE_NAME
from fakesnow.transforms import show

from emulator.engine.particulars import Particulars, columns_view
from emulator.errors import already_exists, compilation_error
from emulator.names import Name, literal, quote
from emulator.result import RecentResults

_HIDDEN_DATABASES = ("memory", "system", "temp", GLOBAL_DATABASE_NAME)
_HIDDEN_SCHEMAS = ("main", "pg_catalog", "_fs_information_schema")
_USABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,239}")


class Databases:
    """Creates, finds and drops databases and schemas; opens connections."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._results = RecentResults()
        self._lock = threading.RLock()
        # fakesnow's SQL still writes `x -> ..` lambdas, which DuckDB 2.0 takes only with this setting
        self._duck = duckdb.connect(":memory:", config={"lambda_syntax": "ENABLE_SINGLE_ARROW"})
        self._duck.execute("set global TimeZone = 'UTC'")
        # as on the DuckDB adapter; Snowflake, too, promises no order without ORDER BY
        self._duck.execute("set preserve_insertion_order = false")
        self._duck.execute("set disabled_compression_methods = 'fsst,dict_fsst'")
        # by default a work table of 16 MB has its whole database written out anew
        self._duck.execute("set checkpoint_threshold = '256MB'")
        # a statement that DuckDB answers, such as `select * from read_text('..')`, sees no other file
        self._duck.execute(f"set allowed_directories = [{literal(str(directory.parent.resolve()))}]")
        self._duck.execute("set enable_external_access = false")
        # views of every database refer to fakesnow's global one, so it comes first
        self._attach(GLOBAL_DATABASE_NAME)
        self._duck.execute(info_schema.fs_global_creation_sql())
        self._duck.execute(columns_view())
        self.particulars = Particulars(self._duck)
        self._duck.execute(show.fs_global_creation_sql())
        self._duck.execute(macros.creation_sql("memory"))  # for sessions without a current database
        for file in sorted(directory.glob("*.db")):
            if file.stem != GLOBAL_DATABASE_NAME:
                self._attach(file.stem)

    def _file(self, database: str) -> Path:
        return self._directory / f"{database}.db"

    def _attach(self, database: str) -> None:
        self._cursor().execute(f"attach {literal(str(self._file(database)))} as {quote(database)}")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of the caller's own: one that is busy refuses every other thread."""
        with self._lock:
            return self._duck.cursor()

    def connect(self) -> FakeSnowflakeConnection:
        return FakeSnowflakeConnection(
            self._cursor(), self._results, create_database=False, create_schema=False, paramstyle="qmark"
        )

    def names(self) -> list[str]:
        rows = self._cursor().execute("select database_name from duckdb_databases() order by 1").fetchall()
        return [name for (name,) in rows if name not in _HIDDEN_DATABASES]

    def exists(self, database: str) -> bool:
        return database in self.names()

    def schemas(self, database: str) -> list[str]:
        """The schemas of a database that a Snowflake user sees, INFORMATION_SCHEMA excepted."""
        rows = (
            self._cursor()
            .execute("select schema_name from duckdb_schemas() where database_name = ? order by 1", [database])
            .fetchall()
        )
        return [name for (name,) in rows if name not in _HIDDEN_SCHEMAS]

    def has_schema(self, database: str, schema: str) -> bool:
        return schema in self.schemas(database) or (schema == "INFORMATION_SCHEMA" and self.exists(database))

    def relations(self, database: str, schema: str) -> dict[str, str]:
        """The tables and views of a schema by name: TABLE or VIEW."""
        rows = (
            self._cursor()
            .execute(
                "select table_name, 'TABLE' from duckdb_tables() where database_name = $1 and schema_name = $2 "
                "union all "
                "select view_name, 'VIEW' from duckdb_views() where database_name = $1 and schema_name = $2 order by 1",
                [database, schema],
            )
            .fetchall()
        )
        return dict(rows)

    def listing(self, database: str | None, schema: str | None) -> list[tuple[Name, str]]:
        """The tables and views in a database and schema (None: any) with their kinds, ordered by name."""
        rows = (
            self._cursor()
            .execute(
                "select database_name, schema_name, table_name, 'TABLE' from duckdb_tables() union all "
                "select database_name, schema_name, view_name, 'VIEW' from duckdb_views() where not internal "
                "order by 1, 2, 3"
            )
            .fetchall()
        )
        return [
            (Name(*place), kind)
            for *place, kind in rows
            if place[0] not in _HIDDEN_DATABASES and place[1] not in _HIDDEN_SCHEMAS
            if database in (None, place[0]) and schema in (None, place[1])
        ]

    def count(self, name: Name) -> int | None:
        """The committed rows of a table; None when it is gone."""
        try:
            [found] = self._cursor().execute(f"select count(*) from {name.sql}").fetchall()
        except duckdb.CatalogException:
            return None
        return found[0]

    def has_relation(self, name: Name) -> bool:
        """Whether there is a table or view; listing a schema to know takes ten times as long."""
        try:
            self._cursor().execute(f"from {'.'.join(map(quote, (name.database, name.schema, name.name)))} limit 0")
        except duckdb.Error as error:  # missing, or a view that cannot be read
            return f"with name {name.name} does not exist" not in str(error) and self.relation_kind(name) is not None
        return True

    def relation_kind(self, name: Name) -> str | None:
        """TABLE, VIEW, or None when there is neither."""
        return self.relations(name.database, name.schema).get(name.name)

    def views(self, database: str, schema: str) -> dict[str, str]:
        """The views of a schema with the statements that make them, in the order in which they were made."""
        rows = (
            self._cursor()
            .execute(
                "select view_name, sql from duckdb_views() where database_name = ? and schema_name = ? "
                "order by view_oid",
                [database, schema],
            )
            .fetchall()
        )
        return dict(rows)

    def set_views(self, database: str, schema: str, views: dict[str, str]) -> None:
        """Make the views of a schema these, in the form that `views` gives them."""
        cursor = self._cursor()
        cursor.execute(f"set schema = {literal(f'{quote(database)}.{quote(schema)}')}")
        for name in self.views(database, schema):
            cursor.execute(f"drop view {quote(name)}")
        for statement in views.values():
            cursor.execute(statement)

    def drop_relation(self, name: Name, kind: str) -> None:
        self._cursor().execute(f"drop {kind} {name.sql}")

    def drop_schema(self, database: str, schema: str) -> None:
        self._cursor().execute(f"drop schema {quote(database)}.{quote(schema)} cascade")

    def create(self, database: str) -> None:
        """Raises 002002 when the name is taken, also by one that differs in case only: DuckDB ignores case."""
        if not _USABLE.fullmatch(database):
            raise compilation_error(
                f"The local Snowflake keeps a database in a file of its name and cannot use {quote(database)}: "
                "letters, digits, _ and $ only, at most 240.",
                "001008",
                "42601",
            )
        with self._lock:
            if any(database.upper() == name.upper() for name in self.names()):
                raise already_exists(database)
            self._attach(database)
        cursor = self._cursor()
        cursor.execute(info_schema.per_db_creation_sql(database))
        cursor.execute(macros.creation_sql(database))
        cursor.execute(f"create schema {quote(database)}.PUBLIC")

    def drop(self, database: str) -> None:
        """Detach the database and delete its file. No connection may stand in it."""
        cursor = self._cursor()
        cursor.execute(f"detach {quote(database)}")
        self.particulars.forget_database(cursor, database)
        self._file(database).unlink(missing_ok=True)
        self._file(database).with_suffix(".db.wal").unlink(missing_ok=True)

    def close(self) -> None:
        """Write every log into its file, so that the next start needs no recovery; where a statement runs, it stays."""
        cursor = self._cursor()
        for database in [GLOBAL_DATABASE_NAME, *self.names()]:
            with suppress(duckdb.TransactionException):
                cursor.execute(f"checkpoint {quote(database)}")
        with suppress(duckdb.ResourceInUseException):
            self._duck.close()
