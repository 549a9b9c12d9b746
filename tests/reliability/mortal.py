"""A local Snowflake that dies when it is told to, and a client that goes without a word."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from select import select
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

from emulator.datadir import DataDirectory
from tests.emulator.conftest import ROOT, Local, environment
from tests.reliability.mortal_server import FATE, STATEMENTS

PATIENCE = 600.0  # seconds: the machine may have other work
_IN_PROGRESS = "333333"


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


def _leave(connection: Any) -> None:
    """Close its sockets; it would say good-bye as well when it is closed or collected."""
    rest, connection._rest = connection._rest, None
    if rest is not None:
        rest.close()
