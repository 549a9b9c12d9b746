"""`[LIKE 'pattern'] [IN {ACCOUNT | DATABASE [x] | [SCHEMA] [x] | APPLICATION x | ..}]` of the SHOW statements."""

from __future__ import annotations

from collections.abc import Callable

from emulator.catalogue import Object
from emulator.grants import Securable
from emulator.statement import Request

Filter = Callable[[Object], bool]


def scope_of(request: Request) -> tuple[str | None, str | None, str | None]:
    """The pattern, the database and the schema that a SHOW statement asks for; None: any."""
    words, session = request.words, request.session
    pattern = words.string() if words.accept("LIKE") else None
    database, schema = session.database, session.schema
    if words.accept("IN"):
        if words.accept("ACCOUNT"):
            database = schema = None
        elif words.accept("DATABASE", "APPLICATION PACKAGE", "APPLICATION"):
            database, schema = (session.database if words.ended else words.identifier()), None
        else:
            words.accept("SCHEMA")
            name = session.schema_name([session.schema or ""] if words.ended else words.name(), "SHOW")
            database, schema = name.database, name.schema
    return pattern, database, schema


def scope_filter(request: Request) -> tuple[str | None, Filter]:
    """The pattern, and whether an object lies in the scope and the session holds any privilege on it."""
    pattern, database, schema = scope_of(request)
    request.words.end()
    grants = request.server.grants
    who = grants.principals(request.session)
    return (
        pattern,
        lambda item: (
            database in (None, item.database)
            and schema in (None, item.schema)
            and grants.holds(who, None, Securable.of(item))
        ),
    )
