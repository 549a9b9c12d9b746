"""The parts of a running local Snowflake, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emulator import dispatcher
from emulator.applications.install import Applications
from emulator.catalogue import Catalogue
from emulator.engine.binds import Rows
from emulator.engine.connection import Connection
from emulator.engine.databases import Databases
from emulator.engine.locks import TableLocks
from emulator.grants import Grants
from emulator.result import RecentResults, Result
from emulator.session import Session, Sessions
from emulator.settings import Settings
from emulator.stages import StageFiles
from emulator.task_runner import TaskRunner
from emulator.workers import Workers


class Server:
    """Everything that a statement can reach."""

    def __init__(self, data: Path, address: tuple[str, int], settings: Settings | None = None) -> None:
        self.data = data
        self.settings = settings or Settings()
        self.databases = Databases(data / "databases")
        self.catalogue = Catalogue(data / "catalogue.sqlite")
        self.grants = Grants(self.catalogue)
        self.stages = StageFiles(data / "stages")
        self.locks = TableLocks(self.settings.lock_timeout)
        self.sessions = Sessions()
        self.results: dict[str, Result] = RecentResults()
        self.workers = Workers(address, data / "bytecode")
        self.applications = Applications(self, data / "applications")
        self.applications.recover()
        self.tasks = TaskRunner(self, self.settings.virtual_start)

    def open_session(self, **where: Any) -> Session:
        """A session on a connection of its own, with the fields of `Session` given."""
        return self.sessions.add(Session(self, Connection(self.databases, self.locks), **where))

    def close_session(self, session: Session) -> None:
        self.sessions.remove(session)
        session.connection.close()

    def execute(self, session: Session, text: str, rows: Rows | None = None, describe_only: bool = False) -> Result:
        """Run one statement. Raises SqlError."""
        return dispatcher.execute(self, session, text, rows, describe_only)

    def close(self) -> None:
        self.tasks.stop()
        self.workers.close()
        self.catalogue.close()
        self.databases.close()
