"""From a statement's text to its result: refuse, commit before a definition, then handle or forward to DuckDB."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

from emulator import statement, statements, table_functions
from emulator.engine.binds import Rows
from emulator.result import Column, Result
from emulator.rules import RULES
from emulator.words import Words, first_word, strip

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

_DEFINING = re.compile(r"(?:create|drop|alter(?!\s+session)|undrop|comment|grant|revoke)\b", re.IGNORECASE)
_READ_ONLY = {"SHOW", "DESCRIBE", "DESC", "LIST", "LS"}

statements.load()


def execute(
    server: Server,
    session: Session,
    text: str,
    rows: Rows | None = None,
    describe_only: bool = False,
) -> Result:
    """Run one statement. With `describe_only` nothing changes and no rows come back. Raises SqlError."""
    text = strip(text)
    for rule in RULES:
        rule(server, session, text)
    found = statement.find(text)
    if describe_only:
        return _describe(server, session, text, found)
    if _DEFINING.match(text) and session.connection.in_transaction:
        session.connection.commit(session)
    if found is None:
        return _forward(server, session, text, rows)
    kind, words, present = found
    return kind.handler(statement.Request(server, session, text, words, present, rows))


def _forward(server: Server, session: Session, text: str, rows: Rows | None) -> Result:
    if not table_functions.mentioned(text):
        return session.connection.execute(session, text, rows)
    with closing(table_functions.Expansion(server, session, text, rows)) as expanded:
        return session.connection.execute(session, expanded.text, expanded.rows)


def _describe(
    server: Server, session: Session, text: str, found: tuple[statement.Kind, Words, set[str]] | None
) -> Result:
    if found is None:
        if not table_functions.mentioned(text):
            return session.connection.describe(session, text)
        with closing(table_functions.Expansion(server, session, text, None)) as expanded:
            return session.connection.describe(session, expanded.text)
    kind, words, present = found
    if first_word(text) in _READ_ONLY:
        return Result(kind.handler(statement.Request(server, session, text, words, present)).columns)
    if first_word(text) == "CALL":
        return kind.handler(statement.Request(server, session, text, words, present, describe_only=True))
    return Result([Column("status")])
