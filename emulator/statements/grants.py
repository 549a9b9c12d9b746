"""GRANT and REVOKE of privileges, on objects that are there and on future ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from emulator.errors import SqlError, compilation_error
from emulator.future_grants import FutureGrant
from emulator.grants import ACCOUNT, Grant, Grantee, Securable
from emulator.names import Name
from emulator.privileges import OWNERSHIP, expand
from emulator.result import Result, done
from emulator.statement import Request, statement
from emulator.statements.grant_objects import Objects, read_grantee, read_objects


@statement("GRANT")
def grant(request: Request) -> Result:
    words = request.words
    objects = read_objects(request)
    words.expect("TO")
    if words.accept("SHARE"):  # the contents of a package: shared with its application by Snowflake itself
        return done()
    grantee = read_grantee(request)
    option = words.accept("WITH GRANT OPTION") is not None
    current = (
        words.accept("COPY CURRENT GRANTS", "REVOKE CURRENT GRANTS") if objects.privileges == [OWNERSHIP] else None
    )
    words.end()
    if OWNERSHIP in objects.privileges and (len(objects.privileges) > 1 or grantee.kind != "ROLE"):
        raise compilation_error("OWNERSHIP is granted alone, and to a role.", "003001", "42501")
    if objects.future:
        _require_manager(request, objects)
        request.server.future_grants.add(_future(objects, grantee, option))
    elif objects.privileges == [OWNERSHIP]:
        for target in objects.found:
            _transfer(request, target, grantee, current)
    else:
        request.server.grants.add(
            Grant(privilege, target, grantee, option, grantor(request, privilege, target))
            for target in objects.found
            for privilege in expand(objects.privileges, target.kind)
        )
    return done()


def _future(objects: Objects, grantee: Grantee, option: bool = False) -> list[FutureGrant]:
    kind = str(objects.future)
    return [FutureGrant(name, kind, *objects.place, grantee, option) for name in expand(objects.privileges, kind)]


def grantor(request: Request, privilege: str, target: Securable) -> str:
    """In whose name the session grants: the owner's, or that of a role with grant option. Raises 003001."""
    grants = request.server.grants
    who = grants.principals(request.session)
    owner = grants.owner(target)
    if target == ACCOUNT:
        if grants.manages(who):
            return request.session.role
    elif owner in who or (owner.kind == "ROLE" and grants.manages(who)):
        return owner.name
    for held in grants.on(target):
        if held.grant_option and held.privilege == privilege and held.to in who:
            return held.to.name
    raise _insufficient(target)


def _insufficient(target: Securable) -> SqlError:
    message = f"SQL access control error:\nInsufficient privileges to operate on {target.kind.lower()} '{target}'"
    return SqlError(message, "003001", "42501")


def _require_manager(request: Request, objects: Objects) -> None:
    """Future grants are given by who manages grants. Raises 003001."""
    database, schema = objects.place
    place = Securable("SCHEMA", schema, database) if schema else Securable("DATABASE", database)
    grants = request.server.grants
    who = grants.principals(request.session)
    owner = grants.owner(place)
    inside = owner.kind == "APPLICATION" and owner in who
    if not inside and (owner.kind == "APPLICATION" or not grants.manages(who)):
        raise _insufficient(place)


def _transfer(request: Request, target: Securable, to: Grantee, current: str | None) -> None:
    """Raises 003036 when grants hang on the object and the statement does not say what becomes of them."""
    grants, tasks = request.server.grants, request.server.tasks
    owner = grants.owner(target)
    who = grants.principals(request.session)
    if owner.kind != "ROLE" or not (owner in who or grants.manages(who)):
        raise _insufficient(target)
    if owner == to:
        return
    dependent = grants.on(target)
    if dependent and current is None:
        raise _dependent(dependent[0], True)
    with request.server.catalogue.transaction():
        if current == "REVOKE CURRENT GRANTS":
            grants.forget(target)
        grants.add(replace(held, granted_by=to.name) for held in grants.on(target))
        grants.set_owner(target, to)
        if target.kind == "TASK":
            task = tasks.store.tasks()[Name(target.database, target.schema, target.name)]
            tasks.store.save(replace(task, started=False, suspended_on=datetime.now(UTC)))
    tasks.scheduler.wake()


def _dependent(held: Grant, transfer: bool) -> SqlError:
    message = (
        f"SQL execution error: Dependent grant of privilege '{held.privilege}' on securable '{held.on}' to "
        f"{held.to.kind.lower()} '{held.to}' exists. It must be revoked first. More than one dependent grant may "
        "exist: use 'SHOW GRANTS' command to view them."
    )
    if transfer:
        message += (
            " To revoke all dependent grants while transferring object ownership, use convenience command "
            "'GRANT OWNERSHIP ON <target_objects> TO <target_role> REVOKE CURRENT GRANTS'."
        )
    return SqlError(message, "003036", "23001")


@statement("REVOKE [GRANT OPTION FOR]")
def revoke(request: Request) -> Result:
    words = request.words
    objects = read_objects(request)
    words.expect("FROM")
    if words.accept("SHARE"):
        return done()
    grantee = read_grantee(request)
    cascade = words.accept("CASCADE", "RESTRICT") == "CASCADE"
    words.end()
    if OWNERSHIP in objects.privileges and not objects.future:
        raise compilation_error(
            "OWNERSHIP cannot be revoked; GRANT OWNERSHIP gives it to another role.", "003001", "42501"
        )
    if objects.future:
        _require_manager(request, objects)
        request.server.future_grants.remove(_future(objects, grantee))
        return done()
    with request.server.catalogue.transaction():
        for target in objects.found:
            for privilege in expand(objects.privileges, target.kind):
                grantor(request, privilege, target)
                _take(request, privilege, target, grantee, cascade)
    return done()


def _take(request: Request, privilege: str, target: Securable, grantee: Grantee, cascade: bool) -> None:
    """Revoke one privilege, and with CASCADE what its holder has granted further. Raises 003036 without."""
    grants = request.server.grants
    held = next((one for one in grants.on(target) if (one.privilege, one.to) == (privilege, grantee)), None)
    if held is None:
        return
    if held.grant_option and grantee != grants.owner(target):
        for given in grants.on(target):
            if given.privilege == privilege and given.granted_by == grantee.name and given.to != grantee:
                if not cascade:
                    raise _dependent(given, False)
                _take(request, privilege, target, given.to, cascade)
    if request.has("GRANT OPTION FOR") and held.to == grantee:
        grants.add([replace(held, grant_option=False)])
    else:
        grants.remove(target, grantee, [privilege])
