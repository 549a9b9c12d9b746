"""The local Snowflake: its server, its workers and its clients die during a CALL; readers see before or after."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.app.scheduled import bundle
from tests.emulator.conftest import Local
from tests.reliability.tally import LONG, count

pytestmark = [
    pytest.mark.snowflake,
    pytest.mark.timeout(0),
    pytest.mark.skipif(not LONG, reason="left to ./scripts/test --long"),
]
TIMES = 8
PEOPLE = 12
YAML = """
sources:
  crm: {table: shop.crm.people, key: id, watermark: updated_at, identifiers: {email: email}, attributes: {email: email}}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
guardrails: {max_moved_ratio: null, min_source_ratio: null}
settings: {lease_minutes: 5, plan_ttl_minutes: 1}
"""
Partition = set[frozenset[str]]


class Application:
    """The application `idr` over a table of people; each `change` moves one of them to another identity."""

    def __init__(self, folder: Path) -> None:
        self.local = Local(folder / "data")
        self.local.start()
        files = bundle(folder / "bundle")
        uploads = [
            f"put file://{file} @package.src.files/{file.relative_to(files).parent.as_posix().removeprefix('.')}"
            " auto_compress = false overwrite = true"
            for file in sorted(path for path in files.rglob("*") if path.is_file())
        ]
        self.local.query(
            "create application package package", "create schema package.src", "create stage package.src.files",
            *uploads,
            "create database shop", "create schema shop.crm",
            "create table shop.crm.people (id integer, email varchar, updated_at timestamp_ntz)",
            "create application idr from application package package using @package.src.files",
            "grant usage on database shop to application idr", "grant usage on schema shop.crm to application idr",
            "grant select on table shop.crm.people to application idr",
        )  # fmt: skip
        self.clock = datetime(2024, 1, 1)  # noqa: DTZ001 - the table holds timestamps without a zone
        self.rng = random.Random(7)
        self.emails: dict[int, str] = {}
        for person in range(PEOPLE):
            self.change(person)
        assert self.call(f"idr_configure($${YAML}$$)")["applied"]
        assert self.call("idr_run('FULL')")["status"] == "SUCCESS"

    def change(self, person: int) -> None:
        self.clock += timedelta(minutes=1)
        self.emails[person] = f"e{self.rng.randrange(PEOPLE // 2)}@x.org"
        self.local.query(
            f"delete from shop.crm.people where id = {person}",
            f"insert into shop.crm.people values ({person}, '{self.emails[person]}', '{self.clock}')",
        )

    def expected(self) -> Partition:
        """Who is one, by the addresses alone."""
        groups: dict[str, set[str]] = {}
        for person, email in self.emails.items():
            groups.setdefault(email, set()).add(f"crm:{person}")
        return {frozenset(group) for group in groups.values()}

    def call(self, text: str) -> dict[str, Any]:
        return json.loads(self.local.query(f"call idr.core.{text}")[0][0])

    def published(self) -> Partition:
        groups: dict[str, set[str]] = {}
        rows = self.local.query("select entity_key, resolved_id from idr.idr_out.identity_resolved_membership_current")
        assert len(rows) == len(dict(rows)), "a record has two membership rows"
        for entity, resolved in rows:
            groups.setdefault(resolved, set()).add(entity)
        return {frozenset(group) for group in groups.values()}

    def disagreements(self) -> list[str]:
        """Where the published tables contradict each other."""
        query = self.local.query
        sizes = dict(query("select resolved_id, cluster_size from idr.idr_out.identity_clusters_current"))
        profiles = {row[0] for row in query("select resolved_id from idr.idr_out.golden_profile_current")}
        told = query(
            "select resolved_id, count(*) from idr.idr_out.identity_resolved_membership_current group by resolved_id"
        )
        lies = query(
            "select run_id from idr.idr_out.run_history where version is not null and status not like 'SUCCESS%'"
        )
        found = [] if sizes == dict(told) else ["cluster sizes differ from members"]
        found += [] if profiles == set(sizes) else ["profiles differ from clusters"]
        return found + [f"run {run} published and is not told as a success" for (run,) in lies]

    def cut_off(self) -> int:
        """How many runs ended without a word."""
        [(number,)] = self.local.query("select count(*) from idr.idr_out.run_history where error_code = 'IDR-504'")
        return number

    def leftovers(self) -> list[str]:
        """What is left of a run that died, after the next one; read from the files of a server that stands still."""
        self.local.stop()
        with closing(self._files()) as connection:
            execute = connection.execute
            found = [
                f"RUNNING {row[0]}" for row in execute("from idr_out.run_history where status = 'RUNNING'").fetchall()
            ]
            found += [
                f"lease {row[0]}" for row in execute("from idr_meta.run_lock where holder is not null").fetchall()
            ]
            tables = execute("select table_name from duckdb_tables() where lower(schema_name) = 'idr_work'").fetchall()
        self.local.start()
        return found + [f"table {name}" for (name,) in tables]

    def _files(self) -> duckdb.DuckDBPyConnection:
        [file] = [path for path in (self.local.data / "databases").glob("*.db") if path.stem.upper() == "IDR"]
        return duckdb.connect(str(file))

    def lease_passes(self) -> None:
        """Time goes by, until the lease that a dead run holds has expired."""
        self.local.stop()
        with closing(self._files()) as connection:
            connection.execute("update idr_meta.run_lock set expires_at = '2000-01-01' where holder is not null")
        self.local.start()

    def started(self) -> tuple[threading.Thread, Any]:
        """A CALL of a run in a session of its own that may never be answered."""
        connection = self.local.connect()

        def run() -> None:
            with suppress(Exception):
                connection.cursor().execute("call idr.core.idr_run('INCR')")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread, connection

    def server(self) -> int:
        return json.loads((self.local.data / "server.json").read_text())["pid"]

    def worker(self) -> int | None:
        """The process that works on a CALL now: the youngest descendant of the server that is no fork server."""
        tree: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError, IndexError):
                    tree[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        grandchildren = [pid for pid, parent in tree.items() if tree.get(parent) == self.server()]
        return max(grandchildren, default=None)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    made = Application(tmp_path_factory.mktemp("crash"))
    yield made
    with suppress(AssertionError):
        made.local.stop()


def _server_dies(application: Application, _: Any) -> None:
    os.kill(application.server(), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while application.local.command("status", "--data", str(application.local.data)).returncode == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    application.local.start()


def _worker_dies(application: Application, _: Any) -> None:
    worker = application.worker()
    if worker is not None:
        os.kill(worker, signal.SIGKILL)


def _client_goes(_: Application, connection: Any) -> None:
    connection._rest = None  # it neither asks for the answer nor says good-bye


@pytest.mark.parametrize("death", [_server_dies, _worker_dies, _client_goes], ids=["server", "worker", "client"])
def test_somebody_dies_during_a_run(application: Application, death: Callable[[Application, Any], None]) -> None:
    rng = random.Random(death.__name__)
    figures = {"points": 0, "cut off": 0, "torn": 0, "stuck": 0, "unlike": 0}
    wrong: list[str] = []
    before = application.cut_off()
    started = time.monotonic()
    application.change(0)
    application.call("idr_run('INCR')")
    usual = time.monotonic() - started
    for _ in range(TIMES):
        application.change(rng.randrange(PEOPLE))
        states = [application.published(), application.expected()]
        thread, connection = application.started()
        moment = rng.uniform(0.05, 1.0) * usual
        time.sleep(moment)
        death(application, connection)
        thread.join(60)
        figures["points"] += 1
        seen = application.published()
        torn = application.disagreements() + ([] if seen in states else ["readers see neither before nor after"])
        if death is not _client_goes:
            application.lease_passes()
        result = application.call("idr_run('INCR')")
        unlike = [] if result["status"].startswith("SUCCESS") else [f"the next run said {result}"]
        unlike += [] if application.published() == states[1] else ["the next run ends in another state"]
        stuck = application.leftovers()
        for kind, found in (("torn", torn), ("stuck", stuck), ("unlike", unlike)):
            figures[kind] += len(found)
            wrong += [f"after {moment:.2f} s: {what}" for what in found]
    figures["cut off"] = application.cut_off() - before
    count("crash in the local Snowflake", death.__name__.strip("_").replace("_", " "), **figures)
    assert wrong == []
