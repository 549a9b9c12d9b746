"""Two operations on one database, each in a thread, that take turns at statements as a schedule says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from idr.errors import IdrError
from tests.reliability.dying import Counted

Action = Callable[[Any], Any]
END = 1_000_000


@dataclass
class Actor:
    """One operation; it stops before the statement for which it was not given leave."""

    action: Action
    connection: Any
    outcome: str = ""
    answer: Any = None
    reached: int = 0
    is_over: bool = False
    _leave: int = 0
    _go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _paused: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._perform, daemon=True)
        self._thread.start()

    def _before(self, number: int, _: str) -> None:
        self.reached = number
        while number >= self._leave:
            self._paused.release()
            self._go.acquire()

    def _perform(self) -> None:
        self._go.acquire()
        try:
            self.answer = self.action(Counted(self.connection, self._before))
            self.outcome = _told(self.answer)
        except IdrError as error:
            self.outcome = error.code
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
            self.outcome = f"{type(error).__name__}: {error}"
        self.is_over = True
        self._paused.release()

    def advance(self, until: int) -> None:
        """Let it run up to that statement, or to its end; return when it got there."""
        if self.is_over:
            return
        self._leave = max(self._leave, until)
        self._go.release()
        assert self._paused.acquire(timeout=60), "an operation waits for ever"


def _told(answer: Any) -> str:
    """`done`, or the code with which an operation said that it did nothing."""
    status = answer.get("status") if isinstance(answer, dict) else None
    if status == "SKIPPED":
        return "IDR-401"
    return answer["error"]["code"] if status == "FAILED" else "done"


def perform(actors: Sequence[Actor], schedule: Sequence[tuple[int, int]]) -> list[str]:
    """Advance the actors as the schedule says, (actor, up to which statement); then all to their end."""
    for actor, until in schedule:
        actors[actor].advance(until)
    for actor in actors:
        actor.advance(END)
    return [actor.outcome for actor in actors]
