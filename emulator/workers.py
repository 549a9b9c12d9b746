"""Processes that run Python handlers.

They are forked from one that has Snowpark and the procedure's imports loaded, so that a call costs milliseconds.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.reduction import send_handle
from pathlib import Path
from typing import Any

from emulator.errors import SqlError
from emulator.session import Session

# the reply to a statement of a handler's session, from the id and the body of its request
Answer = Callable[[Session, str, dict[str, Any]], dict[str, Any]]
_KEPT = 8
_ATTEMPTS = 3


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


class Nursery:
    """A process that has a procedure's imports loaded and forks one more for each call."""

    def __init__(self, context: ForkServerContext, job: Job) -> None:
        self._control, other = context.Pipe()
        arguments = (other, job.imports, job.handler if job.body is None else "", job.cache)
        self._process = context.Process(target=_nursery, args=arguments, daemon=True)
        self._process.start()
        other.close()
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def start(self, job: Job, pipe: Connection) -> int:
        """The process id of the worker. Raises OSError or EOFError when the nursery is gone."""
        with self._lock:
            self._control.send(asdict(job))
            send_handle(self._control, pipe.fileno(), self.pid)
            return self._control.recv()

    def exit_code(self, worker: int) -> int | str:
        """How a worker that gave no answer has ended; negative: the signal."""
        try:
            with self._lock:
                self._control.send(worker)
                return os.waitstatus_to_exitcode(self._control.recv())
        except (OSError, EOFError):
            return "unknown"

    def close(self) -> None:
        """Its workers go on."""
        self._process.terminate()


@dataclass(slots=True, eq=False)
class _Call:
    """A call and the process that works on it: the nursery's until there is a worker."""

    frame: Session
    process: int = 0
    cancelled: bool = False


def _nursery(*arguments: Any) -> None:
    from emulator.worker import nursery  # loads Snowpark: in the worker, never in the server

    nursery(*arguments)


class Workers:
    """One process per call: calls are isolated and may nest without limit."""

    def __init__(self, address: tuple[str, int], cache: Path) -> None:
        self._address = address
        self._cache = cache
        cache.mkdir(exist_ok=True)
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["emulator.worker"])
        self._nurseries: OrderedDict[tuple[object, ...], Nursery] = OrderedDict()  # by their imports, the oldest first
        self._running: set[_Call] = set()
        self._lock = threading.Lock()
        self._answer: Answer | None = None

    def listen(self, answer: Answer) -> None:
        """Who answers the statements that the handlers send."""
        self._answer = answer

    def warm_up(self) -> None:
        """Load Snowpark in the process that the others are forked from."""
        process = self._context.Process(target=int)
        process.start()
        process.join()

    def run(self, frame: Session, **job: Any) -> Outcome:
        """Run a handler in the frame's session. Raises SqlError when the process ends without an answer."""
        ours, theirs = self._context.Pipe()
        task = Job(token=frame.token, address=self._address, cache=str(self._cache), **job)
        call = _Call(frame)
        with self._lock:
            self._running.add(call)
        code: int | str = "unknown"
        try:
            if nursery := self._start(task, theirs, call):
                theirs.close()
                try:
                    return self._listen(frame, ours)
                except (EOFError, OSError):
                    code = nursery.exit_code(call.process)
            raise SqlError(
                f"Python handler {task.handler} of {task.procedure} ended without an answer (exit code {code})",
                "100357",
                "P0000",
            )
        finally:
            theirs.close()
            ours.close()
            with self._lock:
                self._running.discard(call)

    def _listen(self, frame: Session, pipe: Connection) -> Outcome:
        """Answer the statements of the handler until it has an outcome. EOFError or OSError when its process ends."""
        while True:
            message = pipe.recv()
            if isinstance(message, dict):
                return Outcome(**message)
            if self._answer is None:
                raise OSError("nobody answers statements yet")
            pipe.send(self._answer(frame, *message))

    def _start(self, task: Job, pipe: Connection, call: _Call) -> Nursery | None:
        """Start a worker; None when the call is cancelled or what it imports ends the process."""
        for _ in range(_ATTEMPTS):
            nursery = self._nursery(task)
            with self._lock:
                if call.cancelled:
                    return None
                call.process = nursery.pid
            with suppress(OSError, EOFError):
                call.process = nursery.start(task, pipe)
                return nursery
            self._abandon(nursery)
        return None

    def _nursery(self, task: Job) -> Nursery:
        """The one that has the call's imports loaded."""
        key = tuple(_version(file) for file in task.imports)
        with self._lock:
            nursery = self._nurseries.pop(key, None) or Nursery(self._context, task)
            self._nurseries[key] = nursery
            while len(self._nurseries) > _KEPT:
                self._nurseries.popitem(last=False)[1].close()
            return nursery

    def _abandon(self, nursery: Nursery) -> None:
        with self._lock:
            for key in [key for key, kept in self._nurseries.items() if kept is nursery]:
                del self._nurseries[key]
        nursery.close()

    def cancel(self, session: Session) -> None:
        """End the handlers that run for a session, the ones that they called too."""
        with self._lock:
            for call in self._running:
                ancestor: Session | None = call.frame
                while ancestor is not None and ancestor is not session:
                    ancestor = ancestor.caller
                if ancestor is session:
                    call.cancelled = True
                    _terminate(call)

    def close(self) -> None:
        with self._lock:
            for call in self._running:
                call.cancelled = True
                _terminate(call)
            for nursery in self._nurseries.values():
                nursery.close()


def _terminate(call: _Call) -> None:
    if call.process:
        with suppress(ProcessLookupError):
            os.kill(call.process, signal.SIGTERM)


def _version(file: str) -> tuple[object, ...]:
    """Tells a file from the one that takes its place."""
    try:
        found = Path(file).stat()
    except OSError:
        return file, None
    return file, found.st_ino, found.st_size, found.st_mtime_ns
