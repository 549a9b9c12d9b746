"""What a statement answers: columns with Snowflake types, and rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

SELECT = 0x1000
DDL = 0x6000
UNKNOWN = 0
SEVERAL = 0xA000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result. `type` is the wire's name: text, fixed, real, boolean, variant, timestamp_ltz, .."""

    name: str
    type: str = "text"
    precision: int | None = None
    scale: int | None = None
    length: int | None = None


@dataclass(slots=True)
class Result:
    """Rows of Python values, one per column."""

    columns: list[Column]
    rows: list[Sequence[Any]] = field(default_factory=list)
    statement_type: int = UNKNOWN

    def fetch(self) -> list[Sequence[Any]]:
        return self.rows

    def records(self) -> list[dict[str, Any]]:
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.fetch()]

    def scalar(self) -> Any:
        rows = self.fetch()
        return rows[0][0] if rows else None


@dataclass(slots=True, kw_only=True)
class ArrowResult(Result):
    """Rows that DuckDB answered: they travel as Arrow and become Python values only when asked for."""

    arrow: pa.Table

    def fetch(self) -> list[Sequence[Any]]:
        return list(zip(*(column.to_pylist() for column in self.arrow.columns), strict=True))


@dataclass(slots=True, kw_only=True)
class Transfer(Result):
    """The answer to PUT and GET: tells the client which files to move where."""

    data: dict[str, Any]


class RecentResults(OrderedDict[str, Any]):
    """The last results by query id; without a limit a server would keep every one."""

    KEPT = 64

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        while len(self) > self.KEPT:
            self.popitem(last=False)


def status(message: str, statement_type: int = DDL) -> Result:
    return Result([Column("status")], [(message,)], statement_type)


def already_dropped(name: str) -> Result:
    """The answer of DROP .. IF EXISTS without such an object."""
    return status(f"Drop statement executed successfully ({name} already dropped).")


def done_several() -> Result:
    message = "Multiple statements executed successfully."
    return Result([Column("multiple statement execution")], [(message,)], SEVERAL)


def done() -> Result:
    return status("Statement executed successfully.")


def table(columns: str, rows: Iterable[Sequence[Any]] = ()) -> Result:
    """A result from `name` or `name:type` words, e.g. `created_on:timestamp_ltz name rows:fixed`."""
    return Result([column(word) for word in columns.split()], list(rows))


def column(word: str) -> Column:
    name, _, kind = word.partition(":")
    if kind == "fixed":
        return Column(name, kind, 38, 0)
    return Column(name, kind, 0, 9) if kind.startswith("time") else Column(name, kind or "text")
