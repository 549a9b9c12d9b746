"""A Snowpark session on fakesnow, over the wire."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from typing import Any

import fakesnow
import fakesnow.arrow
import fakesnow.transforms
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import snowflake.connector
from snowflake.snowpark import Session
from sqlglot import exp

from idr.warehouse.translate import for_duckdb


def _masked(column: Any) -> Any:
    """A timestamp column as Snowflake sends it; fakesnow 0.12.1 leaves the mask out and NULL becomes 1970-01-01."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    made = _unmasked(column)
    if not column.null_count:
        return made
    parts = [pc.fill_null(made.field(i), 0) for i in range(made.type.num_fields)]
    return pa.StructArray.from_arrays(parts, fields=list(made.type), mask=pc.is_null(column))


_unmasked = fakesnow.arrow.timestamp_to_sf_struct


def _wide(expression: exp.Expr) -> exp.Expr:
    """NUMBER(38, 0) as it is; fakesnow 0.12.1 makes it a 64-bit integer, too small for a match key.

    Halves of an MD5 number as DuckDB has them; sqlglot leaves them as they are.
    """
    if isinstance(expression, exp.MD5NumberUpper64 | exp.MD5NumberLower64):
        return for_duckdb(expression)
    is_wide = isinstance(expression, exp.DataType) and expression.this == exp.DataType.Type.DECIMAL
    return expression if is_wide and expression.expressions else _narrow(expression)


_narrow = fakesnow.transforms.integer_precision


def _untouched(expression: exp.Expr) -> exp.Expr:
    """REGEXP_SUBSTR as sqlglot translates it; fakesnow 0.12.1 rewrites a nested one twice, into the second match."""
    return expression


@pytest.fixture(scope="session")
def server() -> Iterator[dict]:
    """fakesnow with what its version 0.12.1 lacks: NULL timestamps, and functions that sqlglot does not translate."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fakesnow.arrow, "timestamp_to_sf_struct", _masked)
        patch.setattr(fakesnow.transforms, "integer_precision", _wide)
        patch.setattr(fakesnow.transforms, "regex_substr", _untouched)
        with fakesnow.server() as options:
            yield options


@pytest.fixture
def session(server: dict) -> Iterator[Session]:
    name = f"db_{uuid.uuid4().hex}"
    connection = snowflake.connector.connect(**server, database=name, schema="public", paramstyle="qmark")
    opened = Session.builder.configs({"connection": connection}).create()
    for statement in (f"create database if not exists {name}", f"use database {name}"):
        opened.sql(statement).collect()
    yield opened
    connection.close()  # the session's own close() cancels running queries first, which fakesnow does not know
