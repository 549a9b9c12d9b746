"""The parts of a running local Snowflake, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emulator import account, dispatcher
from emulator.applications.install import Applications
from emulator.catalogue import Catalogue
from emulator.engine.binds import Rows
from emulator.engine.connection import Connection
from emulator.engine.databases import Databases
from emulator.engine.locks import TableLocks
from emulator.future_grants import FutureGrants
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
        self.future_grants = FutureGrants(self.catalogue)
        account.prepare(self)
        self.stages = StageFiles(data / "stages")
        self._drop_temporary()
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
        self._drop_temporary(session.id)

    def _drop_temporary(self, session: str | None = None) -> None:
        """Drop the stages, file formats and procedures of a session that has ended; None: of all."""
        for kind in ("STAGE", "FILE FORMAT", "PROCEDURE"):
            for item in self.catalogue.find(kind):
                owner = item.definition.get("session")
                if owner is not None and session in (None, owner):
                    self.catalogue.drop(item)
                    if kind == "STAGE":
                        self.stages.drop(item.full_name)

    def execute(self, session: Session, text: str, rows: Rows | None = None, describe_only: bool = False) -> Result:
        """Run one statement. Raises SqlError."""
        return dispatcher.execute(self, session, text, rows, describe_only)

    def forward(self, session: Session, text: str, rows: Rows | None = None) -> Result:
        """Run a statement that DuckDB answers. Raises SqlError."""
        return dispatcher.forward(self, session, text, rows)

    def close(self) -> None:
        self.tasks.stop()
        self.workers.close()
        self.catalogue.close()
        self.databases.close()
