"""Snowflake dialect -> DuckDB, cached. The few functions that sqlglot leaves open are mapped here."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from idr.errors import IdrError

_STRPTIME = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S", "FF6": "%f"}


def _strftime(pattern: str) -> str:
    for ours, theirs in _STRPTIME.items():
        pattern = pattern.replace(ours, theirs)
    return pattern


class _Generator(DuckDB.Generator):
    def md5numberupper64_sql(self, node: exp.MD5NumberUpper64) -> str:
        return f"CAST(MD5_NUMBER({self.sql(node, 'this')}) >> 64 AS HUGEINT)"

    def md5numberlower64_sql(self, node: exp.MD5NumberLower64) -> str:
        return f"CAST(MD5_NUMBER({self.sql(node, 'this')}) & 18446744073709551615 AS HUGEINT)"

    def length_sql(self, expression: exp.Length) -> str:
        return f"LENGTH({self.sql(expression, 'this')})"

    def tochar_sql(self, node: exp.ToChar) -> str:
        pattern = node.args.get("format")
        if not isinstance(pattern, exp.Literal):
            return f"CAST({self.sql(node, 'this')} AS TEXT)"
        return f"STRFTIME({self.sql(node, 'this')}, {self.sql(exp.Literal.string(_strftime(pattern.name)))})"


class _DuckDB(DuckDB):
    Generator = _Generator


@lru_cache(maxsize=4096)
def to_duckdb(sql: str) -> str:
    """Translate one statement; IDR-501 when it does not parse."""
    try:
        tree = sqlglot.parse_one(sql, read="snowflake")
    except sqlglot.ParseError as error:
        raise IdrError.of(
            "IDR-501", f"the statement does not parse: {error.errors[0]['description']}", where=sql[:200]
        ) from error
    for table in tree.find_all(exp.Create):
        properties = table.args.get("properties")
        if properties:
            kept = [item for item in properties.expressions if not isinstance(item, exp.TransientProperty)]
            table.set("properties", exp.Properties(expressions=kept) if kept else None)
    return tree.sql(dialect=_DuckDB, comments=False)
