"""A task that runs now, and how long it may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from emulator.tasks.context import TaskContext
from emulator.tasks.history import TaskRun

_HOUR_MS = 3_600_000
WEEK_MS = 604_800_000  # what a limit of 0 stands for


@dataclass(slots=True)
class Execution:
    context: TaskContext
    row: TaskRun
    started_at: datetime

    @property
    def limit(self) -> timedelta:
        asked = self.context.task.timeout_ms
        return timedelta(milliseconds=_HOUR_MS if asked is None else asked or WEEK_MS)

    @property
    def deadline(self) -> datetime:
        return self.started_at + self.limit
