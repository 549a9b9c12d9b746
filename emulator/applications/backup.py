"""What an application was before an upgrade, in the catalogue itself: it survives the end of the process."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from emulator.catalogue import Object

if TYPE_CHECKING:
    from emulator.server import Server

_KIND = "APPLICATION BACKUP"
_OF_APPLICATION = {
    "object": "(database = :name or (kind = 'APPLICATION' and name = :name))",
    "privilege_grant": "(database = :name or grantee_database = :name"
    " or (grantee_kind = 'APPLICATION' and grantee = :name))",
    "future_grant": "(database = :name or grantee_database = :name"
    " or (grantee_kind = 'APPLICATION' and grantee = :name))",
}


def save(server: Server, application: Object) -> None:
    """Remember the application's entry, its objects and every grant on them or to it."""
    with server.catalogue.transaction() as db:
        rows = {table: [tuple(row) for row in _select(db, table, application.name)] for table in _OF_APPLICATION}
        server.catalogue.put(Object(_KIND, application.name, definition=rows))


def _select(db: sqlite3.Connection, table: str, name: str) -> list[sqlite3.Row]:
    return db.execute(f"select * from {table} where {_OF_APPLICATION[table]}", {"name": name}).fetchall()


def restore(server: Server, name: str) -> None:
    """Make the catalogue what it was when `save` was called."""
    saved = server.catalogue.get(_KIND, name)
    if saved is None:
        return
    with server.catalogue.transaction() as db:
        for table, condition in _OF_APPLICATION.items():  # objects first: their grants go with them
            db.execute(f"delete from {table} where {condition}", {"name": name})
        for table, rows in saved.definition.items():
            for row in rows:
                db.execute(f"insert or replace into {table} values ({', '.join('?' * len(row))})", row)
        server.catalogue.drop(saved)


def restore_all(server: Server) -> None:
    for saved in server.catalogue.find(_KIND):
        restore(server, saved.name)


def discard(server: Server, name: str) -> None:
    server.catalogue.drop(Object(_KIND, name))
