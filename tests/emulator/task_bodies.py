"""The task bodies of the scheduled graph, and DuckDB as the engine that scripting blocks run on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from emulator.errors import SqlError
from emulator.result import Column, Result

DRY_RUN = """declare r variant; begin
  call core.idr_run('INCR', 30, true) into :r;
  let verdict varchar := r:gate::varchar;
  call system$set_return_value(:verdict);
end;"""
LIVE_RUN = "call core.idr_run('INCR', 30, false);"

_TYPES = {"VARCHAR": "text", "BOOLEAN": "boolean", "DOUBLE": "real", "JSON": "variant"}


def _duckdb_sql(sql: str) -> str:
    tree = sqlglot.parse_one(sql, read="snowflake")
    for cast in list(tree.find_all(exp.Cast)):
        path = cast.this
        if isinstance(path, exp.JSONExtract) and cast.to.is_type(exp.DType.VARCHAR, exp.DType.TEXT):
            cast.set("this", exp.JSONExtractScalar(this=path.this, expression=path.expression))
    return tree.sql("duckdb")


class Engine:
    """DuckDB with Snowflake's answers to DML, and Python functions as procedures."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.procedures: dict[str, Callable[..., Any]] = {}
        self.log: list[tuple[str, list[Any]]] = []

    def __call__(self, sql: str, binds: list[Any]) -> Result:
        self.log.append((sql, binds))
        if sql.lower().startswith("call "):
            return self._call(sql, binds)
        try:
            cursor = self.connection.execute(_duckdb_sql(sql), binds)
        except duckdb.Error as error:
            raise SqlError(f"SQL compilation error:\n{error}", "002003", "42S02") from None
        rows = cursor.fetchall()
        columns = [Column(c[0].upper(), _TYPES.get(str(c[1]), "fixed")) for c in cursor.description]
        if rows and [c.name for c in columns] == ["COUNT"]:
            columns = [Column("number of rows inserted", "fixed")]
        return Result(columns, rows)

    def _call(self, sql: str, binds: list[Any]) -> Result:
        name, _, arguments = sql[5:].partition("(")
        listed = arguments.rstrip().removesuffix(")")
        values = self.connection.execute(f"select {listed}", binds).fetchone() if listed else None
        answer = self.procedures[name.strip()](*(values or ()))
        if isinstance(answer, dict):
            return Result([Column(name.upper(), "variant")], [(json.dumps(answer),)])
        return Result([Column(name.upper(), "text")], [(answer,)])
