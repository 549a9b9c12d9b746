"""Where the scheduler finds tasks and keeps their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from emulator.names import Name
from emulator.tasks.definition import Task
from emulator.tasks.history import GraphRecord, TaskRun


class TaskStore(Protocol):
    """The catalogue, as far as tasks go. A row with the `key` of an earlier row replaces it."""

    def tasks(self) -> Mapping[Name, Task]: ...

    def save(self, task: Task) -> None: ...

    def record(self, run: TaskRun) -> None: ...

    def record_graph(self, record: GraphRecord) -> None: ...

    def runs(self) -> Iterable[TaskRun]: ...

    def graphs(self) -> Iterable[GraphRecord]: ...
