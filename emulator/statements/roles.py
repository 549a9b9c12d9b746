"""Roles of the account and of applications."""

from __future__ import annotations

from emulator.catalogue import Object
from emulator.errors import already_exists, compilation_error, does_not_exist, unsupported
from emulator.grants import ADMIN, SYSTEM_ROLES, Grantee
from emulator.names import like, shown
from emulator.result import Result, already_dropped, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import finish, of_account


def named_role(request: Request, kind: str) -> Grantee:
    """The role that stands here. A role of an application may leave out the application in its own code."""
    parts = request.words.name()
    if kind == "ROLE":
        role = Grantee("ROLE", parts[-1])
        exists = role.name in request.server.grants.roles()
    else:
        application = parts[0] if len(parts) == 2 else request.session.application
        if application is None:
            raise compilation_error(f"Application role '{shown(parts[-1])}' must be qualified with its application.")
        role = Grantee("APPLICATION ROLE", parts[-1], application)
        exists = role in request.server.grants.application_roles(application)
    if not exists:
        raise does_not_exist(kind.capitalize(), role)
    return role


@statement("CREATE [OR REPLACE] ROLE [IF NOT EXISTS]")
def create_role(request: Request) -> Result:
    name = request.words.identifier()
    if name in request.server.grants.roles():
        if request.has("IF NOT EXISTS"):
            return status(f"{name} already exists, statement succeeded.")
        if not request.has("OR REPLACE") or name in SYSTEM_ROLES:
            raise already_exists(name)
        request.server.catalogue.drop(Object("ROLE", name))
    comment = str(request.words.options().get("COMMENT", ""))
    request.server.catalogue.put(Object("ROLE", name, owner=request.session.role, comment=comment))
    return status(f"Role {shown(name)} successfully created.")


@statement("DROP ROLE [IF EXISTS]")
def drop_role(request: Request) -> Result:
    name = request.words.identifier()
    role = request.server.catalogue.get("ROLE", name)
    if role is None:
        if request.has("IF EXISTS"):
            return already_dropped(name)
        raise does_not_exist("Role", shown(name))
    if name in SYSTEM_ROLES:
        raise compilation_error(f"Cannot drop role {name}: it belongs to the system.", "003001", "42501")
    request.server.grants.inherit(name, request.session.role)
    request.server.catalogue.drop(role)
    return status(f"{shown(name)} successfully dropped.")


@statement("SHOW [TERSE] ROLES")
def show_roles(request: Request) -> Result:
    listing = of_account(request)
    grants, session = request.server.grants, request.session
    known = {role.name: role for role in request.server.catalogue.find("ROLE")}
    rows = []
    for name in grants.roles():
        if like(listing.pattern, name):
            role = known[name]
            granted_to = len([grant for grant in grants.on(Grantee("ROLE", name).role) if grant.to.kind == "ROLE"])
            granted = len([grant for grant in grants.to(Grantee("ROLE", name)) if grant.on.kind == "ROLE"])
            rows.append(
                (
                    role.created_on, name, "Y" if name == ADMIN else "N", "Y" if name == session.role else "N", "N",
                    1 if name == ADMIN else 0, granted_to, granted, role.owner, role.comment,
                )
            )  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name is_default is_current is_inherited assigned_to_users:fixed "
        "granted_to_roles:fixed granted_roles:fixed owner comment",
        rows,
    )
    return finish(request, result, "ROLE")


@statement("CREATE [OR REPLACE] APPLICATION ROLE [IF NOT EXISTS]")
def create_application_role(request: Request) -> Result:
    session = request.session
    if request.has("OR REPLACE"):
        raise unsupported("CREATE OR REPLACE APPLICATION ROLE")
    parts = request.words.name()
    application = session.application
    if application is None or (len(parts) == 2 and parts[0] != application):
        raise unsupported("APPLICATION ROLE outside of an application")
    existing = request.server.catalogue.find("APPLICATION ROLE", database=application, name=parts[-1])
    if existing:
        if request.has("IF NOT EXISTS"):
            return status(f"{parts[-1]} already exists, statement succeeded.")
        raise already_exists(parts[-1])
    comment = str(request.words.options().get("COMMENT", ""))
    request.server.catalogue.put(Object("APPLICATION ROLE", parts[-1], application, owner=application, comment=comment))
    return status(f"Application Role {shown(parts[-1])} successfully created.")


@statement("DROP APPLICATION ROLE [IF EXISTS]")
def drop_application_role(request: Request) -> Result:
    application, parts = request.session.application, request.words.name()
    found = request.server.catalogue.find("APPLICATION ROLE", database=application or "", name=parts[-1])
    if not found:
        if request.has("IF EXISTS"):
            return already_dropped(parts[-1])
        raise does_not_exist("Application role", ".".join(parts))
    request.server.catalogue.drop(found[0])
    return status(f"{shown(parts[-1])} successfully dropped.")


@statement("SHOW APPLICATION ROLES")
def show_application_roles(request: Request) -> Result:
    words = request.words
    pattern = words.string() if words.accept("LIKE") else None
    words.expect("IN APPLICATION")
    application = request.server.applications.get(words.identifier())
    rows = [
        (role.created_on, role.name, role.owner, role.comment, "APPLICATION")
        for role in request.server.catalogue.find("APPLICATION ROLE", database=application.name)
        if like(pattern, role.name)
    ]
    return table("created_on:timestamp_ltz name owner comment owner_role_type", rows)
