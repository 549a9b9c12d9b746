"""A DuckDB connection that counts: the statements that came through it, and the rows that they wrote."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import duckdb

_TARGET = re.compile(r"\s*(?:create (?:or replace )?table|insert into|update|delete from)\s+([\w.]+)", re.IGNORECASE)

_HEAVY = re.compile(
    r"\s*(?:select|with|from|insert|update|delete|create (?:or replace )?table\s+[\w.]+\s+as)\b", re.IGNORECASE
)


class Answer:
    """A result that was fetched already."""

    def __init__(self, description: Any, rows: list[tuple[Any, ...]]) -> None:
        self.description = description
        self._rows = rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows


class Counted:
    """Stands between a `DuckDBWarehouse` and its connection.

    `statements` holds every statement in order, `rows` the rows written (inserted, updated, deleted) per table.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.reset()

    def reset(self) -> None:
        self.statements: list[str] = []
        self.rows: Counter[str] = Counter()

    def execute(self, sql: str, *values: Any) -> Answer:
        done = self._connection.execute(sql, *values)
        rows = done.fetchall()
        self.statements.append(sql)
        target = _TARGET.match(sql)
        if target and rows:
            self.rows[target[1]] += rows[0][0]
        return Answer(done.description, rows)

    @property
    def heavy(self) -> int:
        """Statements that read or write tables: neither of the transaction nor DDL without a query."""
        return sum(bool(_HEAVY.match(sql)) for sql in self.statements)

    def figures(self) -> dict[str, int]:
        return {"statements": self.heavy, "rows_written": self.rows.total()}

    def close(self) -> None:
        self._connection.close()
