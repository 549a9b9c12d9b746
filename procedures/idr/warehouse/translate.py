"""Snowflake dialect -> DuckDB, cached. The few functions that sqlglot leaves open are mapped here."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects import DuckDB, Snowflake

from idr.errors import IdrError

_STRPTIME = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S", "FF6": "%f"}


def _strftime(pattern: str) -> str:
    for ours, theirs in _STRPTIME.items():
        pattern = pattern.replace(ours, theirs)
    return pattern


def _md5_half(node: exp.Expr, *, upper: bool) -> exp.Expr:
    """DuckDB has the 128-bit number; Snowflake's two halves are cut from it."""
    number = exp.Anonymous(this="MD5_NUMBER", expressions=[node.this])
    if upper:
        half: exp.Expr = exp.BitwiseRightShift(this=number, expression=exp.Literal.number(64))
    else:
        half = exp.BitwiseAnd(this=number, expression=exp.Literal.number(2**64 - 1))
    return exp.Cast(this=half, to=exp.DataType.build("hugeint", dialect="duckdb"))


def _to_text(node: exp.ToChar) -> exp.Expr:
    pattern = node.args.get("format")
    if not isinstance(pattern, exp.Literal):
        return exp.cast(node.this, "text")
    return exp.Anonymous(this="STRFTIME", expressions=[node.this, exp.Literal.string(_strftime(pattern.name))])


def for_duckdb(node: exp.Expr) -> exp.Expr:
    """One node of a tree, as DuckDB has it: what sqlglot 30.22 leaves as it is or writes for other types than ours."""
    match node:
        case exp.MD5NumberUpper64():
            return _md5_half(node, upper=True)
        case exp.MD5NumberLower64():
            return _md5_half(node, upper=False)
        case exp.Length():
            return exp.Anonymous(this="LENGTH", expressions=[node.this])
        case exp.ToChar():
            return _to_text(node)
        case exp.Properties():
            kept = [item for item in node.expressions if not isinstance(item, exp.TransientProperty)]
            return exp.Properties(expressions=kept)
    return node


@lru_cache(maxsize=4096)
def to_duckdb(sql: str) -> str:
    """Translate one statement; IDR-501 when it does not parse."""
    try:
        tree = sqlglot.parse_one(sql, read=Snowflake)
    except sqlglot.ParseError as error:
        raise IdrError.of(
            "IDR-501", f"the statement does not parse: {error.errors[0]['description']}", where=sql[:200]
        ) from error
    return tree.transform(for_duckdb, copy=False).sql(dialect=DuckDB, comments=False, copy=False)
