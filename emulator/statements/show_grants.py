"""SHOW GRANTS and SHOW FUTURE GRANTS."""

from __future__ import annotations

from emulator.errors import does_not_exist
from emulator.functions import USER
from emulator.future_grants import FutureGrant
from emulator.grants import ACCOUNT, ADMIN, Grant, Grantee, Securable
from emulator.names import shown
from emulator.privileges import OWNERSHIP
from emulator.result import Result, table
from emulator.statement import Request, statement
from emulator.statements.grant_objects import IN_SCHEMA, OF_ACCOUNT, read_grantee, securable
from emulator.statements.roles import named_role

_COLUMNS = "created_on:timestamp_ltz privilege granted_on name granted_to grantee_name grant_option granted_by"
_ROLES = "created_on:timestamp_ltz role granted_to grantee_name granted_by"
_FUTURE = "created_on:timestamp_ltz privilege grant_on name grant_to grantee_name grant_option"


@statement("SHOW GRANTS ON")
def show_grants_on(request: Request) -> Result:
    words, grants = request.words, request.server.grants
    if words.accept("ACCOUNT"):
        words.end()
        return table(_COLUMNS, [_row(grant) for grant in grants.on(ACCOUNT)])
    kind = words.expect("APPLICATION ROLE", "ROLE", "SCHEMA", *IN_SCHEMA, *OF_ACCOUNT)
    target = named_role(request, kind).role if kind.endswith("ROLE") else securable(request, kind)
    words.end()
    return table(_COLUMNS, [_row(grant) for grant in [grants.ownership(target), *grants.on(target)]])


@statement("SHOW GRANTS TO")
def show_grants_to(request: Request) -> Result:
    grantee = read_grantee(request)
    request.words.end()
    if grantee.kind == "USER":
        return _roles_of_user(request)
    grants = request.server.grants
    found = [*grants.to(grantee), *(grants.owned_by(grantee.name) if grantee.kind == "ROLE" else ())]
    return table(_COLUMNS, [_row(grant) for grant in found])


@statement("SHOW GRANTS")
def show_grants(request: Request) -> Result:
    """Without more: the roles of the user."""
    request.words.end()
    return _roles_of_user(request)


def _roles_of_user(request: Request) -> Result:
    user = Grantee("USER", USER)
    admin = request.server.catalogue.get("ROLE", ADMIN)
    given = Grant("USAGE", Securable("ROLE", ADMIN), user)  # who connects is an administrator
    if admin is not None:
        given = Grant("USAGE", given.on, user, granted_on=admin.created_on)
    rows = [
        (grant.granted_on, str(grant.on), "USER", USER, grant.granted_by)
        for grant in [given, *request.server.grants.to(user)]
    ]
    return table(_ROLES, rows)


@statement("SHOW GRANTS OF")
def show_grants_of(request: Request) -> Result:
    role = named_role(request, request.words.expect("APPLICATION ROLE", "ROLE"))
    request.words.end()
    rows = [
        (grant.granted_on, str(role), grant.to.kind.replace(" ", "_"), str(grant.to), grant.granted_by)
        for grant in request.server.grants.on(role.role)
    ]
    return table(_ROLES, rows)


@statement("SHOW FUTURE GRANTS")
def show_future_grants(request: Request) -> Result:
    words, future = request.words, request.server.future_grants
    if words.accept("TO"):
        found = future.to(read_grantee(request))
    elif words.expect("IN") and words.accept("DATABASE"):
        database = words.identifier()
        if not request.server.databases.exists(database):
            raise does_not_exist("Database", shown(database))
        found = future.within(database, "")
    else:
        words.expect("SCHEMA")
        place = securable(request, "SCHEMA")
        found = future.within(place.database, place.name)
    words.end()
    return table(_FUTURE, [_future_row(grant) for grant in found])


def _future_row(grant: FutureGrant) -> tuple[object, ...]:
    kind = grant.kind.replace(" ", "_")
    place = ".".join(shown(part) for part in (grant.database, grant.schema) if part)
    return (
        grant.granted_on, grant.privilege, kind, f"{place}.<{kind}>", grant.to.kind.replace(" ", "_"), str(grant.to),
        str(grant.grant_option or grant.privilege == OWNERSHIP).lower(),
    )  # fmt: skip


def _row(grant: Grant) -> tuple[object, ...]:
    return (
        grant.granted_on, grant.privilege, grant.on.kind.replace(" ", "_"), str(grant.on),
        grant.to.kind.replace(" ", "_"), str(grant.to), str(grant.grant_option).lower(), grant.granted_by,
    )  # fmt: skip
