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
    """Remember the application's entry, its objects, every grant on them or to it, and the views of its code."""
    name = application.name
    with server.catalogue.transaction() as db:
        rows = {table: [tuple(row) for row in _select(db, table, name)] for table in _OF_APPLICATION}
        schemas = [s.name for s in server.catalogue.find("SCHEMA", database=name) if "release" in s.definition]
        views = {schema: server.databases.views(name, schema) for schema in schemas}
        server.catalogue.put(Object(_KIND, name, definition={"rows": rows, "views": views}))


def _select(db: sqlite3.Connection, table: str, name: str) -> list[sqlite3.Row]:
    return db.execute(f"select * from {table} where {_OF_APPLICATION[table]}", {"name": name}).fetchall()


def restore(server: Server, name: str) -> None:
    """Make the catalogue and the views of the code what they were when `save` was called."""
    saved = server.catalogue.get(_KIND, name)
    if saved is None:
        return
    with server.catalogue.transaction() as db:
        for table, condition in _OF_APPLICATION.items():  # objects first: their grants go with them
            db.execute(f"delete from {table} where {condition}", {"name": name})
        for table, rows in saved.definition["rows"].items():
            for row in rows:
                db.execute(f"insert or replace into {table} values ({', '.join('?' * len(row))})", row)
        for schema, views in saved.definition["views"].items():
            if server.databases.has_schema(name, schema):
                server.databases.set_views(name, schema, views)
        server.catalogue.drop(saved)


def restore_all(server: Server) -> None:
    for saved in server.catalogue.find(_KIND):
        restore(server, saved.name)


def discard(server: Server, name: str) -> None:
    server.catalogue.drop(Object(_KIND, name))
