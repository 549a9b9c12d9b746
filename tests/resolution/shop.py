"""A small world for one promise at a time: one source table `shop.people`, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from idr import schema
from idr.config import store
from idr.model import Config, Guardrails, Identifier, Rule, Source
from idr.run import approve, run
from idr.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2024, 6, 1)  # noqa: DTZ001 - the tables hold timestamps without a zone
SHOP = Source(
    "shop",
    "shop.people",
    "id",
    watermark="upd",
    identifiers={"email": "email", "phone": "phone"},
    attributes={"name": "name"},
)
WATCHED = {"shop": replace(SHOP, detect_deletes=True)}
UNLIMITED = Guardrails(None, None, None, None, None, None, None, None)
Rows = list[tuple[Any, ...]]


class Shop:
    """IDR on an in-memory database. `wrap` stands between the product and the connection, to watch or to cut it."""

    def __init__(self, *, wrap: Callable[[Any], Any] = lambda connection: connection, **changes: object) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set threads = 1")
        self.wh = DuckDBWarehouse(wrap(self.connection))
        self.now = NOW
        schema.install(self.wh)
        self.connection.execute("create schema shop")
        self.connection.execute(
            "create table shop.people (id bigint, email varchar, phone varchar, name varchar, upd timestamp)"
        )
        settings = {
            "sources": {"shop": SHOP},
            "identifiers": {"email": Identifier("email", "email"), "phone": Identifier("phone", "digits")},
            "rules": {"email": Rule("email", ("email",), 1), "phone": Rule("phone", ("phone",), 2)},
            "survivorship": {},
        }
        self.apply(Config(**{**settings, **changes}))

    def apply(self, config: Config) -> None:
        self.config = config
        store.apply(self.wh, config)

    def add(self, *rows: tuple) -> None:
        self.connection.executemany("insert into shop.people values (?, ?, ?, ?, ?)", rows)

    def run(self, mode: str = "INCR", **options: object) -> dict:
        self.now += timedelta(minutes=1)
        return run(self.wh, mode, clock=lambda: self.now, **options)

    def approve(self, run_id: str) -> dict:
        return approve(self.wh, run_id, clock=lambda: self.now)

    def query(self, sql: str, *values: object) -> Rows:
        return self.connection.execute(sql, values).fetchall()

    def clusters(self) -> list[list[str]]:
        rows = self.query(
            "select list(entity_key order by entity_key) from idr_out.identity_resolved_membership_current"
            " group by resolved_id order by 1"
        )
        return [row[0] for row in rows]

    def ids(self) -> dict[str, str]:
        return dict(self.query("select entity_key, resolved_id from idr_out.identity_resolved_membership_current"))

    def sizes(self) -> dict[str, int]:
        return dict(self.query("select resolved_id, cluster_size from idr_out.identity_clusters_current"))

    def tables(self, *schemas: str) -> dict[str, Rows]:
        """Every base table of the schemas: its column names and its rows, in one order."""
        names = self.query(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' and list_contains(?, table_schema)",
            list(schemas),
        )
        found: dict[str, Rows] = {}
        for (name,) in names:
            result = self.connection.execute(f"select * from {name}")
            columns = tuple(item[0] for item in result.description)
            found[name] = [columns, *sorted(result.fetchall(), key=repr)]
        return found

    def snapshot(self) -> dict[str, Rows]:
        """What readers see."""
        return {name: rows for name, rows in self.tables("idr_out").items() if name.endswith("_current")}


def capped_shop(max_group_size: int) -> Shop:
    """E-mail, name and phone link, a rule each in this order, up to a cap; no guardrail holds."""
    columns = {"email": "email", "name": "name", "phone": "phone"}
    return Shop(
        guardrails=UNLIMITED,
        sources={"shop": replace(SHOP, identifiers=columns, attributes={})},
        identifiers={name: Identifier(name, "trim") for name in columns},
        rules={name: Rule(name, (name,), rank, max_group_size) for rank, name in enumerate(columns)},
    )
