"""Child processes that work on a database file and are killed: after a statement, or at a moment that the parent picks.

A child is forked while no database is open, so that it inherits neither a connection nor a thread of the engine.
"""

from __future__ import annotations

import os
import signal
import time
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from idr.warehouse import duckdb as adapter
from tests.reliability.scene import Case, perform


class Counted:
    """A real connection that tells `before` each statement: its number from 0, and its text."""

    def __init__(self, connection: Any, before: Callable[[int, str], None]) -> None:
        self._connection, self._before, self._number = connection, before, 0

    def execute(self, sql: str, *values: Any) -> Any:
        number = self._number
        self._number += 1
        self._before(number, sql)
        return self._connection.execute(sql, *values)


def statements(case: Case, file: Path) -> list[str]:
    """The statements of an operation that is left alone."""
    told: list[str] = []
    perform(case, file, lambda connection: Counted(connection, lambda _, sql: told.append(sql)))
    return told


def start(case: Case, file: Path, wrap: Callable[[Any], Any] = lambda connection: connection) -> int:
    """A process of its own that performs the operation; its id."""
    child = os.fork()
    if child == 0:
        adapter._PROCESS_TOKEN = uuid.uuid4().hex
        status = 1
        try:
            perform(case, file, wrap)
            status = 0
        except Exception:  # noqa: BLE001 - the parent must not run on in the child
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def ended(child: int) -> bool:
    """Wait for a child; True when it came to its end, False when it was killed. Its own failure fails the test."""
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, "the operation failed by itself"
    return os.WIFEXITED(status)


def killed_after(case: Case, file: Path, number: int) -> bool:
    """Perform the operation in a process that is killed after so many statements; False when it had no more."""

    def before(at: int, _: str) -> None:
        if at == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return not ended(start(case, file, lambda connection: Counted(connection, before)))


def killed_at(case: Case, file: Path, seconds: float) -> bool:
    """The same, killed so many seconds after its start, whatever it does then."""
    child = start(case, file)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return not ended(child)
