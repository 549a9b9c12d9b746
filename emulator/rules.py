"""What Snowflake refuses before it looks at a statement's meaning: an app that passes here can be installed there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from emulator.errors import SqlError, compilation_error, unsupported

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

Rule = Callable[["Server", "Session", str], None]
RULES: list[Rule] = []

# "Understanding caller's rights and owner's rights stored procedures", restrictions on owner's rights
_OWNER_MAY_NOT: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"use\b", re.IGNORECASE), "USE"),
    (re.compile(r"alter\s+session\b", re.IGNORECASE), "ALTER_SESSION"),
    (re.compile(r"(?:un)?set\s+\(?\s*\w+", re.IGNORECASE), "SET"),
    (re.compile(r"show\s+(?:parameters|locks|transactions|variables)\b", re.IGNORECASE), "SHOW"),
    (re.compile(r"show\s+grants\s*$", re.IGNORECASE), "SHOW_GRANT"),
    (re.compile(r"(?:put|get)\b", re.IGNORECASE), "FILE_TRANSFER"),
]
_TEMPORARY = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:local\s+|global\s+|scoped\s+)?temp(?:orary)?\s+(?:table|view|stage)",
    re.IGNORECASE,
)
_OR_ALTER = re.compile(r"create\s+or\s+alter\s+(?:transient\s+|secure\s+)?(table|view)\b", re.IGNORECASE)
_IN_APPLICATION_FUNCTIONS = re.compile(r"\bcurrent_(?:warehouse|ip_address|client)\s*\(", re.IGNORECASE)


def rule(function: Rule) -> Rule:
    RULES.append(function)
    return function


@rule
def not_emulated(_: Server, __: Session, text: str) -> None:
    """The parser reads OR ALTER as OR REPLACE, which would lose the rows."""
    if found := _OR_ALTER.match(text):
        raise unsupported(f"CREATE OR ALTER {found[1].upper()} in the local Snowflake")


@rule
def owner_rights(_: Server, session: Session, text: str) -> None:
    """Owner's rights procedures run neither USE nor anything that reads or changes the caller's session."""
    if not session.owner_rights:
        return
    for pattern, kind in _OWNER_MAY_NOT:
        if pattern.match(text):
            raise SqlError(f"Stored procedure execution error: Unsupported statement type '{kind}'.", "090236", "42601")


@rule
def application_code(_: Server, session: Session, text: str) -> None:
    """Code of an application creates no temporary object and does not ask for the caller's context."""
    if not session.application:
        return
    if _TEMPORARY.match(text):
        raise compilation_error("Unsupported feature 'TEMPORARY object in an application'.", "000002", "0A000")
    if _IN_APPLICATION_FUNCTIONS.search(text):
        raise compilation_error("Unsupported feature 'session context function in an application'.", "000002", "0A000")
