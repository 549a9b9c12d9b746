"""Time for the scheduler: the machine's, or a virtual one on which days pass in seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass in the body of a task."""
        ...

    def start(self, work: Callable[[], None]) -> None:
        """Run the body of a task in a thread of its own."""
        ...


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def start(self, work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()


class Driven(Protocol):
    """What a virtual clock drives: the scheduler."""

    def tick(self) -> bool: ...

    def next_due(self) -> datetime | None: ...


@dataclass(eq=False, slots=True)
class _Sleeper:
    wakes: datetime
    awake: bool = False


class VirtualClock:
    """A clock that stands still while anything runs and then jumps to the next event.

    `sleep` is for threads that `start` started.
    """

    def __init__(self, now: datetime, patience: float = 60) -> None:
        self._now = now
        self._patience = patience  # real seconds that a body may take
        self._changed = threading.Condition()
        self._busy = 0
        self._sleepers: list[_Sleeper] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._changed:
            sleeper = _Sleeper(self._now + timedelta(seconds=seconds))
            self._sleepers.append(sleeper)
            self._busy -= 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: sleeper.awake)

    def start(self, work: Callable[[], None]) -> None:
        with self._changed:
            self._busy += 1
        threading.Thread(target=self._work, args=(work,), daemon=True).start()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def run_until(self, scheduler: Driven, end: datetime) -> None:
        """Let everything happen that happens up to `end`, in order. Raises TimeoutError when a body hangs."""
        while True:
            self._settle()
            if scheduler.tick():
                continue
            events = [sleeper.wakes for sleeper in self._sleepers]
            due = scheduler.next_due()
            following = min([*events, due] if due else events, default=None)
            if following is None or following > end:
                self._now = max(self._now, end)
                return
            self._advance(max(following, self._now))

    def _settle(self) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._busy == 0, self._patience):
                raise TimeoutError(f"the body of a task still runs after {self._patience} real seconds")

    def _advance(self, now: datetime) -> None:
        with self._changed:
            self._now = now
            for sleeper in [sleeper for sleeper in self._sleepers if sleeper.wakes <= now]:
                self._sleepers.remove(sleeper)
                sleeper.awake = True
                self._busy += 1
            self._changed.notify_all()
