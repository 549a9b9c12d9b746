"""Runs the bodies of tasks, each in a session of its own with the rights of the task's owner."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from emulator.errors import SqlError
from emulator.scripting import is_block
from emulator.statements.scripting import run_block
from emulator.task_store import CatalogueTasks
from emulator.tasks.clock import Clock, RealClock, VirtualClock
from emulator.tasks.context import TaskContext
from emulator.tasks.scheduler import Scheduler

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

_log = logging.getLogger("emulator")
_PAUSE = 1.0  # seconds before the scheduler starts again after a failure of its own
_LOOK_FOR_CANCEL = 0.2
_PARAMETERS = ("QUERY_TAG", "TIMEZONE")


class TaskRunner:
    """The scheduler of a server, its thread, and what the bodies of tasks can ask.

    With `virtual_start` time stands still until `advance`, and no thread serves the schedule.
    """

    def __init__(self, server: Server, virtual_start: datetime | None = None) -> None:
        self._server = server
        self._contexts: dict[Session, TaskContext] = {}
        self._stopped = False
        self._advancing = threading.Lock()
        self.clock: Clock = RealClock() if virtual_start is None else VirtualClock(virtual_start)
        self.store = CatalogueTasks(server.catalogue)
        self.scheduler = Scheduler(self.store, self._run_body, self.clock)

    def start(self) -> None:
        """Take up what an earlier process left, and serve the schedule from now on."""
        self.scheduler.recover()
        if not isinstance(self.clock, VirtualClock):
            threading.Thread(target=self._serve, name="tasks", daemon=True).start()

    def stop(self) -> None:
        self._stopped = True
        self.scheduler.stop()

    def _serve(self) -> None:
        while not self._stopped:
            try:
                self.scheduler.serve()
            except Exception:  # noqa: BLE001 - whatever it is, later starts must not be lost with it
                _log.exception("the scheduler of tasks failed and starts again")
                time.sleep(_PAUSE)

    def advance(self, seconds: float) -> datetime:
        """Let virtual time pass, with everything that is due in it; the time afterwards. Raises on a real clock."""
        if not isinstance(self.clock, VirtualClock):
            message = "The clock of this server is real. Start it with --virtual-clock to let time pass by a call."
            raise SqlError(message, "391900", "0A000")
        with self._advancing:
            self.clock.run_until(self.scheduler, self.clock.now() + timedelta(seconds=seconds))
        return self.clock.now()

    def context(self, session: Session, doing: str) -> TaskContext:
        """The run of the task whose body a session runs, its caller's rights procedures included.

        Raises 093201 outside a task, and in an owner's rights procedure: that they work there is documented nowhere.
        """
        current: Session | None = session
        while current is not None:
            if current in self._contexts:
                return self._contexts[current]
            current = None if current.owner_rights else current.caller
        raise SqlError(f"Function {doing} must be called from within a task.", "093201", "22023")

    def sleep(self, session: Session, seconds: float) -> None:
        """Wait: in virtual time in the body of a task, whose thread the clock knows, else in real time."""
        if session in self._contexts:
            self.clock.sleep(seconds)
        else:
            time.sleep(seconds)

    def _run_body(self, context: TaskContext) -> None:
        """Run the definition of a task. Raises SqlError when it fails."""
        task, server = context.task, self._server
        application = server.catalogue.get("APPLICATION", task.name.database)
        session = server.open_session(
            role=task.owner,
            warehouse=task.warehouse,
            database=task.name.database,
            schema=task.name.schema,
            application=application.name if application else None,
            owner_rights=application is not None,
            parameters={key: str(task.settings[key]) for key in _PARAMETERS if key in task.settings},
        )
        self._contexts[session] = context
        try:
            with self._cancelling(session, context):
                if is_block(task.definition):
                    run_block(server, session, task.definition, set_return_value=context.set_return_value)
                else:
                    server.execute(session, task.definition)
        finally:
            del self._contexts[session]
            server.close_session(session)

    @contextmanager
    def _cancelling(self, session: Session, context: TaskContext) -> Iterator[None]:
        """End what the session runs once the task has timed out."""
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                if context.cancelled.wait(_LOOK_FOR_CANCEL):
                    self._server.workers.cancel(session)
                    session.connection.interrupt()
                    done.wait(_LOOK_FOR_CANCEL)

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            done.set()
