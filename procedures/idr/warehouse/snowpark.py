"""Snowflake through a Snowpark session: in a procedure, or from a client.

Only what an owner's rights procedure may do: no temporary table, no USE, no session parameter, no pandas.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from snowflake.connector.errors import ProgrammingError
from snowflake.snowpark import Session
from snowflake.snowpark import types as sp
from snowflake.snowpark.exceptions import SnowparkSQLException

from idr.config.expression import identifier, quoted
from idr.errors import IdrError
from idr.warehouse import Binds, Column, Row, TypeFamily

_PROCESS_TOKEN = uuid.uuid4().hex
_NOT_FOUND = (2003, 2043)  # "does not exist or not authorized", of an object and of a schema or database
_FOREIGN_TRANSACTION = "transaction that has started at a different scope"
_OF_VALUES = range(100000, 100300)  # errors of evaluation: they show the value, or the row, that they met
_VALUE = re.compile(r"(['\"\[]).*['\"\]]|\d{4,}", re.DOTALL)
_NEEDS = re.compile(r"(EXECUTE(?: MANAGED)? TASK) privilege must be granted")
_TOKENS = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'        # a string: a backslash escapes, a quote is doubled
      | "(?:[^"]|"")*"              # a quoted name
      | ::
      | (?<![\w)\]":]):([a-z_]\w*)  # a bind, not the path of a JSON value
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_NAME_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')
_FAMILIES: tuple[tuple[type[sp.DataType], TypeFamily, str], ...] = (
    (sp.StringType, "text", "VARCHAR"),
    (sp.LongType, "integer", "NUMBER(38, 0)"),
    (sp.DecimalType, "decimal", "NUMBER"),
    (sp.DoubleType, "float", "FLOAT"),
    (sp.BooleanType, "boolean", "BOOLEAN"),
    (sp.DateType, "date", "DATE"),
    (sp.VariantType, "other", "VARIANT"),
    (sp.ArrayType, "other", "ARRAY"),
    (sp.MapType, "other", "OBJECT"),
    (sp.BinaryType, "other", "BINARY"),
    (sp.TimeType, "other", "TIME"),
)


def name_parts(name: str) -> tuple[str, ...]:
    """`db.schema."Table"` -> ("DB", "SCHEMA", "Table"): names as Snowflake stores them."""
    parts = _NAME_PART.findall(name)
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part.upper() for part in parts)


def positional(sql: str, binds: Binds) -> tuple[str, list[Any]]:
    """The statement with `?` for each `:name`, and the values in that order."""
    values: list[Any] = []

    def place(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        values.append(binds[match[1]])
        return "?"

    return _TOKENS.sub(place, sql), values


def _column(field: sp.StructField) -> Column:
    name = name_parts(field.name)[0] if field.name.startswith('"') else field.name
    kind = field.datatype
    if isinstance(kind, sp.TimestampType):
        zone = kind.tz.value.upper() if kind.tz.value != "default" else "NTZ"
        return Column(name, "timestamp" if zone == "NTZ" else "timestamp_tz", f"TIMESTAMP_{zone}")
    if isinstance(kind, sp.DecimalType) and kind.scale == 0:
        return Column(name, "integer", f"NUMBER({kind.precision}, 0)")
    for known, family, word in _FAMILIES:
        if isinstance(kind, known):
            return Column(name, family, word)
    return Column(name, "other", str(kind))


def _plain(value: Any) -> Any:
    """NUMBER(38, 0) is an integer whatever its size."""
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value


@contextmanager
def _telling(text: str) -> Iterator[None]:
    try:
        yield
    except (ProgrammingError, SnowparkSQLException) as error:
        if isinstance(error, ProgrammingError):
            code, reason = error.errno, error.raw_msg or error.msg
        else:
            code, reason = error.sql_error_code, error.raw_message or error.message
        message = " ".join(str(reason).split())
        if code in _OF_VALUES:
            message = _VALUE.sub("***", message)
        if _FOREIGN_TRANSACTION in message.lower():
            raise IdrError.of(
                "IDR-505", "the caller has an open transaction", fix="COMMIT or ROLLBACK it, then call again"
            ) from error
        raise IdrError.of("IDR-501", message, where=" ".join(text.split())[:400]) from error


class SnowparkWarehouse:
    """One Snowpark session; satisfies `idr.warehouse.Warehouse`.

    `bound` maps the parts of a consumer table's name to the expression that reads it, for tables that a native
    application reaches by reference and not by name.
    """

    def __init__(self, session: Session, bound: Mapping[tuple[str, ...], str] | None = None) -> None:
        self._session = session
        self._bound = dict(bound or {})

    def _send(self, text: str, values: list[Any] | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns, and the rows; without a data frame, which Snowpark takes a while to plan."""
        try:
            with _telling(text), self._session.connection.cursor() as cursor:
                cursor.execute(text, values or None)
                return [column.name for column in cursor.description], cast("list[tuple[Any, ...]]", cursor.fetchall())
        except IdrError as error:
            needs = _NEEDS.search(str(error))
            if needs is None:
                raise
            fix = f"Type: grant {needs[1].lower()} on account to application {self._application()}"
            raise IdrError(replace(error.problems[0], fix=fix)) from error

    def _run(
        self, sql: str, binds: Binds | None, rename: Mapping[str, str] | None
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        for token, name in (rename or {}).items():
            sql = sql.replace(token, name)
        return self._send(*positional(sql, binds or {}))

    def execute(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> int:
        _, rows = self._run(sql, binds, rename)
        return int(rows[0][0]) if rows and isinstance(rows[0][0], int) else 0

    @property
    def work_schema(self) -> str:
        return "idr_work"

    def keep(self, suffix: str, names: Sequence[str]) -> None:
        """Nothing: they are there already."""

    def work_tables(self) -> list[str]:
        rows = self.query("select table_name from information_schema.tables where lower(table_schema) = 'idr_work'")
        return [f"idr_work.{quoted(row['table_name'])}" for row in rows]

    def drop_tables(self, names: Sequence[str]) -> None:
        """A block of Snowflake Scripting: one round trip for all of them."""
        body = " ".join(f"drop table if exists {name};" for name in names)
        if body:
            text = body.replace("\\", "\\\\").replace("'", "''")
            self._send(f"execute immediate 'begin {text} end'")

    def add_columns(self, table: str, names: Sequence[str]) -> None:
        if names:
            self._send(f"alter table {table} add column {', '.join(f'{name} varchar' for name in names)}")

    def drop_columns(self, table: str, names: Sequence[str]) -> None:
        if names:
            self._send(f"alter table {table} drop column {', '.join(names)}")

    def query(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> list[Row]:
        names, rows = self._run(sql, binds, rename)
        return [{name.lower(): _plain(value) for name, value in zip(names, row, strict=True)} for row in rows]

    def user(self) -> str:
        """Who called: Snowflake may hide the user's name from an application, but not the role."""
        [(name,)] = self._send("select coalesce(current_user(), current_role(), 'unknown')")[1]
        return str(name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._send("begin transaction")
        try:
            yield
        except BaseException:
            with suppress(IdrError):  # a lost connection ends the transaction by itself: the reason is the first error
                self._send("rollback")
            raise
        self._send("commit")

    def describe(self, sql: str) -> list[Column]:
        with _telling(sql):
            return [_column(field) for field in self._session.sql(sql).schema.fields]

    def relation(self, table: str) -> str:
        """The bound reference to the table when there is exactly one whose name ends in these parts, else its name."""
        wanted = name_parts(table)
        found = [text for name, text in self._bound.items() if name[-len(wanted) :] == wanted]
        return found[0] if len(found) == 1 else table

    def table_columns(self, table: str) -> list[Column] | None:
        try:
            return self.describe(f"select * from {self.relation(table)}")
        except IdrError as error:
            cause = error.__cause__
            if isinstance(cause, SnowparkSQLException) and cause.sql_error_code in _NOT_FOUND:
                return None
            raise

    def how_to_read(self, table: str) -> str:
        """What gives the application the first privilege that it lacks, seen from the database down to the table."""
        try:
            database, schema, _ = table.split(".")
        except ValueError:
            return ""
        to = f"to application {self._application()}"
        try:
            schemas = self.query(f"show schemas in database {database}")
        except IdrError:
            return f"If the name is right, type: grant usage on database {database} {to}"
        if name_parts(schema)[0] not in {row["name"] for row in schemas}:
            return f"If the name is right, type: grant usage on schema {database}.{schema} {to}"
        return f"If the name is right, type: grant select on table {table} {to}"

    def _application(self) -> str:
        [(name,)] = self._send("select current_database()")[1]
        return identifier(str(name))

    def list_tables(self) -> list[str]:
        rows = self.query(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema not in ('IDR_META', 'IDR_WORK', 'IDR_OUT', 'INFORMATION_SCHEMA') order by 1, 2"
        )
        return [".".join(name) for name in self._bound] + [f"{row['table_schema']}.{row['table_name']}" for row in rows]

    @property
    def process_token(self) -> str:
        return _PROCESS_TOKEN

    def holder_is_gone(self, holder_token: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Never certain: another session may hold the lease, so it has to expire."""
        return False
