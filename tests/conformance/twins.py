"""The same data, configuration and runs twice: on the DuckDB adapter and through CALL in the local Snowflake."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
from snowflake.connector.cursor import SnowflakeCursor

from idr import schema
from idr.config import inspect, store, yaml_file
from idr.run import approve, run
from idr.warehouse.duckdb import DuckDBWarehouse

Row = dict[str, Any]
SPEED = ("ended_at", "raised_at", "duration_seconds", "seconds")  # what depends on the machine
BY_KEY_ORDER = ("live groups", "components")  # stages whose number of rows depends on which of two keys is smaller
UNLIKE = ("idr_meta.run_lock", "idr_meta.erasure_salt")  # a process, and a random number that nobody may read


class Side:
    """What one engine published, told alike: runs go by their order, match keys by the records that share them."""

    def __init__(self, query: Callable[[str], list[Row]]) -> None:
        self.query = query

    def tables(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Per table every row as text, in order."""
        entities = {
            row["entity_id"]: row["entity_key"]
            for row in self.query("select entity_id, entity_key from idr_out.entity_current")
        }
        keys, run_ids = self._keys(entities), self.run_ids()
        found: dict[str, list[str]] = {}
        for name in names:
            rows = [
                row for row in self.query(f"select * from {name}") if row.get("metric_name") != "idr_duration_seconds"
            ]
            for row in rows:
                if "entity_id" in row:
                    row["entity_id"] = entities[row["entity_id"]]
                if row.get("stage") in BY_KEY_ORDER:
                    del row["rows_written"]
                if "match_key" in row:
                    row["match_key"] = keys.get(row["match_key"], "no longer in use")
            found[name] = sorted(repr(sorted(_told(row, run_ids).items())) for row in rows)
        return found

    def _keys(self, entities: dict[int, str]) -> dict[int, str]:
        members: dict[int, list[str]] = {}
        for row in self.query("select match_key, rule_id, entity_id from idr_out.match_key_current"):
            members.setdefault(row["match_key"], []).append(f"{row['rule_id']} {entities[row['entity_id']]}")
        return {key: ", ".join(sorted(names)) for key, names in members.items()}

    def run_ids(self) -> list[str]:
        rows = self.query("select run_id from idr_out.run_history order by started_at")
        return [row["run_id"] for row in rows]

    def told(self, answer: Row) -> Row:
        return _told(answer, self.run_ids())


class Twins:
    """The application `idr` beside the embedded engine; the consumer's tables are in the schema `data.crm` of both.

    Each run is followed by a comparison of every table, row by row.
    """

    def __init__(self, cursor: SnowflakeCursor) -> None:
        self.cursor = cursor
        for statement in (
            "create database data",
            "create schema data.crm",
            "create application idr from application package package using @package.src.files",
            "grant usage on database data to application idr",
            "grant usage on schema data.crm to application idr",
        ):
            cursor.execute(statement)
        connection = duckdb.connect(":memory:")
        connection.execute("attach ':memory:' as data")
        self.wh = DuckDBWarehouse(connection)
        self.wh.execute("create schema data.crm")
        schema.install(self.wh)
        self.snowflake, self.duckdb = Side(self._query), Side(self.wh.query)

    def close(self) -> None:
        self.cursor.execute("drop application idr cascade")
        self.cursor.execute("drop database data")
        self.wh.close()

    def _query(self, text: str) -> list[Row]:
        self.cursor.execute(text.replace(" idr_", " idr.idr_"))
        names = [column.name.lower() for column in self.cursor.description or []]
        return [dict(zip(names, map(_whole, row), strict=True)) for row in self.cursor.fetchall()]

    def _call(self, text: str, *binds: Any) -> Row:
        self.cursor.execute(f"call idr.core.{text}", binds or None)
        return json.loads(self.cursor.fetchall()[0][0])

    def do(self, *statements: str) -> None:
        for statement in statements:
            self.cursor.execute(statement)
            self.wh.execute(statement)

    def table(self, name: str, columns: str, *rows: Sequence[Any]) -> None:
        """A new table of the consumer, granted to the application."""
        self.do(f"create table data.crm.{name} ({columns})")
        self.cursor.execute(f"grant select on table data.crm.{name} to application idr")
        self.insert(name, *rows)

    def insert(self, name: str, *rows: Sequence[Any]) -> None:
        for row in rows:
            binds = {f"v{number}": value for number, value in enumerate(row)}
            self.wh.execute(f"insert into data.crm.{name} values ({', '.join(f':{bind}' for bind in binds)})", binds)
        if rows:
            self.cursor.executemany(f"insert into data.crm.{name} values ({', '.join(['%s'] * len(rows[0]))})", rows)

    def configure(self, yaml: str) -> None:
        answer = self._call("idr_configure(%s)", yaml)
        assert answer.get("applied"), answer
        config = yaml_file.load_text(yaml)
        problems = [str(problem) for problem in inspect.check(self.wh, config)]
        assert problems == []
        store.apply(self.wh, config)

    def run(self, mode: str, *, dry_run: bool = False, status: str = "SUCCESS") -> Row:
        answer = self._call("idr_run(%s, 30, %s)", mode, dry_run)
        return self._same(answer, run(self.wh, mode, dry_run=dry_run, clock=self._clock), status)

    def approve(self, number: int) -> Row:
        """Publish what the run of that number, counted from 0, held."""
        here, there = self.duckdb.run_ids()[number], self.snowflake.run_ids()[number]
        answer = self._call("idr_approve(%s)", there)
        return self._same(answer, approve(self.wh, here, clock=self._clock), "SUCCESS")

    def _clock(self) -> datetime:
        """The time of the run in Snowflake, which has no clock to set."""
        return self._query("select max(started_at) as t from idr_out.run_history")[0]["t"]

    def _same(self, answer: Row, expected: Row, status: str) -> Row:
        assert expected["status"] == status, expected
        told = self.duckdb.told(expected)
        assert self.snowflake.told(answer) == told, (answer, expected)
        names = self._tables()
        here, there = self.duckdb.tables(names), self.snowflake.tables(names)
        unlike = {name: (here[name], there[name]) for name in names if here[name] != there[name]}
        assert not unlike, json.dumps(unlike, indent=1)
        return told

    def _tables(self) -> list[str]:
        """Every table and view of IDR that a reader may see."""
        rows = self.wh.query(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " where table_schema in ('idr_meta', 'idr_out') and table_catalog = 'memory' order by 1"
        )
        return [row["name"] for row in rows if row["name"] not in UNLIKE]

    def clusters(self) -> list[list[str]]:
        """The published identities, as lists of entity keys."""
        found: dict[str, list[str]] = {}
        query = "select entity_key, resolved_id from idr_out.identity_resolved_membership_current order by entity_key"
        for row in self.wh.query(query):
            found.setdefault(row["resolved_id"], []).append(row["entity_key"])
        return sorted(found.values())

    def count(self, table: str) -> int:
        return len(self.wh.query(f"select * from idr_out.{table}"))


def _told(value: Any, run_ids: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _told(item, run_ids) for key, item in value.items() if key not in SPEED}
    if isinstance(value, list):
        return [_told(item, run_ids) for item in value]
    if isinstance(value, str):
        for number, run_id in enumerate(run_ids):
            value = value.replace(run_id, f"run {number}")
    return value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value.as_tuple().exponent == 0 else value
