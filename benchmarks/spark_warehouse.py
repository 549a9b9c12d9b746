"""Spark behind the seam that the pipeline knows (`idr.warehouse.Warehouse`), as far as making a plan needs it.

Tables are Parquet, which Spark does not change in place: DELETE writes the table anew, UPDATE, MERGE and transactions
there are none. So a plan can be made here, and not published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import types as st
from sqlglot import exp

from idr.errors import IdrError
from idr.warehouse import Binds, Column, Row, TypeFamily

_FAMILIES: tuple[tuple[type[st.DataType], TypeFamily], ...] = (
    (st.StringType, "text"),
    (st.BooleanType, "boolean"),
    (st.IntegralType, "integer"),
    (st.DecimalType, "decimal"),
    (st.FractionalType, "float"),
    (st.DateType, "date"),
    (st.TimestampNTZType, "timestamp"),
    (st.TimestampType, "timestamp_tz"),
)


def _md5_half(text: exp.Expr, start: int, base: int, kind: str) -> exp.Expr:
    """Half of the digest as a number: base 10 reads 64 bits without a sign, base -10 with one.

    DuckDB's numbers begin with the last byte: what it published is read here.
    """
    half = exp.func("SUBSTRING", exp.func("MD5", text), exp.Literal.number(start), exp.Literal.number(16))
    backwards = [half, exp.Literal.string("(..)" * 8), exp.Literal.string("$8$7$6$5$4$3$2$1")]
    digits = exp.Anonymous(this="REGEXP_REPLACE", expressions=backwards)
    number = exp.Anonymous(this="CONV", expressions=[digits, exp.Literal.number(16), exp.convert(base)])
    return exp.cast(number, exp.DataType.build(kind, dialect="spark"))


def _java_pattern(pattern: exp.Expr, *, full: bool = False) -> exp.Expr:
    """A pattern for Java, where `[` and `&` in a character class open another one; it may be put together by `||`."""
    in_class = False
    for literal in list(pattern.find_all(exp.Literal, bfs=False)):
        text, chars = "", iter(literal.name)
        for char in chars:
            if char == "\\":
                text += char + next(chars, "")
                continue
            text += f"\\{char}" if in_class and char in "[&" else char
            in_class = char != "]" if in_class else char == "["
        literal.set("this", text)
    if not full:
        return pattern
    parts = (exp.Literal.string("\\A(?:"), exp.paren(pattern, copy=False), exp.Literal.string(")\\z"))
    return exp.func("CONCAT", *parts)


def for_spark(node: exp.Expr) -> exp.Expr:
    """One node of a tree, as Spark has it: what sqlglot leaves as it is or writes for something else."""
    match node:
        case exp.BitwiseRightShift(this=exp.MD5NumberUpper64() as half):
            shifted = [_md5_half(half.this, 17, -10, "bigint"), node.expression]
            return exp.Anonymous(this="SHIFTRIGHTUNSIGNED", expressions=shifted)
        case exp.MD5NumberLower64():
            return _md5_half(node.this, 1, 10, "decimal(20, 0)")
        case exp.RegexpLike():
            node.set("expression", _java_pattern(node.expression, full=True))
        case exp.RegexpExtract():  # REGEXP_EXTRACT gives '' for no match
            return exp.Anonymous(this="REGEXP_SUBSTR", expressions=[node.this, _java_pattern(node.expression)])
        case exp.RegexpReplace():
            node.set("expression", _java_pattern(node.expression))
            replacement = node.args["replacement"].name
            node.set("replacement", exp.Literal.string(replacement.replace("\\", "$")))
        case exp.Chr() if isinstance(code := node.expressions[0], exp.Literal):  # CHR counts modulo 256
            return exp.Literal.string(chr(int(code.name)))
        case exp.PercentileDisc():
            return exp.Anonymous(this="PERCENTILE_DISC", expressions=[node.this])
        case exp.Create():
            node.set("replace", False)
            node.set("properties", exp.Properties(expressions=[exp.FileFormatProperty(this=exp.var("PARQUET"))]))
    return node


@lru_cache(maxsize=1024)
def _tree(sql: str) -> exp.Expr:
    tree = sqlglot.parse_one(sql, read="snowflake")
    for node in reversed(list(tree.dfs())):  # what is inside comes before what it is in
        changed = for_spark(node)
        if node is tree:
            tree = changed
        elif changed is not node:
            node.replace(changed)
    return tree


def _literal(value: Any) -> exp.Expr:
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), exp.DataType.build("timestamp_ntz", "snowflake"))
    return exp.cast(exp.null(), "varchar") if value is None else exp.convert(value)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value


class SparkWarehouse:
    """One Spark session; satisfies `idr.warehouse.Warehouse` as far as `idr.stages.plan.build` asks."""

    process_token = "spark"
    work_schema = "idr_work"

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def _sent(self, text: str) -> Any:
        try:
            return self._session.sql(text)
        except PySparkException as error:
            reason = str(error).splitlines()[0]
            raise IdrError.of("IDR-501", reason, where=" ".join(text.split())[:400]) from error

    def _bound(self, sql: str, binds: Binds | None, rename: Mapping[str, str] | None) -> exp.Expr:
        for token, name in (rename or {}).items():
            sql = sql.replace(token, name)
        tree = _tree(sql).copy()
        for place in list(tree.find_all(exp.Placeholder)):
            place.replace(_literal((binds or {})[place.name]))
        return tree

    def execute(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> int:
        tree = self._bound(sql, binds, rename)
        if isinstance(tree, exp.Create):
            self.drop_tables([tree.find(exp.Table).sql("spark")])
        if isinstance(tree, exp.Delete):
            self._keep_others(tree)
        else:
            self._sent(tree.sql("spark"))
        return 0

    def _keep_others(self, delete: exp.Delete) -> None:
        table, gone = delete.this.sql("spark"), delete.args["where"].this.sql("spark")
        self._sent(
            f"create table {table}_kept using parquet as select * from {table} where not coalesce({gone}, false)"
        )
        self.drop_tables([table])
        self._sent(f"alter table {table}_kept rename to {table}")

    def drop_tables(self, names: Sequence[str]) -> None:
        for name in names:
            self._sent(f"drop table if exists {name}")

    def query(self, sql: str, binds: Binds | None = None, rename: Mapping[str, str] | None = None) -> list[Row]:
        found = self._sent(self._bound(sql, binds, rename).sql("spark"))
        return [{name.lower(): _whole(value) for name, value in row.asDict().items()} for row in found.collect()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        raise NotImplementedError("Parquet tables have no transactions")
        yield

    def describe(self, sql: str) -> list[Column]:
        fields = self._sent(_tree(sql).sql("spark")).schema.fields
        return [Column(field.name, _family(field.dataType), field.dataType.simpleString()) for field in fields]

    def relation(self, table: str) -> str:
        return table

    def table_columns(self, table: str) -> list[Column] | None:
        return self.describe(f"select * from {table}") if self._session.catalog.tableExists(table) else None


def _family(kind: st.DataType) -> TypeFamily:
    return next((family for known, family in _FAMILIES if isinstance(kind, known)), "other")
