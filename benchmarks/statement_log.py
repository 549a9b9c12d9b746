"""What each statement of a run reads and writes, in bytes before compression, and what a warehouse would rewrite.

A column is as wide as its type (text: the mean length of its values). A statement reads, of each table that it names,
the columns whose name occurs in it, once per mention of the table: what a columnar engine without any pruning scans.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import duckdb

from benchmarks.counted import Answer, Counted

PARTITION = 100e6
"""Bytes before compression in a micro-partition: Snowflake's documentation says 50 to 500 MB."""

_WIDTHS = {"BOOLEAN": 1, "INTEGER": 4, "DATE": 4, "BIGINT": 8, "DOUBLE": 8, "TIMESTAMP": 8, "HUGEINT": 16}
_TABLE = re.compile(r"\b[a-z]\w*(?:\.[a-z]\w*){1,2}\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_TARGET = re.compile(
    r"\s*(create (?:or replace )?table|insert into|update|delete from)\s+(?:if not exists\s+)?([\w.]+)", re.IGNORECASE
)
_RUN = re.compile(r"_\d{8}t\d{6}_[0-9a-f]{8}")


@dataclass(frozen=True)
class Sent:
    """One statement. `rewritten`: what is left of the micro-partitions from which it takes rows, if those
    lie anywhere."""

    text: str
    seconds: float
    read: float
    written: float
    rewritten: float


@dataclass(frozen=True)
class _Table:
    rows: int
    widths: dict[str, float]

    @property
    def width(self) -> float:
        return sum(self.widths.values())


class StatementLog(Counted):
    """A `Counted` that also measures; `sent` holds the statements since `reset`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._tables: dict[str, _Table | None] = {}
        super().__init__(connection)

    def reset(self) -> None:
        super().reset()
        self.sent: list[Sent] = []
        self._tables.clear()

    def execute(self, sql: str, *values: Any) -> Answer:
        match = _TARGET.match(sql)
        verb, target = (match[1].lower().split()[0], match[2].lower()) if match else ("", "")
        read = self._read(sql, target if verb in ("create", "insert") else "")
        before = self._table(target) if verb in ("update", "delete") else None
        counted = self.rows.total()
        started = time.perf_counter()
        answer = super().execute(sql, *values)
        seconds = time.perf_counter() - started
        rows = self.rows.total() - counted
        self._tables.pop(target, None)
        after = self._table(target) if rows and verb != "delete" else None
        rewritten = _rewritten(before, rows) if before else 0.0
        self.sent.append(Sent(_RUN.sub("", sql), seconds, read, rows * after.width if after else 0.0, rewritten))
        return answer

    def _read(self, sql: str, written: str) -> float:
        if sql.lstrip().lower().startswith("describe"):
            return 0.0
        words = set(map(str.lower, _WORD.findall(sql)))
        named = [name.lower() for name in _TABLE.findall(sql)]
        tables = [self._table(name) for name in named if name != written]
        return sum(
            table.rows * sum(width for column, width in table.widths.items() if column in words)
            for table in tables
            if table
        )

    def _table(self, name: str) -> _Table | None:
        if name not in self._tables:
            self._tables[name] = self._measured(name)
        return self._tables[name]

    def _measured(self, name: str) -> _Table | None:
        columns = self._connection.execute(
            "select column_name, data_type from duckdb_columns()"
            " where database_name = coalesce(?, current_database()) and schema_name = ? and table_name = ?",
            [None, *name.split(".")][-3:],
        ).fetchall()
        if not columns:
            return None
        widths = [
            f"avg(coalesce(strlen({column}), 0))" if kind == "VARCHAR" else str(_WIDTHS.get(kind, 16))
            for column, kind in columns
        ]
        rows, *found = self._connection.execute(f"select count(*), {', '.join(widths)} from {name}").fetchall()[0]
        return _Table(rows, {column: float(width or 0) for (column, _), width in zip(columns, found, strict=True)})


def _rewritten(table: _Table, gone: int) -> float:
    """Bytes of the rows that stay in the micro-partitions which hold at least one of `gone` rows anywhere."""
    if not table.rows or not gone:
        return 0.0
    share = gone / table.rows
    in_partition = min(table.rows, PARTITION / max(table.width, 1.0))
    return table.rows * table.width * (1 - (1 - share) ** in_partition) * (1 - share)
