"""The system functions of references: a consumer makes a handle, the application's callback binds it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from emulator.applications import references
from emulator.functions import function

if TYPE_CHECKING:
    from emulator.session import Session


@function("SYSTEM$REFERENCE")
def reference(session: Session, arguments: list[str]) -> str:
    return references.handle(session, *arguments)


@function("SYSTEM$SET_REFERENCE")
def set_reference(session: Session, arguments: list[str]) -> str:
    return references.associate(session, *arguments, replace=True)


@function("SYSTEM$ADD_REFERENCE")
def add_reference(session: Session, arguments: list[str]) -> str:
    return references.associate(session, *arguments, replace=False)


@function("SYSTEM$REMOVE_REFERENCE", "SYSTEM$REMOVE_ALL_REFERENCES")
def remove_reference(session: Session, arguments: list[str]) -> str:
    references.remove(session, *arguments)
    return "Statement executed successfully."


@function("SYSTEM$GET_ALL_REFERENCES")
def all_references(session: Session, arguments: list[str]) -> str:
    name, *details = arguments
    bound = references.bound(session, name)
    if details and str(details[0]).lower() == "true":
        keys = ("database", "schema", "name")
        found = [{"alias": item.name, **dict(zip(keys, item.definition["on"], strict=True))} for item in bound]
        return json.dumps(found)
    return json.dumps([item.name for item in bound])


@function("SYSTEM$GET_REFERENCED_OBJECT_ID_HASH")
def object_hash(session: Session, arguments: list[str]) -> str:
    name, _ = references.resolve(session, *arguments)
    return hashlib.sha256(str(name).encode()).hexdigest()
