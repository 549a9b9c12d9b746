"""References: how a consumer hands one object to an application without telling it a name."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from emulator.catalogue import Object
from emulator.errors import SqlError, compilation_error, does_not_exist
from emulator.grants import Securable
from emulator.names import Name, split

if TYPE_CHECKING:
    from emulator.session import Session

_HANDLE = "REFERENCE HANDLE"  # what SYSTEM$REFERENCE returns, an object of the account
_BOUND = "REFERENCE"  # an object of the application's database: the alias; its signature is the reference's name
_RELATIONS = ("TABLE", "VIEW", "EXTERNAL TABLE")


def handle(session: Session, kind: str, name: str, scope: str = "CALL", *privileges: str) -> str:
    """The text that stands for an object of the caller's. Raises 002003 when the caller may not use it so."""
    kind = kind.upper()
    securable = _securable(session, kind, name)
    for privilege in privileges or ("USAGE",):
        if securable.schema and not session.server.grants.allowed(session, privilege.upper(), securable):
            raise does_not_exist("Object", securable)
    definition = {
        "kind": kind,
        "on": [securable.database, securable.schema, securable.name],
        "privileges": [privilege.upper() for privilege in privileges],
        "scope": scope.upper(),
    }
    digest = hashlib.sha256(json.dumps(definition).encode()).hexdigest()[:40].upper()
    token = f"ENT_REF_{kind.replace(' ', '_')}_{digest}"
    session.server.catalogue.put(Object(_HANDLE, token, owner=session.role, definition=definition))
    return token


def _securable(session: Session, kind: str, name: str) -> Securable:
    parts = split(name)
    if kind not in _RELATIONS:
        return Securable(kind, parts[-1])
    full = session.name(parts, "SYSTEM$REFERENCE")
    found = session.server.databases.relation_kind(full)
    if found is None or (found == "VIEW") != (kind == "VIEW"):
        raise does_not_exist(kind.title(), full)
    return Securable(found, full.name, full.database, full.schema)


def _definition(session: Session, reference: str) -> dict[str, Any]:
    """What the manifest says about a reference. Raises 505026 for a name that it does not have."""
    if session.application:
        application = session.server.applications.get(session.application)
        found = application.definition["manifest"]["references"].get(reference.upper())
        if found is not None:
            return found
    raise compilation_error(
        f"Reference definition '{reference.upper()}' cannot be found in the current version of the application.",
        "505026",
        "42601",
    )


def bound(session: Session, reference: str) -> list[Object]:
    """The associations of a reference of the application whose code runs, in the order of their creation."""
    _definition(session, reference)
    found = session.server.catalogue.find(_BOUND, database=str(session.application), signature=reference.upper())
    return sorted(found, key=lambda item: item.created_on)


def associate(session: Session, reference: str, token: str, replace: bool) -> str:
    """Bind a handle to a reference and return the alias.

    Raises 505026 for an unknown reference, 505028 for a handle that does not fit it, 505030 for a reference with one
    value that has it already.
    """
    asked = _definition(session, reference)
    given = session.server.catalogue.get(_HANDLE, token)
    if given is None:
        raise SqlError(f"Reference string '{token}' is not what SYSTEM$REFERENCE returned.", "505028", "42601")
    d = given.definition
    missing = sorted(set(asked["privileges"]) - set(d["privileges"]))
    if d["kind"] != asked["object_type"] or missing or d["scope"] != "PERSISTENT":
        raise SqlError(
            f"Reference '{reference.upper()}' needs a PERSISTENT reference to a {asked['object_type']} with "
            f"{', '.join(asked['privileges'])}; this one is {d['scope']}, to a {d['kind']} with "
            f"{', '.join(d['privileges']) or 'no privilege'}.",
            "505028",
            "42601",
        )
    existing = bound(session, reference)
    if asked["multi_valued"]:
        for item in existing:
            if item.definition["on"] == d["on"]:
                return item.name
    elif existing and not replace:
        raise SqlError(f"Reference '{reference.upper()}' is set already.", "505030", "42601")
    if replace:
        remove(session, reference)
    item = Object(_BOUND, str(uuid.uuid4()), str(session.application), signature=reference.upper(), definition=d)
    session.server.catalogue.put(item)
    return item.name


def remove(session: Session, reference: str, alias: str | None = None) -> None:
    """Unbind one association, or all of them. Raises 505019 for an alias that the reference does not have."""
    found = [item for item in bound(session, reference) if alias in (None, item.name)]
    if alias is not None and not found:
        raise _unset(reference)
    for item in found:
        session.server.catalogue.drop(item)


def resolve(session: Session, reference: str, alias: str | None = None) -> tuple[Name, list[str]]:
    """The object that a reference stands for, and the privileges on it. Raises 505019 when nothing is bound."""
    found = [item for item in bound(session, reference) if alias in (None, item.name)]
    if not found:
        raise _unset(reference)
    if len(found) > 1:
        raise compilation_error(
            f"Reference '{reference.upper()}' has several values: reference('{reference}', alias) picks one.",
            "505029",
            "42601",
        )
    return Name(*found[0].definition["on"]), found[0].definition["privileges"]


def _unset(reference: str) -> SqlError:
    return compilation_error(f"No reference is set for reference definition '{reference.upper()}'.", "505019", "42601")
