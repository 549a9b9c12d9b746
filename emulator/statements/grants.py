"""GRANT, REVOKE, SHOW GRANTS."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.errors import SqlError, does_not_exist
from emulator.functions import USER
from emulator.grants import ACCOUNT, ADMIN, Grant, Grantee, Securable
from emulator.names import SchemaName, shown
from emulator.result import Result, done, table
from emulator.statement import Request, statement
from emulator.statements.roles import named_role
from emulator.types import family
from emulator.words import Words

_IN_SCHEMA = (
    "TABLE", "VIEW", "PROCEDURE", "FUNCTION", "STAGE", "TASK", "STREAM", "STREAMLIT", "SEQUENCE", "FILE FORMAT",
)  # fmt: skip
_OF_ACCOUNT = ("DATABASE", "WAREHOUSE", "INTEGRATION", "APPLICATION PACKAGE", "APPLICATION")
_RELATIONS = ("TABLE", "VIEW")
_ALL = {
    "TABLE": ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRUNCATE", "UPDATE"],
    "VIEW": ["REFERENCES", "SELECT"],
    "SCHEMA": ["CREATE TABLE", "CREATE VIEW", "CREATE PROCEDURE", "CREATE STAGE", "CREATE TASK", "MODIFY", "MONITOR",
               "USAGE"],
    "DATABASE": ["CREATE SCHEMA", "MODIFY", "MONITOR", "USAGE"],
    "PROCEDURE": ["USAGE"],
    "FUNCTION": ["USAGE"],
    "STAGE": ["READ", "WRITE"],
    "TASK": ["MONITOR", "OPERATE"],
    "WAREHOUSE": ["MODIFY", "MONITOR", "OPERATE", "USAGE"],
}  # fmt: skip
_COLUMNS = "created_on:timestamp_ltz privilege granted_on name granted_to grantee_name grant_option granted_by"


@statement("GRANT")
def grant(request: Request) -> Result:
    privileges, targets = _what(request)
    request.words.expect("TO")
    if request.words.accept("SHARE"):  # the contents of a package: shared with its application by Snowflake itself
        return done()
    grantee = _grantee(request)
    option = request.words.accept("WITH GRANT OPTION") is not None
    request.words.accept("COPY CURRENT GRANTS", "REVOKE CURRENT GRANTS")
    request.words.end()
    for target in targets:
        _require_grantor(request, target)
    request.server.grants.add(
        Grant(privilege, target, grantee, option, request.session.role)
        for target in targets
        for privilege in _expand(privileges, target)
    )
    return done()


@statement("REVOKE [GRANT OPTION FOR]")
def revoke(request: Request) -> Result:
    privileges, targets = _what(request)
    request.words.expect("FROM")
    if request.words.accept("SHARE"):
        return done()
    grantee = _grantee(request)
    request.words.accept("CASCADE", "RESTRICT")
    request.words.end()
    for target in targets:
        _require_grantor(request, target)
        request.server.grants.remove(target, grantee, _expand(privileges, target))
    return done()


def _expand(privileges: list[str], target: Securable) -> list[str]:
    return _ALL.get(target.kind, ["USAGE"]) if privileges == ["ALL"] else privileges


def _require_grantor(request: Request, target: Securable) -> None:
    """Only the owner grants, or who holds the privilege with grant option. Raises 003001."""
    grants = request.server.grants
    who = grants.principals(request.session)
    owners = [grants.owner(target)]
    if target.kind == "APPLICATION ROLE":  # the owner of the application gives them away, too
        owners.append(Grantee("ROLE", request.server.applications.get(target.database).owner))
    for owner in owners:
        if target == ACCOUNT or owner in who or (owner.kind == "ROLE" and Grantee("ROLE", ADMIN) in who):
            return
    if not any(held.grant_option and held.to in who for held in grants.on(target)):
        raise SqlError(
            f"SQL access control error:\nInsufficient privileges to operate on {target.kind.lower()} '{target}'",
            "003001",
            "42501",
        )


def _what(request: Request) -> tuple[list[str], list[Securable]]:
    """The privileges and the objects, up to TO or FROM."""
    words = request.words
    privileges = _privileges(words)
    words.expect("ON")
    if words.accept("ACCOUNT"):
        return privileges, [ACCOUNT]
    if words.accept("FUTURE"):
        raise SqlError("SQL compilation error:\nUnsupported feature 'FUTURE GRANTS'.", "000002", "0A000")
    if words.accept("ALL"):
        return privileges, list(_all_in(request))
    kinds = ("SCHEMA", *_IN_SCHEMA, *_OF_ACCOUNT)
    return privileges, [securable(request, words.expect(*kinds))]


def _privileges(words: Words) -> list[str]:
    found: list[str] = []
    while not words.sees("ON"):
        text = [words.word().upper()]
        while not words.sees("ON") and not words.sees(","):
            text.append(words.word().upper())
        found.append(" ".join(text))
        words.accept(",")
    return ["ALL"] if found in (["ALL"], ["ALL PRIVILEGES"]) else found


def securable(request: Request, kind: str) -> Securable:
    """The object of a kind whose name stands here. Raises 002003 when there is none."""
    server, session, words = request.server, request.session, request.words
    if kind == "SCHEMA":
        place = session.schema_name(words.name(), "GRANT")
        if not server.databases.has_schema(place.database, place.schema):
            raise does_not_exist("Schema", place)
        return Securable("SCHEMA", place.schema, place.database)
    if kind in _OF_ACCOUNT:
        name = words.identifier()
        known = kind in ("WAREHOUSE", "INTEGRATION") or server.databases.exists(name)
        if not known:
            raise does_not_exist(kind.capitalize(), shown(name))
        return Securable(kind, name)
    full = session.name(words.name(), "GRANT")
    signature = ""
    if kind in _RELATIONS:
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
    plural = words.expect(*(f"{kind}S" for kind in _IN_SCHEMA), "SCHEMAS")
    kind = plural.removesuffix("S")
    words.expect("IN")
    if words.accept("DATABASE"):
        database = words.identifier()
        if not server.databases.exists(database):
            raise does_not_exist("Database", shown(database))
        places = [SchemaName(database, schema) for schema in server.databases.schemas(database)]
    else:
        words.expect("SCHEMA")
        place = request.session.schema_name(words.name(), "GRANT")
        if not server.databases.has_schema(place.database, place.schema):
            raise does_not_exist("Schema", place)
        places = [place]
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


def _grantee(request: Request) -> Grantee:
    words = request.words
    kind = words.accept("APPLICATION ROLE", "APPLICATION", "ROLE", "USER") or "ROLE"
    if kind == "APPLICATION":
        return Grantee(kind, request.server.applications.get(words.identifier()).name)
    if kind == "USER":
        words.identifier()
        return Grantee("USER", USER)
    return named_role(request, kind)


@statement("GRANT ROLE")
def grant_role(request: Request) -> Result:
    return _grant_role(request, "ROLE")


@statement("GRANT APPLICATION ROLE")
def grant_application_role(request: Request) -> Result:
    return _grant_role(request, "APPLICATION ROLE")


def _grant_role(request: Request, kind: str) -> Result:
    role, grantee = _role_and_grantee(request, kind, "TO")
    if grantee in _held_by(request, role) or role == grantee:
        raise SqlError(f"SQL compilation error:\nGranting {role} to {grantee} makes a circle.", "003049", "42501")
    request.server.grants.add([Grant("USAGE", role.role, grantee, granted_by=request.session.role)])
    return done()


@statement("REVOKE ROLE")
def revoke_role(request: Request) -> Result:
    return _revoke_role(request, "ROLE")


@statement("REVOKE APPLICATION ROLE")
def revoke_application_role(request: Request) -> Result:
    return _revoke_role(request, "APPLICATION ROLE")


def _revoke_role(request: Request, kind: str) -> Result:
    role, grantee = _role_and_grantee(request, kind, "FROM")
    request.server.grants.remove(role.role, grantee, None)
    return done()


def _role_and_grantee(request: Request, kind: str, direction: str) -> tuple[Grantee, Grantee]:
    role = named_role(request, kind)
    request.words.expect(direction)
    grantee = _grantee(request)
    request.words.end()
    _require_grantor(request, role.role)
    return role, grantee


def _held_by(request: Request, grantee: Grantee) -> set[Grantee]:
    held: set[Grantee] = set()
    waiting = [grantee]
    while waiting:
        for grant in request.server.grants.to(waiting.pop()):
            one = Grantee(grant.on.kind, grant.on.name, grant.on.database)
            if one.kind in ("ROLE", "APPLICATION ROLE") and one not in held:
                held.add(one)
                waiting.append(one)
    return held


@statement("SHOW GRANTS ON")
def show_grants_on(request: Request) -> Result:
    words = request.words
    if words.accept("ACCOUNT"):
        target = ACCOUNT
    else:
        kind = words.expect("APPLICATION ROLE", "ROLE", "SCHEMA", *_IN_SCHEMA, *_OF_ACCOUNT)
        target = named_role(request, kind).role if kind.endswith("ROLE") else securable(request, kind)
    owner = request.server.grants.owner(target)
    grants = [Grant("OWNERSHIP", target, owner, True, ""), *request.server.grants.on(target)]
    return table(_COLUMNS, [_row(grant) for grant in grants])


@statement("SHOW GRANTS TO")
def show_grants_to(request: Request) -> Result:
    grantee = _grantee(request)
    return table(_COLUMNS, [_row(grant) for grant in request.server.grants.to(grantee)])


@statement("SHOW GRANTS OF")
def show_grants_of(request: Request) -> Result:
    role = named_role(request, request.words.expect("APPLICATION ROLE", "ROLE"))
    rows = [
        (grant.granted_on, str(role), grant.to.kind, str(grant.to), grant.granted_by)
        for grant in request.server.grants.on(role.role)
    ]
    return table("created_on:timestamp_ltz role granted_to grantee_name granted_by", rows)


@statement("SHOW GRANTS")
def show_grants(request: Request) -> Result:
    """Without more: what the current role holds."""
    request.words.end()
    grants = request.server.grants.to(Grantee("ROLE", request.session.role))
    return table(_COLUMNS, [_row(grant) for grant in grants])


def _row(grant: Grant) -> tuple[object, ...]:
    return (
        grant.granted_on, grant.privilege, grant.on.kind.replace(" ", "_"), str(grant.on),
        grant.to.kind.replace(" ", "_"), str(grant.to), str(grant.grant_option).lower(), grant.granted_by,
    )  # fmt: skip
