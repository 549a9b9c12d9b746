"""GRANT and REVOKE of roles."""

from __future__ import annotations

from emulator.errors import SqlError
from emulator.grants import Grant, Grantee
from emulator.result import Result, done
from emulator.statement import Request, statement
from emulator.statements.grant_objects import read_grantee
from emulator.statements.roles import named_role


@statement("GRANT ROLE")
def grant_role(request: Request) -> Result:
    return _grant(request, "ROLE")


@statement("GRANT APPLICATION ROLE")
def grant_application_role(request: Request) -> Result:
    return _grant(request, "APPLICATION ROLE")


def _grant(request: Request, kind: str) -> Result:
    role, grantee = _role_and_grantee(request, kind, "TO")
    if grantee in _held_by(request, role) or role == grantee:
        raise SqlError(f"SQL compilation error:\nGranting {role} to {grantee} makes a circle.", "003049", "42501")
    request.server.grants.add([Grant("USAGE", role.role, grantee, granted_by=request.session.role)])
    return done()


@statement("REVOKE ROLE")
def revoke_role(request: Request) -> Result:
    return _revoke(request, "ROLE")


@statement("REVOKE APPLICATION ROLE")
def revoke_application_role(request: Request) -> Result:
    return _revoke(request, "APPLICATION ROLE")


def _revoke(request: Request, kind: str) -> Result:
    role, grantee = _role_and_grantee(request, kind, "FROM")
    request.server.grants.remove(role.role, grantee, None)
    return done()


def _role_and_grantee(request: Request, kind: str, direction: str) -> tuple[Grantee, Grantee]:
    role = named_role(request, kind)
    request.words.expect(direction)
    grantee = read_grantee(request)
    request.words.end()
    _require_owner(request, role)
    return role, grantee


def _require_owner(request: Request, role: Grantee) -> None:
    """Only who owns a role gives it away; a role of an application, the owner of that, too. Raises 003001."""
    grants = request.server.grants
    who = grants.principals(request.session)
    owners = [grants.owner(role.role)]
    if role.kind == "APPLICATION ROLE":
        owners.append(Grantee("ROLE", request.server.applications.get(role.database).owner))
    if not any(owner in who or (owner.kind == "ROLE" and grants.manages(who)) for owner in owners):
        message = f"SQL access control error:\nInsufficient privileges to operate on {role.kind.lower()} '{role}'"
        raise SqlError(message, "003001", "42501")


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
