"""Versioned schemas: the code of an application, which each version brings anew."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.catalogue import Object
from emulator.errors import compilation_error, unsupported
from emulator.result import Result, status
from emulator.rules import rule
from emulator.statement import Request, statement
from emulator.statements.databases import add_schema
from emulator.words import Words

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

_NOT_VERSIONED = re.compile(
    r"create\s+(?:or\s+(?:replace|alter)\s+)?(task|tag|masking\s+policy)\s+(?:if\s+not\s+exists\s+)?", re.IGNORECASE
)


@statement("CREATE OR ALTER VERSIONED SCHEMA")
def create_versioned_schema(request: Request) -> Result:
    session, server = request.session, request.server
    name = session.schema_name(request.words.name(), "CREATE SCHEMA")
    if session.application is None or name.database != session.application:
        raise unsupported("VERSIONED SCHEMA outside of an application")
    if not server.databases.has_schema(name.database, name.schema):
        add_schema(request, name)
    [schema] = server.catalogue.find("SCHEMA", database=name.database, name=name.schema) or [
        Object("SCHEMA", name.schema, name.database, owner=session.role)
    ]
    schema.comment = str(request.words.options().get("COMMENT", schema.comment))
    schema.definition["release"] = server.applications.get(session.application).definition["release"]
    server.catalogue.put(schema)
    session.stand_in(name.database, name.schema)
    return status(f"Schema {name.schema} successfully created.")


def is_versioned(server: Server, database: str, schema: str) -> bool:
    return any("release" in s.definition for s in server.catalogue.find("SCHEMA", database=database, name=schema))


@rule
def versioned_schemas(server: Server, session: Session, text: str) -> None:
    """What has a state or hangs on tables cannot be in a versioned schema."""
    match = _NOT_VERSIONED.match(text) if session.application else None
    if not match:
        return
    words = Words("CREATE " + text[match.end() :])
    name = session.name(words.name(), "CREATE")
    if is_versioned(server, name.database, name.schema):
        kind = " ".join(match[1].upper().split())
        raise compilation_error(f"A {kind} cannot be created in the versioned schema {name.schema}.", "093028", "0A000")
