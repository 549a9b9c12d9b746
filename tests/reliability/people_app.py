"""The application over a table of people in a local Snowflake, which tests kill, race and look into."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from select import select
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import duckdb

from emulator.datadir import DataDirectory
from tests.app.scheduled import bundle
from tests.emulator.conftest import ROOT, Local, environment
from tests.reliability.mortal_server import FATE, STATEMENTS

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
_IN_PROGRESS = "333333"
PATIENCE = 600.0  # seconds: the machine may have other work
Identities = set[tuple[str, frozenset[str]]]  # the address in the golden profile, and the members


class Mortal(Local):
    """A server that dies when it is told to, and starts again on the same data."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        data.mkdir()
        self._session: Any = None
        self._log = (data.parent / "server.log").open("w")
        self._nest = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.mortal_server", str(self.port), str(data)],
            stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, text=True, env=environment(), cwd=ROOT,
        )  # fmt: skip

    def query(self, *statements: str, **options: Any) -> list[tuple[Any, ...]]:
        """As of any server, but in one session until it starts again."""
        if options:
            return super().query(*statements, **options)
        self._session = self._session or self.connect()
        cursor = self._session.cursor()
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall()

    def start(self, *_: str) -> None:
        if self._session is not None:
            _leave(self._session)
            self._session = None
        assert self._nest.stdin
        self._nest.stdin.write("\n")
        self._nest.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _answers(self) -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/local/health", timeout=60) as reply:
            return reply.status == 200
        return False

    def has_ended(self) -> bool:
        return not DataDirectory(self.data).is_locked()

    def stop(self) -> None:
        super().stop()
        with self._log:
            self._nest.communicate()

    def pid(self) -> int:
        return json.loads((self.data / "server.json").read_text())["pid"]

    def worker(self) -> int | None:
        """The process that works on a CALL now, a child of a nursery, which is a child of the fork server."""
        tree: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError, IndexError):
                    state, parent, *_ = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                    if state != "Z":  # ended, and its nursery has not looked yet
                        tree[int(entry.name)] = int(parent)
        nurseries = [pid for pid, parent in tree.items() if tree.get(parent) == self.pid()]
        return max((pid for pid, parent in tree.items() if parent in nurseries), default=None)

    @contextmanager
    def fate(self, **fate: int) -> Iterator[None]:
        """What happens in the calls of the block: `server_dies`, `worker_dies` or `lease_passes` at a statement."""
        file = self.data / FATE
        file.write_text(json.dumps({name.replace("_", " "): number for name, number in fate.items()}))
        yield
        file.unlink()

    def statements(self) -> list[str]:
        """Those of the last call that came to their end."""
        return [json.loads(line) for line in (self.data / STATEMENTS).read_text("utf-8").splitlines()]

    def has_had(self, number: int) -> bool:
        """Whether statement `number` of a call came to its end, since the file was taken away."""
        return (self.data / STATEMENTS).exists() and (self.data / STATEMENTS).read_bytes().count(b"\n") > number

    def forget_statements(self) -> None:
        (self.data / STATEMENTS).unlink(missing_ok=True)


def _leave(connection: Any) -> None:
    """Close its sockets; it would say good-bye as well when it is closed or collected."""
    rest, connection._rest = connection._rest, None
    if rest is not None:
        rest.close()


class Application:
    """The application `idr` over a table of people; each `change` moves one of them to another identity."""

    def __init__(self, local: Local, folder: Path) -> None:
        self.local = local
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

    def change(self, person: int, email: str | None = None) -> None:
        """This address, or else another one than before, with a later watermark."""
        self.clock += timedelta(minutes=1)
        others = {f"e{number}@x.org" for number in range(PEOPLE // 2)} - {self.emails.get(person)}
        self.emails[person] = email or self.rng.choice(sorted(others))
        self.local.query(
            f"delete from shop.crm.people where id = {person}",
            "insert into shop.crm.people (id, email, updated_at)"
            f" values ({person}, '{self.emails[person]}', '{self.clock}')",
        )

    def expected(self) -> Identities:
        """Who is one, by the addresses alone."""
        groups: dict[str, set[str]] = {}
        for person, email in self.emails.items():
            groups.setdefault(email, set()).add(f"crm:{person}")
        return {(email, frozenset(group)) for email, group in groups.items()}

    def call(self, text: str) -> dict[str, Any]:
        return json.loads(self.local.query(f"call idr.core.{text}")[0][0])

    def published(self) -> Identities:
        """What one statement of a reader sees."""
        groups: dict[tuple[str, str], set[str]] = {}
        rows = self.local.query(
            "select entity_key, resolved_id, email from idr.idr_out.identity_resolved_membership_current"
            " left join idr.idr_out.golden_profile_current using (resolved_id)"
        )
        assert len(rows) == len({entity for entity, *_ in rows}), "a record has two membership rows"
        for entity, resolved, email in rows:
            groups.setdefault((resolved, email), set()).add(entity)
        return {(email, frozenset(group)) for (_, email), group in groups.items()}

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

    @contextmanager
    def tables(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All tables of the application, in a copy of its files; no statement must be running."""
        [file] = [path for path in (self.local.data / "databases").glob("*.db") if path.stem.upper() == "IDR"]
        with tempfile.TemporaryDirectory(dir=self.local.data) as folder:
            for part in (file, file.with_suffix(".db.wal")):
                if part.exists():
                    shutil.copy(part, folder)
            with closing(duckdb.connect(f"{folder}/{file.name}", config={"threads": 1})) as connection:
                yield connection


class MortalApplication(Application):
    """The same in a server that dies."""

    local: Mortal


class Caller:
    """A client that asks for a CALL and does not wait for the answer."""

    def __init__(self, local: Local, call: str) -> None:
        self._connection = local.connect()
        self._http = HTTPConnection("127.0.0.1", local.port)
        path = f"/queries/v1/query-request?requestId={uuid4()}"
        self._ask("POST", path, json.dumps({"sqlText": f"call idr.core.{call}"}))

    def _ask(self, method: str, path: str, body: str | None = None) -> None:
        assert self._connection.rest
        token = f'Snowflake Token="{self._connection.rest.token}"'
        self._http.request(method, path, body, {"Authorization": token, "Content-Type": "application/json"})

    def has_answer(self, within: float = PATIENCE) -> bool:
        """Whether there is an answer after so many seconds; the end of the connection is none."""
        if not select([self._http.sock], [], [], within)[0]:
            return False
        with suppress(ConnectionError, HTTPException):
            answer = json.load(self._http.getresponse())
            if answer["code"] != _IN_PROGRESS:
                return True
            self._ask("GET", answer["data"]["getResultUrl"])
            return self.has_answer(within)
        return False

    def close(self) -> None:
        """Go without a word, as a process that is killed does: the connection ends, the session does not."""
        self._http.close()
        _leave(self._connection)
