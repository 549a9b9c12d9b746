"""From a statement's text to its result: refuse, commit before a definition, then handle or forward to DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from emulator import statement, statements, table_functions
from emulator.engine.binds import Rows, place
from emulator.loading import queries as stage_queries
from emulator.result import Column, Result
from emulator.rules import RULES
from emulator.selection import selection
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
    shown = selection(text) if first_word(text) == "SHOW" else None
    found = statement.find(shown.text if shown else text)
    if "?" in text or "IDENTIFIER" in text.upper():
        text, rows = place(text, rows, first_word(text), everywhere=found is not None and first_word(text) != "CALL")
        shown = selection(text) if shown else None
        found = statement.find(shown.text if shown else text)
    if describe_only:
        return _describe(server, session, text, found)
    if _DEFINING.match(text) and session.connection.in_transaction:
        session.connection.commit(session)
    if found is None:
        return forward(server, session, text, rows)
    kind, words, present = found
    result = kind.handler(statement.Request(server, session, text, words, present, rows))
    return shown.of(result) if shown else result


def forward(server: Server, session: Session, text: str, rows: Rows | None) -> Result:
    """Leave the statement to DuckDB, with the rows of functions and of files as relations."""
    with _relations(server, session, text, rows) as (expanded, binds):
        return session.connection.execute(session, expanded, binds)


@contextmanager
def _relations(server: Server, session: Session, text: str, rows: Rows | None) -> Iterator[tuple[str, Rows | None]]:
    with ExitStack() as stack:
        if table_functions.mentioned(text):
            functions = stack.enter_context(closing(table_functions.Expansion(server, session, text, rows)))
            text, rows = functions.text, functions.rows
        if stage_queries.mentioned(text):
            text = stack.enter_context(closing(stage_queries.StageRelations(session, text))).text
        yield text, rows


def _describe(
    server: Server, session: Session, text: str, found: tuple[statement.Kind, Words, set[str]] | None
) -> Result:
    if found is None:
        with _relations(server, session, text, None) as (expanded, _):
            return session.connection.describe(session, expanded)
    kind, words, present = found
    if first_word(text) in _READ_ONLY:
        return Result(kind.handler(statement.Request(server, session, text, words, present)).columns)
    if first_word(text) == "CALL":
        return kind.handler(statement.Request(server, session, text, words, present, describe_only=True))
    return Result([Column("status")])
