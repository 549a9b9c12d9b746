"""A small database file with everything that IDR knows in it, the operations on it, and what readers see of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from idr import overrides
from idr.cli.session import put
from idr.config import inspect
from idr.model import Config, Identifier, Rule, Settings, Source, Survivorship
from idr.run import approve, cleanup, forget, run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.resolution.shop import UNLIMITED

NOW = datetime(2024, 6, 1)  # noqa: DTZ001 - the tables hold timestamps without a zone
THEN = NOW + timedelta(hours=1)
FORGOTTEN = "web:3"
WEB = Source(
    "web",
    "shop.web",
    "id",
    watermark="upd",
    deleted_when="gone",
    detect_deletes=True,
    identifiers={"email": "email", "phone": "phone"},
    attributes={"name": "name", "email": "email"},
)
TILL = replace(WEB, source_id="till", table="shop.till", watermark=None, trust=2)
CONFIG = Config(
    sources={"web": WEB, "till": TILL},
    identifiers={
        "email": Identifier("email", "email"),
        "phone": Identifier("phone", "digits", max_per_identity=2, on_conflict="cut"),
    },
    rules={"email": Rule("email", ("email",), 1, 4), "phone": Rule("phone", ("phone",), 2)},
    survivorship={"name": Survivorship("name", "most_recent")},
    guardrails=UNLIMITED,
    settings=Settings(plan_ttl_minutes=10_000),
)
STRICT = replace(CONFIG, guardrails=replace(CONFIG.guardrails, max_moved_ratio=0.0))
WIDER = replace(
    CONFIG,
    sources={
        "web": replace(WEB, attributes={"name": "name", "phone": "phone"}),
        "till": replace(TILL, attributes={"name": "name", "phone": "phone"}),
    },
    rules={**CONFIG.rules, "both": Rule("both", ("email", "phone"), 0)},
)

State = dict[str, list[tuple[Any, ...]]]
Operation = Callable[[DuckDBWarehouse, datetime], Any]

_UNLIKE = ("run_id", "override_id", "salt", "key_hash", "config_json")  # made of random numbers, or order of keys
_PRIVATE = ("idr_meta.run_lock", "idr_meta.erasure_salt", "idr_meta.layout")
_AUDIT = (
    "idr_out.run_history", "idr_out.stage_metrics", "idr_out.metrics_export", "idr_out.plan",
    "idr_out.dry_run_results", "idr_out.dry_run_summary",
)  # fmt: skip


def opened(file: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(file), config={"threads": 1, "default_block_size": "16384"})


def published(connection: Any) -> State:
    """Every table that readers, or the next run, rely on: its rows by column name, without what is random.

    A column without any value is left out: a run adds columns before it publishes.
    """
    names = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema in ('idr_out', 'idr_meta') order by 1"
    ).fetchall()
    found: State = {}
    for (name,) in names:
        if name in _AUDIT or name in _PRIVATE:
            continue
        result = connection.execute(f"select * from {name}")
        columns = [item[0] for item in result.description]
        rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
        if name == "idr_meta.base_state":
            rows = [row for row in rows if row["base_version"] != 0]
        for row in rows:
            if row.get("rule_id") == "_link":  # the key is made of the id of the override
                row["match_key"] = None
        kept = [
            column for column in columns
            if not column.endswith(_UNLIKE) and any(row[column] is not None for row in rows)
        ]  # fmt: skip
        if rows:
            found[name] = [tuple(kept), *sorted((tuple(row[column] for column in kept) for row in rows), key=repr)]
    return found


def leftovers(connection: Any) -> list[str]:
    """What an interrupted run must not leave for ever: RUNNING rows, a held lease, work tables that no plan needs."""
    query = connection.execute
    found = [f"RUNNING {row[0]}" for row in query("from idr_out.run_history where status = 'RUNNING'").fetchall()]
    found += [f"lease {row[0]}" for row in query("from idr_meta.run_lock where holder is not null").fetchall()]
    plans = [row[0] for row in query("select run_id from idr_out.plan where status in ('READY', 'HELD')").fetchall()]
    tables = query("select lower(table_name) from duckdb_tables() where lower(schema_name) = 'idr_work'").fetchall()
    return found + [f"table {name}" for (name,) in tables if not any(name.endswith(f"_{plan}") for plan in plans)]


def disagreements(connection: Any) -> list[str]:
    """What readers could catch the published tables at: the log, the sizes, the profiles and the versions agree."""
    query = connection.execute
    member = dict(query("select entity_key, resolved_id from idr_out.identity_resolved_membership_current").fetchall())
    replayed: dict[str, str] = {}
    for event, entity, resolved in query(
        "select event_type, entity_key, resolved_id from idr_out.identity_event"
        " where event_type in ('LEFT', 'JOINED') order by version, event_type desc"
    ).fetchall():
        if event == "LEFT":
            replayed.pop(entity, None)
        else:
            replayed[entity] = resolved
    sizes = dict(query("select resolved_id, cluster_size from idr_out.identity_clusters_current").fetchall())
    counted = Counter(member.values())
    profiles = {row[0] for row in query("select resolved_id from idr_out.golden_profile_current").fetchall()}
    records = {row[0] for row in query("select entity_key from idr_out.entity_current").fetchall()}
    versions = query(
        "select version, count(*), count(*) filter (where status not like 'SUCCESS%') from idr_out.run_history"
        " where version is not null group by 1 order by 1"
    ).fetchall()
    base = int(query("select base_version from idr_meta.base_state").fetchone()[0])
    checks = {
        "the event log tells other members": replayed == member,
        "cluster sizes differ from members": sizes == counted,
        "profiles differ from clusters": profiles == set(sizes),
        "records differ from members": records == set(member),
        "versions are not 1, 2, 3, ..": [row[0] for row in versions] == list(range(1, base + 1)),
        "two runs published one version": all(row[1] == 1 for row in versions),
        "a run that published is not told as a success": not any(row[2] for row in versions),
        "a preview is half there": not query(
            "select run_id from (from idr_out.dry_run_results union all by name from idr_out.dry_run_summary)"
            " where run_id not in (select run_id from idr_out.plan)"
        ).fetchall(),
    }
    return [name for name, holds in checks.items() if not holds]


def _rows(connection: duckdb.DuckDBPyConnection, table: str, *rows: tuple) -> None:
    connection.executemany(f"insert into shop.{table} values (?, ?, ?, ?, ?, ?)", rows)


def _sources(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema shop")
    for table in ("web", "till"):
        connection.execute(
            f"create table shop.{table}"
            " (id bigint, email varchar, phone varchar, name varchar, upd timestamp, gone boolean)"
        )
    _rows(
        connection, "web",
        (1, "a@x.org", None, "Ann", NOW, False), (2, "a@x.org", "111", "Anne", NOW, False),
        (3, "b@x.org", "111", "Bea", NOW, False), (4, "c@x.org", "222", "Cem", NOW, False),
        (5, "d@x.org", "333", "Dan", NOW, False), (6, "d@x.org", "444", "Dana", NOW, False),
        *((10 + i, "info@x.org", None, f"P{i}", NOW, False) for i in range(6)),
    )  # fmt: skip
    _rows(
        connection, "till",
        (1, "d@x.org", "555", "Dan T", NOW, False), (2, "c@x.org", None, "Cem T", NOW, False),
        (3, None, "666", "Eve", NOW, False), (4, None, "777", "Fay", NOW, False),
    )  # fmt: skip


def _changes(connection: duckdb.DuckDBPyConnection) -> None:
    """A merge, a split, a new record, one that is gone, one that is deleted softly."""
    later = NOW + timedelta(minutes=30)
    connection.execute("update shop.web set email = 'c@x.org', upd = ? where id = 1", [later])
    connection.execute("update shop.web set phone = '222', upd = ? where id = 3", [later])
    connection.execute("update shop.web set gone = true, upd = ? where id = 6", [later])
    connection.execute("delete from shop.till where id = 4")
    _rows(connection, "web", (7, "b@x.org", None, "Gus", later, False), (10, "info@y.org", None, "Q", later, False))


def _publish(wh: DuckDBWarehouse) -> None:
    first = run(wh, "FULL", clock=lambda: NOW)
    assert first["status"].startswith("SUCCESS"), first
    overrides.add(wh, overrides.LINK, "till:3", "till:4", "one household", "ann", NOW)
    overrides.add(wh, overrides.UNLINK, "web:4", "till:2", "two people", "ann", NOW)
    second = run(wh, "INCR", clock=lambda: NOW + timedelta(minutes=1))
    assert second["status"].startswith("SUCCESS"), second


def prepare(file: Path, *, config: Config | None = CONFIG, is_published: bool = True, changed: bool = True) -> None:
    """A database at `file`: the sources, and IDR configured and published as asked for."""
    with closing(opened(file)) as connection:
        _sources(connection)
        wh = DuckDBWarehouse(connection)
        if config is not None:
            put(wh, CONFIG)
            if is_published:
                _publish(wh)
            if changed:
                _changes(connection)
            put(wh, config)


def _run(mode: str, *, dry_run: bool = False) -> Operation:
    return lambda wh, now: run(wh, mode, dry_run=dry_run, clock=lambda: now)


def _override(kind: str, a: str, b: str) -> Operation:
    return lambda wh, now: overrides.add(wh, kind, a, b, "they said so", "ann", now)


def _configure(wh: DuckDBWarehouse, now: datetime) -> None:
    inspect.demand(wh, WIDER)
    put(wh, WIDER)


def _set_up(wh: DuckDBWarehouse, now: datetime) -> None:
    put(wh, CONFIG)


def _approve(wh: DuckDBWarehouse, now: datetime) -> dict:
    held = wh.query("select run_id from idr_out.run_history where status = 'HELD'")[0]["run_id"]
    return approve(wh, held, clock=lambda: now)


def _revoke(wh: DuckDBWarehouse, now: datetime) -> Any:
    return overrides.revoke(wh, overrides.active(wh)[0]["override_id"], "ann", now)


@dataclass(frozen=True)
class Case:
    """An operation, and the database that it starts from; `also` prepares what only it needs."""

    name: str
    operation: Operation
    config: Config | None = CONFIG
    is_published: bool = True
    changed: bool = True
    also: Operation | None = None
    at: datetime = THEN

    def make(self, file: Path) -> Path:
        prepare(file, config=self.config, is_published=self.is_published, changed=self.changed)
        if self.also:
            with closing(opened(file)) as connection:
                self.also(DuckDBWarehouse(connection), NOW + timedelta(minutes=40))
        return file


CASES = {
    case.name: case
    for case in (
        Case("set up", _set_up, config=None),
        Case("first FULL", _run("FULL"), is_published=False, changed=False),
        Case("FULL", _run("FULL")),
        Case("INCR", _run("INCR")),
        Case("INCR after a configuration", _run("INCR"), config=WIDER),
        Case("dry run", _run("INCR", dry_run=True)),
        Case("publish a plan", _run("INCR"), also=_run("INCR", dry_run=True)),
        Case("approve", _approve, config=STRICT, also=_run("INCR")),
        Case("link", _override(overrides.LINK, "web:2", "web:5")),
        Case("unlink", _override(overrides.UNLINK, "web:1", "web:5")),
        Case("revoke", _revoke),
        Case("forget", lambda wh, now: forget(wh, FORGOTTEN, clock=lambda: now), also=_run("INCR", dry_run=True)),
        Case("configure", _configure),
        Case(
            "cleanup",
            lambda wh, now: cleanup(wh, clock=lambda: now),
            also=_run("INCR", dry_run=True),
            at=NOW + timedelta(days=400),
        ),
    )
}


def perform(case: Case, file: Path, wrap: Callable[[Any], Any] = lambda connection: connection) -> Any:
    """The operation on the database at `file`, to its end; `wrap` stands between the product and the connection."""
    with closing(opened(file)) as connection:
        return case.operation(DuckDBWarehouse(wrap(connection)), case.at)


def look(file: Path) -> State:
    with closing(opened(file)) as connection:
        return published(connection)


def copy(file: Path, target: Path) -> Path:
    """A copy of a database, with its log when it has one."""
    wal = Path(f"{target}.wal")
    wal.unlink(missing_ok=True)
    shutil.copyfile(file, target)
    if Path(f"{file}.wal").exists():
        shutil.copyfile(f"{file}.wal", wal)
    return target
