"""What GRANT, REVOKE and SHOW GRANTS are about: privileges, objects, who holds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.errors import does_not_exist
from emulator.functions import USER
from emulator.grants import ACCOUNT, Grantee, Securable
from emulator.names import SchemaName, shown
from emulator.privileges import ALL
from emulator.statement import Request
from emulator.statements.roles import named_role
from emulator.types import family
from emulator.words import Words

IN_SCHEMA = (
    "TABLE", "VIEW", "PROCEDURE", "FUNCTION", "STAGE", "TASK", "STREAM", "STREAMLIT", "SEQUENCE", "FILE FORMAT",
)  # fmt: skip
OF_ACCOUNT = ("DATABASE", "WAREHOUSE", "INTEGRATION", "APPLICATION PACKAGE", "APPLICATION")
_RELATIONS = ("TABLE", "VIEW")


@dataclass(frozen=True, slots=True)
class Objects:
    """The objects of a GRANT or REVOKE: some that are there, or the future ones of a kind in a place."""

    privileges: list[str]
    found: list[Securable] = field(default_factory=list)
    future: str | None = None  # the kind
    place: tuple[str, str] = ("", "")  # database and schema, which is empty for all of them


def read_objects(request: Request) -> Objects:
    """The privileges and the objects, up to TO or FROM."""
    words = request.words
    privileges = _privileges(words)
    words.expect("ON")
    if words.accept("ACCOUNT"):
        return Objects(privileges, [ACCOUNT])
    if words.accept("FUTURE"):
        kind = _plural(words)
        words.expect("IN")
        if words.accept("DATABASE"):
            return Objects(privileges, future=kind, place=(_database(request), ""))
        words.expect("SCHEMA")
        place = _schema(request)
        return Objects(privileges, future=kind, place=(place.database, place.schema))
    if words.accept("ALL"):
        return Objects(privileges, list(_all_in(request)))
    return Objects(privileges, [securable(request, words.expect("SCHEMA", *IN_SCHEMA, *OF_ACCOUNT))])


def _privileges(words: Words) -> list[str]:
    found: list[str] = []
    while not words.sees("ON"):
        text = [words.word().upper()]
        while not words.sees("ON") and not words.sees(","):
            text.append(words.word().upper())
        found.append(" ".join(text))
        words.accept(",")
    return [ALL] if found in ([ALL], ["ALL PRIVILEGES"]) else found


def _plural(words: Words) -> str:
    return words.expect(*(f"{kind}S" for kind in (*IN_SCHEMA, "SCHEMA"))).removesuffix("S")


def _database(request: Request) -> str:
    name = request.words.identifier()
    if not request.server.databases.exists(name):
        raise does_not_exist("Database", shown(name))
    return name


def _schema(request: Request) -> SchemaName:
    place = request.session.schema_name(request.words.name(), "GRANT")
    if not request.server.databases.has_schema(place.database, place.schema):
        raise does_not_exist("Schema", place)
    return place


def securable(request: Request, kind: str) -> Securable:
    """The object of a kind whose name stands here. Raises 002003 when the session sees none."""
    found = _named(request, kind)
    grants = request.server.grants
    if not grants.sees(grants.principals(request.session), found):
        raise does_not_exist(found.kind.capitalize(), found)
    return found


def _named(request: Request, kind: str) -> Securable:
    server, session, words = request.server, request.session, request.words
    if kind == "SCHEMA":
        place = _schema(request)
        return Securable("SCHEMA", place.schema, place.database)
    if kind in OF_ACCOUNT:
        name = words.identifier()
        by_name = server.catalogue.find(kind, name=name) if kind in ("WAREHOUSE", "INTEGRATION") else ()
        if not (by_name or (kind not in ("WAREHOUSE", "INTEGRATION") and server.databases.exists(name))):
            raise does_not_exist(kind.capitalize(), shown(name))
        return Securable(kind, name)
    full = session.name(words.name(), "GRANT")
    signature = ""
    if kind in _RELATIONS:  # either word names either of them
        found = server.databases.relation_kind(full)
    else:
        if words.sees("("):
            signature = ", ".join(family(part) for part in words.balanced().split(",") if part.strip())
        found = kind if server.catalogue.get(kind, full, signature) else None
    if found is None:
        raise does_not_exist(kind.capitalize(), f"{full}({signature})" if kind == "PROCEDURE" else full)
    return Securable(found, full.name, full.database, full.schema, signature)


def _all_in(request: Request) -> Iterable[Securable]:
    """`ALL TABLES IN SCHEMA x`, and so on."""
    words, server = request.words, request.server
    kind = _plural(words)
    words.expect("IN")
    if words.accept("DATABASE"):
        database = _database(request)
        places = [SchemaName(database, schema) for schema in server.databases.schemas(database)]
    else:
        words.expect("SCHEMA")
        places = [_schema(request)]
    for place in places:
        if kind == "SCHEMA":
            yield Securable("SCHEMA", place.schema, place.database)
        elif kind in _RELATIONS:
            for name, found in server.databases.relations(place.database, place.schema).items():
                if found == kind:
                    yield Securable(kind, name, place.database, place.schema)
        else:
            for item in server.catalogue.find(kind, database=place.database, schema=place.schema):
                yield Securable.of(item)


def read_grantee(request: Request) -> Grantee:
    words = request.words
    kind = words.accept("APPLICATION ROLE", "APPLICATION", "ROLE", "USER") or "ROLE"
    if kind == "APPLICATION":
        return Grantee(kind, request.server.applications.get(words.identifier()).name)
    if kind == "USER":
        words.identifier()  # everybody is the one user
        return Grantee("USER", USER)
    return named_role(request, kind)
