"""Normal forms of many values in one query on DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import duckdb
from sqlglot import exp

from idr.model import Identifier
from idr.normalize import steps
from idr.stages.source_query import step_columns
from idr.warehouse.translate import to_duckdb


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@cache
def _query(identifier: Identifier, count: int | None, short_cut: bool, column: str) -> str:
    """So many of the steps as a run fills them in, and of the last one the column r_x or u_x."""
    query: exp.Query = exp.select("n", "value as r_x").from_("given")
    first, *others = steps(identifier)
    if not short_cut:
        first = {**first, "usual": exp.cast(exp.null(), "varchar")}
    for step in [first, *others][:count]:
        columns = step_columns("x", step)
        query = exp.select("n", *columns, copy=False).from_(query.subquery("earlier", copy=False), copy=False)
    return to_duckdb(exp.select("n", column).from_(query.subquery("made")).sql(dialect="snowflake"))


def normal_forms(identifier: Identifier, values: Iterable[str | None], *, short_cut: bool = True) -> list[str | None]:
    """The normal form of each value, in order; without `short_cut` no value is in a usual form."""
    return _answers(_query(identifier, None, short_cut, "r_x"), list(values))


def usual_forms(identifier: Identifier, values: Iterable[str | None]) -> list[str | None]:
    """The forms of those that take the short cut, None for the others."""
    return _answers(_query(identifier, 1, True, "u_x"), list(values))


def _answers(query: str, texts: list[str | None]) -> list[str | None]:
    numbers = list(range(len(texts)))
    connection = _connection()
    connection.execute(
        "create or replace temp table given as select unnest($n) as n, unnest($texts::varchar[]) as value",
        {"n": numbers, "texts": texts},
    )
    found = dict(connection.execute(query).fetchall())
    return [found[n] for n in numbers]


def normal_form(identifier: Identifier, value: str | None) -> str | None:
    return normal_forms(identifier, [value])[0]
