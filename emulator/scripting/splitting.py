"""The statements of a text that semicolons part."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.scripting.errors import ScriptingError
from emulator.scripting.parser import TRANSACTION, block_end
from emulator.scripting.tokens import Tokens

_WITH_BODY = ("PROCEDURE", "TASK")


@dataclass(frozen=True, slots=True)
class Part:
    """One statement of several: its text, where it begins, and how many `?` it has."""

    text: str
    line: int
    position: int
    binds: int


def split_statements(text: str) -> list[Part]:
    """The statements of a text. A block is one, and so is a text that cannot be read: it fails when it runs."""
    whole = [Part(text, 1, 0, text.count("?"))]
    if ";" not in text.rstrip("; \r\n\t"):
        return whole
    try:
        tokens = Tokens(text)
    except ScriptingError:
        return whole
    parts: list[Part] = []
    start = index = 0
    count = len(tokens.tokens)
    while index <= count:
        if index < count and tokens.word_at(index) != ";":
            index = _after_block(tokens, start, index)
            continue
        if index > start:
            place = tokens.place(start)
            binds = sum(tokens.word_at(at) == "?" for at in range(start, index))
            parts.append(Part(tokens.source(start, index), place.line, place.position, binds))
        start = index = index + 1
    return parts or whole


def _after_block(tokens: Tokens, start: int, index: int) -> int:
    """The token after this one, or after the block that begins at it; the end when the block cannot be read."""
    if not _begins_block(tokens, start, index):
        return index + 1
    try:
        return block_end(tokens, index)
    except ScriptingError:
        return len(tokens.tokens)


def _begins_block(tokens: Tokens, start: int, index: int) -> bool:
    word, after = tokens.word_at(index), tokens.word_at(index + 1)
    if word != "DECLARE" and (word != "BEGIN" or after in TRANSACTION):
        return False
    if index == start:
        return True
    created = tokens.word_at(start) == "CREATE" and tokens.word_at(index - 1) == "AS"
    return created and any(tokens.word_at(at) in _WITH_BODY for at in range(start, index))
