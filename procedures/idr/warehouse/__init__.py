"""The seam between the pipeline and a database engine.

The pipeline speaks the Snowflake dialect and knows only `Warehouse`. A new engine is one new module here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Binds = Mapping[str, Any]
Row = dict[str, Any]
TypeFamily = Literal["text", "integer", "decimal", "float", "boolean", "date", "timestamp", "timestamp_tz", "other"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or of a query; `family` is what the pipeline tells apart, `type_name` the engine's word."""

    name: str
    family: TypeFamily
    type_name: str


class Warehouse(Protocol):
    """What the pipeline asks of an engine. Every failure is an `IdrError` IDR-501 that shows the statement.

    `sql` is one statement in the Snowflake dialect with binds written `:name`. `rename` maps tokens in the
    translated text to run-scoped names (see `idr.statement`), so that the translation can be cached.
    """

    def execute(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> int:
        """Run one statement; return the rows that INSERT, UPDATE, DELETE or MERGE wrote. Of DDL it tells nothing."""
        ...

    @property
    def work_schema(self) -> str:
        """Where a run makes its work tables."""
        ...

    def keep(self, suffix: str, names: Sequence[str]) -> None:
        """Let the work tables of those names outlive the session, in `idr_work`; others with that ending may go."""
        ...

    def work_tables(self) -> list[str]:
        """The work tables that there are, of every run, as `schema."name"`."""
        ...

    def drop_tables(self, names: Sequence[str]) -> None:
        """Drop the tables of those names that exist, in one request."""
        ...

    def add_columns(self, table: str, names: Sequence[str]) -> None:
        """Add text columns of those plain names to a table; nothing when there are none."""
        ...

    def drop_columns(self, table: str, names: Sequence[str]) -> None:
        """Drop those columns of a table; nothing when there are none."""
        ...

    def query(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> list[Row]:
        """Run one SELECT; return its rows as dictionaries with lower-case column names."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """BEGIN .. COMMIT around DML; ROLLBACK when the block raises."""
        ...

    def describe(self, sql: str) -> list[Column]:
        """Columns of a SELECT, without running it."""
        ...

    def relation(self, table: str) -> str:
        """What to write after FROM to read the source table of that name."""
        ...

    def table_columns(self, table: str) -> list[Column] | None:
        """Columns of a table or view named `[database.]schema.table`; None when there is no such relation."""
        ...

    def how_to_read(self, table: str) -> str:
        """What would let IDR read a table that it does not find; empty where there are no privileges to lack."""
        ...

    def list_tables(self) -> list[str]:
        """Tables and views of the current database as `schema.table`, quoted where needed; without IDR's schemas."""
        ...

    @property
    def process_token(self) -> str:
        """Names this client process; part of a lease's holder."""
        ...

    def holder_is_gone(self, holder_token: str) -> bool:
        """True only when the engine can be sure that the process with that token no longer runs."""
        ...
