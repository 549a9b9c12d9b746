"""The corpus of hostile texts, and a database with traps: a table, a file and a function that nothing may touch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import yaml

from idr import schema
from idr.config import store, yaml_file
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse

SECRET = "kept in a file that no configuration may read"
ROWS = [(1, "secret of the table"), (2, "another one")]
CONFIG = """
sources:
  crm:
    table: crm.people
    key: id
    watermark: updated_at
    lookback_minutes: 5
    cap_watermark: false
    deleted_when: gone
    deletes: detect
    trust: 1
    identifiers: {email: email, phone: phone, name: lower(name)}
    attributes: {email: email, name: name}
identifiers:
  email: {normalize: email, gmail: true, exclude: ["nobody@x.org", {like: "%@test.org"}, {regex: "^root@"}]}
  phone: {normalize: phone, region: US, placeholders: ["0000000000"], max_per_identity: 3, on_conflict: hold}
  name: {normalize: name, unique: false}
rules:
  - {id: email, match: [email], priority: 1, max_group_size: 20}
  - {id: phone_name, match: [phone, name]}
survivorship:
  email: {strategy: most_recent}
  name: {strategy: source_priority, sources: [crm]}
guardrails: {max_moved_ratio: 0.9, max_cluster_size: 50}
settings: {lease_minutes: 30, plan_ttl_minutes: 60, retention_days: 30}
"""
_FILE = Path(__file__).with_name("injections.yml")


def corpus() -> list[str]:
    """Every hostile text, with CANARY, FILE and SECRET still to be filled in."""
    kinds = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return [text for texts in kinds.values() for text in texts]


class Trap:
    """IDR on an in-memory database, published once; `sprung` tells what a hostile text got done."""

    def __init__(self, folder: Path, database: str = ":memory:") -> None:
        self.file, self.secret = folder / "stolen", folder / "secret.csv"
        self.secret.write_text(f"a\n{SECRET}\n", encoding="utf-8")
        self.calls = 0
        self.connection = duckdb.connect(database, config={"threads": 1})
        self.connection.create_function("trip", self._trip, [], "BIGINT", side_effects=True)  # type: ignore[arg-type]
        self.connection.execute("create schema crm")
        self.connection.execute("create table crm.canary (id bigint, secret varchar)")
        self.connection.executemany("insert into crm.canary values (?, ?)", ROWS)
        self.connection.execute(
            "create table crm.people (id bigint, email varchar, phone varchar, name varchar, updated_at timestamp,"
            " gone boolean, tags varchar[], packed json)"
        )
        self.connection.execute(
            "insert into crm.people select i, 'p' || (i // 2) || '@x.org', '202555' || lpad((i // 3)::varchar, 4, '0'),"
            " 'Name ' || i, timestamp '2024-01-01' + interval (i) minute, false, ['a'], '{\"a\": 1}'"
            " from range(12) as r(i)"
        )
        self.wh = DuckDBWarehouse(self.connection)
        schema.install(self.wh)
        store.apply(self.wh, yaml_file.load_text(CONFIG))
        assert run(self.wh, "FULL")["status"] == "SUCCESS"

    def reopened(self, database: Path) -> Trap:
        """The same traps on the file that others worked on meanwhile."""
        self.connection = duckdb.connect(str(database))
        return self

    def ids(self) -> dict[str, list[Any]]:
        """The published membership."""
        return {name: rows for name, rows in self.published().items() if "membership" in name}

    def _trip(self) -> int:
        self.calls += 1
        return 1

    def armed(self, text: str) -> str:
        filled = text.replace("CANARY", "crm.canary").replace("FILE", str(self.file))
        return filled.replace("SECRET", str(self.secret))

    def sprung(self, *, wrote: bool = True) -> list[str]:
        """What happened that must never happen; without `wrote` IDR's own tables are not looked through."""
        found = [f"trip() was called {self.calls} times"] if self.calls else []
        self.calls = 0
        try:
            rows = self.connection.execute("select id, secret from crm.canary order by id").fetchall()
        except duckdb.Error as error:
            rows = str(error)
        if rows != ROWS:
            found.append(f"the table has {rows}")
        if self.file.exists():
            found.append("the file was written")
            self.file.unlink()
        return found + [f"{table} shows a secret" for table in (self.tables() if wrote else ()) if self._shows(table)]

    def tables(self) -> list[str]:
        rows = self.connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema in ('idr_out', 'idr_meta', 'idr_work')"
        ).fetchall()
        return [row[0] for row in rows]

    def _shows(self, table: str) -> bool:
        test = " or ".join("contains(t::varchar, ?)" for _ in range(1 + len(ROWS)))
        secrets = [SECRET, *(secret for _, secret in ROWS)]
        return bool(self.connection.execute(f"select 1 from {table} as t where {test} limit 1", secrets).fetchall())

    def published(self) -> dict[str, list[Any]]:
        """The published tables, by name."""
        names = [name for name in self.tables() if name.endswith("_current")]
        return {name: self.connection.execute(f"from {name} order by all").fetchall() for name in names}

    def close(self) -> None:
        self.connection.close()
