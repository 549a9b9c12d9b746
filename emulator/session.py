"""A session: who asks, where it stands, and its connection."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.names import Name, SchemaName, complete, complete_schema

if TYPE_CHECKING:
    from emulator.catalogue import Object
    from emulator.engine.connection import Connection
    from emulator.server import Server

DEFAULT_ROLE = "ACCOUNTADMIN"


@dataclass(eq=False, slots=True)
class Session:
    """What a token stands for.

    A call of an owner's rights procedure has a session of its own, its frame: the procedure's database, schema and
    role, on the caller's connection, so that it takes part in the caller's transaction.
    """

    server: Server
    connection: Connection
    role: str = DEFAULT_ROLE
    warehouse: str | None = None
    database: str | None = None
    schema: str | None = None
    autocommit: bool = True
    caller: Session | None = None
    owner_rights: bool = False
    application: str | None = None  # whose setup script or procedure this session runs
    root: Path | None = None  # the folder of that application's files
    script: Path | None = None  # the file whose statements run, for EXECUTE IMMEDIATE FROM './..'
    statement: str = ""  # the text that it runs
    queries: list[str] = field(default_factory=list)  # the ids of its statements
    parameters: dict[str, str] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    id: str = field(default_factory=lambda: str(secrets.randbits(48)))

    def stand_in(self, database: str | None, schema: str | None) -> None:
        self.database, self.schema = database, schema

    def name(self, parts: list[str], doing: str) -> Name:
        """The full name of an object. Raises 090105 or 090106 when the session stands nowhere."""
        return complete(parts, self.database, self.schema, doing)

    def schema_name(self, parts: list[str], doing: str) -> SchemaName:
        return complete_schema(parts, self.database, doing)

    @property
    def client(self) -> Session:
        """The client's session, of which this may be a frame."""
        return self.caller.client if self.caller else self

    def sees(self, item: Object) -> bool:
        """Whether the object is not another session's temporary one."""
        return item.definition.get("session") in (None, self.client.id)

    @property
    def depth(self) -> int:
        return self.caller.depth + 1 if self.caller else 0


class Sessions:
    """The open sessions by token."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()

    def add(self, session: Session) -> Session:
        with self._lock:
            self._open[session.token] = session
        return session

    def get(self, token: str) -> Session | None:
        return self._open.get(token)

    def remove(self, session: Session) -> None:
        with self._lock:
            self._open.pop(session.token, None)

    def leave_database(self, database: str) -> None:
        """Every session that stands in the database stands nowhere afterwards."""
        for session in list(self._open.values()):
            if session.database == database:
                session.stand_in(None, None)

    def leave_schema(self, database: str, schema: str) -> None:
        for session in list(self._open.values()):
            if (session.database, session.schema) == (database, schema):
                session.stand_in(database, None)
