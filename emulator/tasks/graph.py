"""One run of a task graph: which task may start, what becomes of the others, when the run is over.

States of a task in a run: None while it waits; EXECUTING; SUCCEEDED, FAILED, SKIPPED (its WHEN was false), CANCELLED;
SUSPENDED (it was suspended when the run began: it counts as succeeded); NOT_RUN (a predecessor did not succeed). The
last two have no row in TASK_HISTORY.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from emulator.errors import SqlError
from emulator.names import Name
from emulator.tasks.definition import Task

EXECUTING = "EXECUTING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
SKIPPED = "SKIPPED"
CANCELLED = "CANCELLED"
SUSPENDED = "SUSPENDED"
NOT_RUN = "NOT_RUN"
AUTO_SUSPENDED = "FAILED_AND_AUTO_SUSPENDED"  # in TASK_HISTORY only: the failure that suspended the root

_GOOD = (SUCCEEDED, SUSPENDED)


@dataclass(slots=True)
class GraphRun:
    """A run of the tasks as they were when it began.

    `run_id` is the scheduled time in milliseconds since 1970; `group` names the run across its retries.
    """

    root: Task
    tasks: dict[Name, Task]
    scheduled_time: datetime
    scheduled_from: str
    group: str
    config: str | None = None
    attempt: int = 1
    started_at: datetime | None = None
    states: dict[Name, str] = field(default_factory=dict)
    return_values: dict[Name, str | None] = field(default_factory=dict)

    @property
    def run_id(self) -> int:
        return int(self.scheduled_time.timestamp() * 1000)

    @property
    def finalizer(self) -> Task | None:
        return next((task for task in self.tasks.values() if task.finalizes == self.root.name), None)

    def ready(self) -> list[Task]:
        """The tasks that may start now. Settles on the way what cannot or need not run."""
        found: list[Task] = []
        settled = True
        while settled:
            settled = False
            found = []
            for task in self._waiting():
                state = self._next_state(task)
                if state == EXECUTING:
                    found.append(task)
                elif state is not None:
                    self.states[task.name] = state
                    settled = True
        return found or self._final()

    def _waiting(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.name not in self.states and task.finalizes is None]

    def _next_state(self, task: Task) -> str | None:
        """EXECUTING when the task may start, NOT_RUN or SUSPENDED when it never will, None when it has to wait."""
        if task.name == self.root.name:
            return EXECUTING
        before = [self.states.get(name) for name in task.predecessors if name in self.tasks]
        if any(state in (None, EXECUTING) for state in before):
            return None
        if any(state not in _GOOD for state in before):
            return NOT_RUN
        if len(before) > 1 and SUCCEEDED not in before:
            return NOT_RUN  # "runs as long as at least one of the predecessors is in a resumed state"
        return EXECUTING if task.started else SUSPENDED

    def _final(self) -> list[Task]:
        """The finalizer, when everything else is over and the root was not skipped."""
        last = self.finalizer
        if last is None or last.name in self.states or not self._settled() or self.can_retry:
            return []
        if self.states[self.root.name] == SKIPPED or not last.started:
            self.states[last.name] = NOT_RUN
            return []
        return [last]

    def _settled(self) -> bool:
        return all(
            self.states.get(task.name) not in (None, EXECUTING)
            for task in self.tasks.values()
            if task.finalizes is None
        )

    @property
    def can_retry(self) -> bool:
        """Whether the run failed, all but the finalizer is over, and TASK_AUTO_RETRY_ATTEMPTS allows another try."""
        failed = any(state in (FAILED, CANCELLED) for state in self.states.values())
        return failed and self._settled() and self.attempt <= self.root.retry_attempts

    def retry(self) -> None:
        """Begin the next attempt: what failed, and what did not run because of it, waits again."""
        self.attempt += 1
        over = (SUCCEEDED, SKIPPED, SUSPENDED)
        last = self.finalizer
        self.states = {
            name: state for name, state in self.states.items() if state in over and (last is None or name != last.name)
        }

    @property
    def over(self) -> bool:
        return all(self.states.get(name) not in (None, EXECUTING) for name in self.tasks)

    @property
    def state(self) -> str:
        """The state of the run as a graph. A graph whose children were skipped has succeeded."""
        states = set(self.states.values())
        if not self.over:
            return EXECUTING
        for bad in (FAILED, CANCELLED):
            if bad in states:
                return bad
        return SKIPPED if self.states[self.root.name] == SKIPPED else SUCCEEDED

    def return_value(self, task: Task, name: str | None) -> str | None:
        """What SYSTEM$GET_PREDECESSOR_RETURN_VALUE gives to the task.

        An immediate predecessor of the name comes before an earlier one. Names are case-sensitive. Raises for a name
        that is no enabled predecessor, and for a missing name when there are several.
        """
        if name is None:
            enabled = [other for other in task.predecessors if self._enabled(other)]
            if len(enabled) == 1:
                return self.return_values.get(enabled[0])
        for other in self._before(task):
            if other.name == name and self._enabled(other):
                return self.return_values.get(other)
        what = f"'{name}' is not an enabled predecessor" if name else "name one of the predecessors"
        raise SqlError(
            f"Invalid call of SYSTEM$GET_PREDECESSOR_RETURN_VALUE in task {task.name}: {what}.", "091000", "22023"
        )

    def _enabled(self, name: Name) -> bool:
        return name in self.tasks and self.states.get(name) not in (None, SUSPENDED, NOT_RUN)

    def _before(self, task: Task) -> Iterable[Name]:
        """The predecessors and theirs, the nearest first; for the finalizer the whole graph."""
        if task.finalizes is not None:
            return [name for name in self.tasks if name != task.name]
        found: dict[Name, None] = dict.fromkeys(task.predecessors)
        queue = list(found)
        while queue:
            for name in self.tasks[queue.pop(0)].predecessors:
                if name not in found:
                    found[name] = None
                    queue.append(name)
        return list(found)
