"""`FROM @stage/path (FILE_FORMAT => .., PATTERN => ..)`: a query reads the files of a stage as it reads a table."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import tokenize
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from emulator.errors import compilation_error
from emulator.loading import files, formats
from emulator.names import Name, quote
from emulator.words import Words, first_word

if TYPE_CHECKING:
    from emulator.session import Session

_MENTIONED = re.compile(r"\b(?:from|join)\s+'?@", re.IGNORECASE)
_LOCATION = re.compile(r"@(?:\"[^\"]*\"|[^\s\"(),;])+")
_SCHEMA = "INFORMATION_SCHEMA"


def mentioned(text: str) -> bool:
    """Whether the text may read from a stage: spares reading those that do not."""
    return "@" in text and _MENTIONED.search(text) is not None


class StageRelations:
    """A statement whose locations are names of temporary views on the files; `close` drops them."""

    def __init__(
        self, session: Session, text: str, file_format: formats.FileFormat | None = None, file: Path | None = None
    ) -> None:
        """COPY tells the format, and which of the location's files."""
        self.text = text
        self._session = session
        self._format = file_format
        self._file = file
        self._views: list[str] = []
        for start, end, location, options in reversed(_locations(text)):
            relation = self._open(location, options)
            self.text = self.text[:start] + relation + self.text[end:]

    def _open(self, location: str, options: dict[str, str]) -> str:
        session = self._session
        name, below = files.locate(session, location)
        chosen = self._format or formats.chosen(session, options.get("FILE_FORMAT"), files.stage_format(session, name))
        shown = [
            item
            for item in files.shown_files(session, name, below, options.get("PATTERN"))
            if self._file in (None, item[1])
        ]
        if not shown:
            raise compilation_error(f"No file found at '{location}'.", "100072", "02000")
        rows = " union all by name ".join(f"({chosen.rows(path, listed)})" for listed, path in shown)
        return self._add(name, self._numbered(chosen, rows))

    def _add(self, stage: Name, query: str) -> str:
        """Make a view of the connection. Returns its name for a statement."""
        session = self._session
        view = f"STAGE${len(self._views)}"
        session.connection.native(session, f"create or replace temp view {quote(view)} as {query}")
        database = session.database or stage.database
        session.connection.temporary.add((database, _SCHEMA, view))
        self._views.append(view)
        return f"{quote(database)}.{_SCHEMA}.{quote(view)}"

    def _numbered(self, chosen: formats.FileFormat, query: str) -> str:
        """The query with its own columns called COLUMN1, COLUMN2, .. whatever the file's reader called them."""
        described = self._session.connection.native(self._session, f"describe {query}").to_pylist()
        own = [row["column_name"] for row in described if not row["column_name"].startswith("METADATA$")]
        renamed = ", ".join(f"{chosen.field(quote(name))} as COLUMN{i}" for i, name in enumerate(own, start=1))
        return f'select {renamed}, "{formats.FILE_NAME}", "{formats.ROW_NUMBER}" from ({query})'

    def close(self) -> None:
        for view in self._views:
            self._session.connection.native(self._session, f"drop view if exists temp.main.{quote(view)}")


def _locations(text: str) -> list[tuple[int, int, str, dict[str, str]]]:
    """The places of locations after FROM and JOIN, each with its options."""
    offset = len(first_word(text))
    try:
        tokens = tokenize(text[offset:], read="snowflake")
    except TokenError:
        return []
    found: list[tuple[int, int, str, dict[str, str]]] = []
    for before, token in pairwise(tokens):
        if before.text.upper() not in ("FROM", "JOIN"):
            continue
        start = offset + token.start
        if token.token_type is TokenType.STRING and token.text.startswith("@"):
            location, end = token.text, offset + token.end + 1
        elif match := _LOCATION.match(text, start):
            location, end = match[0], match.end()
        else:
            continue
        end, options = _options(text, tokens, end, offset)
        found.append((start, end, location, options))
    return found


def _options(text: str, tokens: list[Token], end: int, offset: int) -> tuple[int, dict[str, str]]:
    following = [token for token in tokens if offset + token.start >= end]
    if not following or following[0].token_type is not TokenType.L_PAREN:
        return end, {}
    words = Words("FROM" + text[end:])
    options: dict[str, str] = {}
    words.expect("(")
    while not words.accept(")"):
        key = words.identifier()
        words.expect("=>")
        options[key] = words.dotted()
        words.accept(",")
    return end + words.consumed - len("FROM"), options
