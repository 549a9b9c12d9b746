"""Column types: DuckDB's on one side, Snowflake's wire types on the other."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from fakesnow import arrow
from fakesnow.rowtype import ColumnInfo, duckdb_to_sf_type

from emulator.result import Column

_MORE_TYPES = {
    "TINYINT": "fixed",
    "SMALLINT": "fixed",
    "UTINYINT": "fixed",
    "USMALLINT": "fixed",
    "UINTEGER": "fixed",
    "UHUGEINT": "fixed",
    "FLOAT": "real",
    "UUID": "text",
    "TIMESTAMP_S": "timestamp_ntz",
    "TIMESTAMP_MS": "timestamp_ntz",
    "INTERVAL": "text",
}
_TYPES = {**duckdb_to_sf_type, **_MORE_TYPES}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
MAXIMAL_TEXT = 16777216


def columns_of(described: Iterable[tuple[Any, ...]]) -> list[Column]:
    """The columns of a result from DuckDB's (name, type) descriptions."""
    return [_column(str(name), str(kind)) for name, kind, *_ in described]


def _column(name: str, kind: str) -> Column:
    if match := _DECIMAL.match(kind):
        return Column(name, "fixed", int(match[1]), int(match[2]))
    if kind.endswith("[]"):
        return Column(name, "array")
    if kind.startswith(("STRUCT", "MAP")):
        return Column(name, "object")
    wire = _TYPES.get(kind, "text")
    if wire == "fixed":
        return Column(name, wire, 38, 0)
    if wire == "text":
        return Column(name, wire, length=MAXIMAL_TEXT)
    if wire == "binary":
        return Column(name, wire, length=8388608)
    return Column(name, wire, 0, 9) if wire.startswith("time") else Column(name, wire)


_NATIVE = {
    "real": "DOUBLE",
    "text": "VARCHAR",
    "binary": "BLOB",
    "timestamp_ntz": "TIMESTAMP",
    "timestamp_ltz": "TIMESTAMPTZ",
    "timestamp_tz": "TIMESTAMPTZ",
    "variant": "JSON",
    "object": "JSON",
    "array": "JSON",
}


def duckdb_type(column: Column) -> str:
    """DuckDB's type for a column of a table."""
    if column.type == "fixed":
        return (
            "HUGEINT" if (column.precision, column.scale) == (38, 0) else f"DECIMAL({column.precision}, {column.scale})"
        )
    return _NATIVE.get(column.type, column.type.upper())


def with_json_text(table: pa.Table) -> pa.Table:
    """The table with lists and structures as the JSON text that Snowflake's clients get."""
    for i, column in enumerate(table.columns):
        if pa.types.is_nested(column.type):
            texts = [None if v is None else json.dumps(v, indent=2, default=str) for v in column.to_pylist()]
            table = table.set_column(i, table.schema.field(i).name, pa.array(texts, pa.string()))
    return table


def rowtype(columns: list[Column]) -> list[ColumnInfo]:
    """The description of the columns in a reply."""
    return [
        {
            "name": column.name,
            "database": "",
            "schema": "",
            "table": "",
            "nullable": True,
            "type": column.type,
            "byteLength": column.length,
            "length": column.length,
            "scale": column.scale,
            "precision": column.precision,
            "collation": None,
        }
        for column in columns
    ]


def arrow_base64(table: pa.Table, columns: list[Column]) -> str:
    """The rows as the Arrow stream that Snowflake's clients read.

    fakesnow renders most types; a NULL timestamp would leave it as 1970-01-01, because it builds the
    (epoch, fraction) pairs without a mask, so timestamps with NULLs are rendered here.
    """
    described = rowtype(columns)
    rendered = arrow.to_sf(_without_null_timestamps(_in_utc(table)), described)
    for i, column in enumerate(table.columns):
        if pa.types.is_timestamp(column.type) and column.type.tz not in (None, "UTC"):
            rendered = rendered.set_column(i, rendered.schema.field(i), _with_offsets(rendered.column(i), column))
        if pa.types.is_timestamp(column.type) and column.null_count:
            rendered = rendered.set_column(i, rendered.schema.field(i), _masked(rendered.column(i), column))
    return b64encode(arrow.to_ipc(rendered)).decode("ascii")


def _in_utc(table: pa.Table) -> pa.Table:
    """fakesnow takes timestamps of no other zone."""
    for i, column in enumerate(table.columns):
        if pa.types.is_timestamp(column.type) and column.type.tz not in (None, "UTC"):
            table = table.set_column(i, table.schema.field(i).name, column.cast(pa.timestamp("us", tz="UTC")))
    return table


def _with_offsets(moments: pa.ChunkedArray, column: pa.ChunkedArray) -> pa.Array:
    """The moments with the offset that each has in the column's zone: minutes east of Greenwich plus a day."""
    whole = moments.combine_chunks()
    known = column.combine_chunks().fill_null(0)
    local, utc = (
        moment.cast(pa.int64()).to_numpy() for moment in (pc.call_function("local_timestamp", [known]), known)
    )
    offsets = pa.array((local - utc) // 60_000_000 + 1440, pa.int32())
    fields = [whole.type.field(i) for i in range(whole.type.num_fields)]
    return pa.StructArray.from_arrays([whole.field(0), whole.field(1), offsets], fields=fields)


def _without_null_timestamps(table: pa.Table) -> pa.Table:
    for i, column in enumerate(table.columns):
        if pa.types.is_timestamp(column.type) and column.null_count:
            table = table.set_column(i, table.schema.field(i), column.fill_null(pa.scalar(0, column.type)))
    return table


def _masked(pairs: pa.ChunkedArray, column: pa.ChunkedArray) -> pa.Array:
    whole = pairs.combine_chunks()
    fields = [whole.type.field(i) for i in range(whole.type.num_fields)]
    arrays = [whole.field(i) for i in range(whole.type.num_fields)]
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=column.is_null().combine_chunks())
