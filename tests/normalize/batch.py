"""Normal forms of many values in one query on DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import duckdb
from sqlglot import exp

from idr.model import Identifier
from idr.normalize import steps
from idr.warehouse.translate import to_duckdb


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@cache
def _query(identifier: Identifier, short_cut: bool) -> str:
    query: exp.Query = exp.select("n", "value").from_("given")
    first, *others = steps(identifier)
    if not short_cut:
        first = {**first, "usual": exp.cast(exp.null(), "varchar")}
    for step in (first, *others):
        columns = (exp.alias_(expression, name) for name, expression in step.items())
        query = exp.select("n", *columns, copy=False).from_(query.subquery("earlier", copy=False), copy=False)
    return to_duckdb(query.sql(dialect="snowflake"))


def normal_forms(identifier: Identifier, values: Iterable[str | None], *, short_cut: bool = True) -> list[str | None]:
    """The normal form of each value, in order; without `short_cut` no value is in a usual form."""
    texts = list(values)
    numbers = list(range(len(texts)))
    connection = _connection()
    connection.execute(
        "create or replace temp table given as select unnest($n) as n, unnest($texts::varchar[]) as value",
        {"n": numbers, "texts": texts},
    )
    found = dict(connection.execute(_query(identifier, short_cut)).fetchall())
    return [found[n] for n in numbers]


def normal_form(identifier: Identifier, value: str | None) -> str | None:
    return normal_forms(identifier, [value])[0]
