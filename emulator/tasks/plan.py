"""When each resumed root that has a schedule starts next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from emulator.names import Name
from emulator.tasks.definition import Task
from emulator.tasks.rules import Tasks


@dataclass(frozen=True, slots=True)
class _Start:
    basis: tuple[str | None, datetime | None]  # the schedule and since when: another one is planned anew
    due: datetime


class Plan:
    """The next start by root; `follow` brings it up to date with the tasks."""

    def __init__(self) -> None:
        self._starts: dict[Name, _Start] = {}

    def follow(self, tasks: Tasks, now: datetime) -> None:
        planned: dict[Name, _Start] = {}
        for task in tasks.values():
            schedule = task.schedule
            if schedule is None or not task.started or not task.is_root:
                continue
            basis = (task.schedule_text, task.resumed_on)
            old = self._starts.get(task.name)
            if old is not None and old.basis == basis:
                planned[task.name] = old
            else:
                planned[task.name] = _Start(basis, schedule.next_start(now, task.resumed_on or now))
        self._starts = planned

    def take(self, tasks: Tasks, now: datetime) -> Iterator[tuple[Task, datetime]]:
        """The roots that are due and since when; each gets its next start."""
        for name, start in list(self._starts.items()):
            task = tasks[name]
            if start.due <= now and task.schedule is not None:
                self._starts[name] = _Start(start.basis, task.schedule.next_start(now, task.resumed_on or now))
                yield task, start.due

    def next_start(self, root: Name) -> datetime | None:
        start = self._starts.get(root)
        return start.due if start else None

    def starts(self) -> dict[Name, datetime]:
        return {name: start.due for name, start in self._starts.items()}
