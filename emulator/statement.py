"""The kinds of statements that the local Snowflake answers itself. Everything else is DuckDB's.

A module in `emulator/statements/` registers a kind with the words it begins with:

    @statement("CREATE [OR REPLACE] [TEMPORARY|TEMP] STAGE [IF NOT EXISTS]")
    def create_stage(request: Request) -> Result: ...

Words are matched in order; a group in brackets may be absent, `A|B` are alternatives. Of two kinds that match, the one
with more words outside brackets wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.engine.binds import Rows
from emulator.result import Result
from emulator.words import Words, first_word

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

_HEAD = 1000
_ITEM = re.compile(r"\[([^\]]+)\]|(\S+)")


@dataclass(slots=True)
class Request:
    """A statement of a registered kind on its way to its handler; `words` stand after the kind's own words."""

    server: Server
    session: Session
    text: str
    words: Words
    present: set[str] = field(default_factory=set)
    rows: Rows | None = None
    describe_only: bool = False

    def has(self, group: str) -> bool:
        """Whether an optional group of the kind's pattern is there, e.g. `OR REPLACE`."""
        return group in self.present

    def query(self, text: str) -> Result:
        """Run another statement in the same session."""
        return self.server.execute(self.session, text)

    def forward(self) -> Result:
        """Leave the statement to DuckDB."""
        return self.server.forward(self.session, self.text, self.rows)


Handler = Callable[[Request], Result]


@dataclass(frozen=True, slots=True)
class Kind:
    items: tuple[tuple[bool, tuple[str, ...]], ...]  # (required, alternatives)
    handler: Handler
    pattern: str

    @property
    def weight(self) -> int:
        return sum(required for required, _ in self.items)

    def may_match(self, head: str) -> bool:
        """Whether the required words stand anywhere in the beginning of the text: spares reading the rest."""
        return all(any(word in head for word in " ".join(words).split()) for required, words in self.items if required)

    def match(self, words: Words) -> set[str] | None:
        """The optional groups that are present, when the words are of this kind."""
        present: set[str] = set()
        for required, alternatives in self.items:
            found = words.accept(*alternatives)
            if found is None and required:
                return None
            if found is not None and not required:
                present.add(found)
        return present


_KINDS: dict[str, list[Kind]] = {}


def statement(*patterns: str) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of statements."""

    def register(handler: Handler) -> Handler:
        for pattern in patterns:
            first, _, rest = pattern.partition(" ")
            items = tuple((bool(word), tuple((group or word).split("|"))) for group, word in _ITEM.findall(rest))
            for opening in first.split("|"):
                kinds = _KINDS.setdefault(opening, [])
                kinds.append(Kind(items, handler, pattern))
                kinds.sort(key=lambda kind: -kind.weight)
        return handler

    return register


def find(text: str) -> tuple[Kind, Words, set[str]] | None:
    """The kind of a statement, the words after it, and its optional groups; None for DuckDB's statements."""
    kinds = _KINDS.get(first_word(text))
    if not kinds:
        return None
    head = text[:_HEAD].upper()
    for kind in kinds:
        if not kind.may_match(head):
            continue
        words = Words(text)
        present = kind.match(words)
        if present is not None:
            return kind, words, present
    return None
