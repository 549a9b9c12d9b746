"""Processes that run Python handlers: forked from one that has Snowpark loaded, so that a call costs milliseconds."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from emulator.errors import SqlError
from emulator.session import Session


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a Python handler, as the worker gets it."""

    procedure: str
    handler: str
    body: str | None
    imports: list[str]  # files: archives and modules
    arguments: list[Any]
    token: str
    address: tuple[str, int]
    cache: str  # a folder for byte code


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the handler returned: a value, or a query whose rows are the result; or how it failed."""

    value: Any = None
    query: str | None = None
    traceback: str | None = None
    output: str = ""
    preparations: list[str] = field(default_factory=list)


def _serve(job: dict[str, Any], sender: Connection) -> None:
    from emulator.worker import serve  # loads Snowpark: in the worker, never in the server

    serve(job, sender)


class Workers:
    """Starts one process per call: calls are isolated and may nest without limit."""

    def __init__(self, address: tuple[str, int], cache: Path) -> None:
        self._address = address
        self._cache = cache
        cache.mkdir(exist_ok=True)
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["emulator.worker"])
        self._running: dict[BaseProcess, Session] = {}
        self._lock = threading.Lock()

    def warm_up(self) -> None:
        """Load Snowpark in the process that calls are forked from."""
        process = self._context.Process(target=int)
        process.start()
        process.join()

    def run(self, frame: Session, **job: Any) -> Outcome:
        """Run a handler in the frame's session. Raises SqlError when the process ends without an answer."""
        receiver, sender = self._context.Pipe(duplex=False)
        task = Job(token=frame.token, address=self._address, cache=str(self._cache), **job)
        process = self._context.Process(target=_serve, args=(asdict(task), sender), daemon=True)
        with self._lock:
            self._running[process] = frame
        try:
            process.start()
            sender.close()
            return Outcome(**receiver.recv())
        except EOFError:
            process.join()
            raise SqlError(
                f"Python handler {job['handler']} of {job['procedure']} ended without an answer "
                f"(exit code {process.exitcode})",
                "100357",
                "P0000",
            ) from None
        finally:
            receiver.close()
            with self._lock:
                del self._running[process]

    def cancel(self, session: Session) -> None:
        """End the handlers that run for a session, the ones that they called too."""
        with self._lock:
            for process, frame in self._running.items():
                ancestor: Session | None = frame
                while ancestor is not None and ancestor is not session:
                    ancestor = ancestor.caller
                if ancestor is session:
                    process.terminate()

    def close(self) -> None:
        with self._lock:
            for process in self._running:
                process.terminate()
