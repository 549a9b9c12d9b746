"""Snowflake's data types: their families, how arguments fit parameters, how values travel."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
from typing import Any

from emulator.engine.columns import MAXIMAL_TEXT
from emulator.errors import SqlError
from emulator.result import Column

_FAMILIES = {
    "VARCHAR": "VARCHAR STRING TEXT CHAR CHARACTER NCHAR NVARCHAR NVARCHAR2 CHAR_VARYING",
    "NUMBER": "NUMBER DECIMAL NUMERIC INT INTEGER BIGINT SMALLINT TINYINT BYTEINT",
    "FLOAT": "FLOAT FLOAT4 FLOAT8 DOUBLE REAL",
    "TIMESTAMP_NTZ": "TIMESTAMP_NTZ TIMESTAMP DATETIME TIMESTAMPNTZ",
    "TIMESTAMP_LTZ": "TIMESTAMP_LTZ TIMESTAMPLTZ",
    "TIMESTAMP_TZ": "TIMESTAMP_TZ TIMESTAMPTZ",
    "BINARY": "BINARY VARBINARY",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "VARIANT": "VARIANT",
    "OBJECT": "OBJECT",
    "ARRAY": "ARRAY",
    "TABLE": "TABLE",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
_WIRE = {"VARCHAR": "text", "NUMBER": "fixed", "FLOAT": "real", "TABLE": "text"}
_OF_WIRE = {"text": "VARCHAR", "fixed": "NUMBER", "real": "FLOAT"}
_SEMI_STRUCTURED = {"VARIANT", "OBJECT", "ARRAY"}

# "Data types that can be cast": which implicit casts ("coercible") an argument may take, nearest first
_COERCIBLE = {
    "VARCHAR": [
        "NUMBER", "FLOAT", "BOOLEAN", "DATE", "TIME", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "VARIANT",
    ],
    "NUMBER": ["FLOAT", "VARCHAR", "BOOLEAN", "VARIANT"],
    "FLOAT": ["NUMBER", "VARCHAR", "BOOLEAN", "VARIANT"],
    "BOOLEAN": ["VARCHAR", "VARIANT"],
    "DATE": ["TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "VARCHAR", "VARIANT"],
    "TIME": ["VARCHAR", "VARIANT"],
    "TIMESTAMP_NTZ": ["TIMESTAMP_LTZ", "TIMESTAMP_TZ", "DATE", "TIME", "VARCHAR", "VARIANT"],
    "TIMESTAMP_LTZ": ["TIMESTAMP_NTZ", "TIMESTAMP_TZ", "DATE", "TIME", "VARCHAR", "VARIANT"],
    "TIMESTAMP_TZ": ["TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "DATE", "TIME", "VARCHAR", "VARIANT"],
    "VARIANT": [
        "OBJECT", "ARRAY", "VARCHAR", "NUMBER", "FLOAT", "BOOLEAN", "DATE", "TIME",
        "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ",
    ],
    "OBJECT": ["VARIANT", "VARCHAR"],
    "ARRAY": ["VARIANT", "VARCHAR"],
    "BINARY": ["VARIANT"],
}  # fmt: skip


def family(text: str) -> str:
    """The family of a type as written, e.g. `NUMBER` for `integer`. Raises 002040 for an unknown type."""
    word = re.sub(r"\s*\(.*", "", text.strip(), flags=re.DOTALL).upper()
    word = {"DOUBLE PRECISION": "DOUBLE", "CHAR VARYING": "VARCHAR"}.get(word, word)
    if word not in _FAMILY:
        raise SqlError(f"SQL compilation error:\nUnsupported data type '{word}'.", "002040", "42601")
    return _FAMILY[word]


def column_type(column: Column) -> str:
    """The family of a result's column."""
    return _OF_WIRE.get(column.type, column.type.upper())


def shown_type(column: Column, value: Any) -> str:
    """The type of an argument as error messages show it."""
    kind = column_type(column)
    if kind == "VARCHAR":
        return f"VARCHAR({len(value)})" if isinstance(value, str) else "VARCHAR"
    if kind == "NUMBER" and value is not None:
        return f"NUMBER({len(str(abs(int(value))))},{column.scale or 0})"
    return kind


def distance(given: str, wanted: str) -> int | None:
    """How far an argument's type is from a parameter's: 0 the same, None when it does not fit."""
    if given == wanted:
        return 0
    coercible = _COERCIBLE.get(given, [])
    return coercible.index(wanted) + 1 if wanted in coercible else None


def result_column(name: str, kind: str) -> Column:
    """The column of a value of the type."""
    word = family(kind)
    if word == "NUMBER":
        precision, _, scale = re.sub(r".*\(|\).*|[^\d,(]", "", kind).partition(",") if "(" in kind else ("38", "", "0")
        return Column(name, "fixed", int(precision or 38), int(scale or 0))
    if word.startswith("TIME"):
        return Column(name, word.lower(), 0, 9)
    return Column(name, _WIRE.get(word, word.lower()), length=MAXIMAL_TEXT if word == "VARCHAR" else None)


def to_python(value: Any, given: Column, wanted: str) -> Any:
    """An SQL value as the Python value that a handler gets for a parameter of the type."""
    if value is None:
        return None
    if given.type in ("variant", "object", "array") and isinstance(value, str):
        value = json.loads(value)
        if wanted == "VARCHAR" and not isinstance(value, str):
            return json.dumps(value)
    if isinstance(value, decimal.Decimal) and value == value.to_integral_value() and not given.scale:
        value = int(value)
    return _cast(value, wanted)


_UNRECOGNIZED = {
    "NUMBER": ("Numeric value", "100038", "22018"),
    "FLOAT": ("Numeric value", "100038", "22018"),
    "BOOLEAN": ("Boolean value", "100037", "22018"),
    "DATE": ("Date", "100040", "22007"),
    "TIMESTAMP": ("Timestamp", "100035", "22007"),
}


def _cast(value: Any, wanted: str) -> Any:
    try:
        match wanted:
            case "VARCHAR":
                return str(value).lower() if isinstance(value, bool) else str(value)
            case "NUMBER":
                return _number(value)
            case "FLOAT":
                return float(value)
            case "BOOLEAN":
                return _boolean(value)
            case "DATE" if isinstance(value, str):
                return dt.date.fromisoformat(value)
            case "TIMESTAMP_NTZ" | "TIMESTAMP_LTZ" | "TIMESTAMP_TZ" if isinstance(value, str):
                return dt.datetime.fromisoformat(value)
    except (ValueError, decimal.InvalidOperation):
        word, code, state = _UNRECOGNIZED[wanted.partition("_")[0]]
        raise SqlError(f"{word} '{value}' is not recognized", code, state) from None
    return value


def _number(value: Any) -> int | decimal.Decimal:
    number = decimal.Decimal(str(value))
    return int(number) if number == number.to_integral_value() else number


def _boolean(value: Any) -> bool:
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word in ("true", "t", "yes", "y", "on", "1"):
        return True
    if word in ("false", "f", "no", "n", "off", "0"):
        return False
    raise ValueError(value)


def from_python(value: Any, kind: str) -> Any:
    """What a handler returned as a value of the procedure's return type."""
    if value is None:
        return None
    word = family(kind)
    if word in _SEMI_STRUCTURED:
        return json.dumps(value, indent=2, default=str)
    return json.dumps(value) if isinstance(value, (dict, list)) else _cast(value, word)
