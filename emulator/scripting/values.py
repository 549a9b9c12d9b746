"""Variables of a block: their values, and how they travel as binds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from emulator.result import Column, Result

_SEMI_STRUCTURED = ("VARIANT", "OBJECT", "ARRAY")
_TEXT = re.compile(r"VARCHAR|STRING|TEXT")
_WHOLE = re.compile(r"INT|INTEGER|BIGINT|SMALLINT|TINYINT|BYTEINT|NUMBER|NUMERIC|DECIMAL")
_REAL = re.compile(r"FLOAT|FLOAT4|FLOAT8|DOUBLE|REAL")


@dataclass(slots=True)
class Variable:
    """A scalar. VARIANT, OBJECT and ARRAY are kept as JSON text. `type` is as declared; None while it is not known."""

    type: str | None = None
    value: Any = None

    @property
    def semi_structured(self) -> bool:
        return self.type is not None and self.type.upper().partition("(")[0].strip() in _SEMI_STRUCTURED

    def sql(self, followed_by: str) -> str:
        """The SQL of a bind with this value; in parentheses before a path or a cast, which a bare `?` cannot take."""
        bind = "PARSE_JSON(?)" if self.semi_structured else "?"
        return f"({bind})" if followed_by.startswith((":", "[", ".")) else bind


@dataclass(slots=True)
class ResultSet:
    """Rows of a query; None before it ran."""

    result: Result | None = None


@dataclass(slots=True)
class Cursor:
    """A query, or a result set, and how far it has been fetched; `rows` is None while the cursor is closed."""

    query: Any = None
    resultset: str | None = None
    columns: list[Column] | None = None
    rows: list[Any] | None = None


@dataclass(slots=True)
class UserException:
    name: str
    code: int
    message: str


@dataclass(slots=True)
class Row:
    """The row of a FOR loop, by column name."""

    columns: dict[str, Variable]


Value = Variable | ResultSet | Cursor | UserException | Row


def is_json(column: Column) -> bool:
    return column.type in ("variant", "object", "array")


def variable_of(column: Column, value: Any) -> Variable:
    """A variable that takes its type from the column."""
    return Variable(column.type.upper(), as_json(column, value)) if is_json(column) else Variable(None, value)


def as_json(column: Column, value: Any) -> str | None:
    """A value as the text of a VARIANT."""
    if value is None or (is_json(column) and isinstance(value, str)):
        return value
    return json.dumps(value, default=_number_or_text)


def _number_or_text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def fits(declared: str, column: Column, value: Any) -> bool:
    """Whether a value already is of the declared type, so that no cast is needed."""
    if value is None:
        return True
    if is_json(column):
        return False
    word = declared.strip().upper()
    if isinstance(value, bool):
        return word == "BOOLEAN"
    if isinstance(value, str):
        return _TEXT.fullmatch(word) is not None
    if isinstance(value, int):
        return _WHOLE.fullmatch(word) is not None
    return isinstance(value, float) and _REAL.fullmatch(word) is not None
