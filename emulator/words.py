"""Reading a statement word by word: enough grammar for the statements that the local Snowflake answers itself."""

from __future__ import annotations

import re
from functools import lru_cache

from sqlglot import tokenize
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from emulator.errors import compilation_error, syntax_error
from emulator.names import quote, split

_SPACE = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_FIRST = re.compile(r"[A-Za-z]+")
_LOCATION = re.compile(r"'((?:[^']|'')*)'|(\S+)")
_LOCAL_FILE = re.compile(r"(?<=\s)file://\S+", re.IGNORECASE)  # `//` and `/*` in it begin no comment
_STRINGS = (TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING)

Value = str | list[str]


def strip(text: str) -> str:
    """The statement without the comments and spaces before it and the semicolons after it."""
    start = _SPACE.match(text)
    return text[start.end() if start else 0 :].rstrip().rstrip(";").rstrip()


@lru_cache(maxsize=2048)
def first_word(text: str) -> str:
    match = _FIRST.match(text)
    return match[0].upper() if match else ""


@lru_cache(maxsize=512)
def _tokens(text: str) -> tuple[Token, ...]:
    """The tokens after the first word; sqlglot would read it, or the next, as the start of an opaque command."""
    first, rest = first_word(text), text[len(first_word(text)) :]
    if first in ("PUT", "GET"):
        rest = _LOCAL_FILE.sub(lambda path: "_" * len(path[0]), rest)
    try:
        _, *tokens = tokenize(f"({rest}", read="snowflake")
    except TokenError as error:
        raise compilation_error(f"parse error: {error}") from None
    moved = (Token(one.token_type, one.text, one.line, one.col, one.start - 1, one.end - 1) for one in tokens)
    return tuple(word for token in moved for word in _single_words(token))


def _single_words(token: Token) -> list[Token]:
    """sqlglot reads FILE FORMAT, ORDER BY and others as one token."""
    if " " not in token.text or token.token_type in (*_STRINGS, TokenType.IDENTIFIER):
        return [token]
    return [
        Token(TokenType.VAR, word[0], token.line, token.col, token.start + word.start(), token.start + word.end() - 1)
        for word in re.finditer(r"\S+", token.text)
    ]


class Words:
    """A cursor over the words of one statement. What is not as expected raises Snowflake's syntax error."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.first = first_word(text)
        self._offset = len(self.first)
        self._tokens = _tokens(text)
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._at >= len(self._tokens)

    def _peek(self, ahead: int = 0) -> str:
        """The word ahead in upper case; empty for a string, a quoted identifier and the end."""
        if self._at + ahead >= len(self._tokens):
            return ""
        token = self._tokens[self._at + ahead]
        return "" if token.token_type in (*_STRINGS, TokenType.IDENTIFIER) else token.text.upper()

    @property
    def position(self) -> int:
        """Where the next word starts in the text."""
        return len(self.text) if self.ended else self._offset + self._tokens[self._at].start

    @property
    def consumed(self) -> int:
        """Where the last word that was read ends in the text."""
        return self._offset + (self._tokens[self._at - 1].end + 1 if self._at else 0)

    def unexpected(self) -> Exception:
        before = self.text[: self.position]
        word = "<EOF>" if self.ended else self._tokens[self._at].text
        return syntax_error(before.count("\n") + 1, len(before) - before.rfind("\n") - 1, word)

    def accept(self, *phrases: str) -> str | None:
        """Consume the first of the phrases that stands here, and return it."""
        for phrase in phrases:
            words = phrase.split()
            if all(self._peek(i) == word for i, word in enumerate(words)):
                self._at += len(words)
                return phrase
        return None

    def sees(self, phrase: str, ahead: int = 0) -> bool:
        return all(self._peek(ahead + i) == word for i, word in enumerate(phrase.split()))

    def expect(self, *phrases: str) -> str:
        found = self.accept(*phrases)
        if found is None:
            raise self.unexpected()
        return found

    def end(self) -> None:
        if not self.ended:
            raise self.unexpected()

    def _take(self) -> Token:
        if self.ended:
            raise self.unexpected()
        self._at += 1
        return self._tokens[self._at - 1]

    def identifier(self) -> str:
        token = self._take()
        if token.token_type is TokenType.IDENTIFIER and token.text:
            return token.text
        if not re.fullmatch(r"[\w$]+", token.text) or token.token_type in _STRINGS:
            self._at -= 1
            raise self.unexpected()
        return token.text.upper()

    def name(self) -> list[str]:
        """The folded parts of a dotted name; `IDENTIFIER('a.b')` too."""
        if self.accept("IDENTIFIER ("):
            parts = split(self.string())
            self.expect(")")
            return parts
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return parts

    def string(self) -> str:
        token = self._take()
        if token.token_type not in _STRINGS:
            self._at -= 1
            raise self.unexpected()
        return token.text

    def sees_string(self) -> bool:
        return not self.ended and self._tokens[self._at].token_type in _STRINGS

    def word(self) -> str:
        """The next word whatever it is, unquoted."""
        return self._take().text

    def rest(self) -> str:
        """The source text from here to the end."""
        text = self.text[self.position :]
        self._at = len(self._tokens)
        return text

    def balanced(self) -> str:
        """The source text inside the parentheses that open here."""
        self.expect("(")
        start, depth = self.position, 1
        while depth:
            token = self._take()
            depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        return self.text[start : self._offset + self._tokens[self._at - 1].start]

    def until(self, *stops: str) -> str:
        """The source text up to the first of the words outside brackets, or to the end."""
        start, depth = self.position, 0
        while not self.ended and (depth or self._peek() not in stops):
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(self._peek(), 0)
            self._at += 1
        return self.text[start : self.position].strip()

    def location(self) -> str:
        """A stage location or a file: quoted, or up to the next space."""
        match = _LOCATION.match(self.text, self.position)
        if not match:
            raise self.unexpected()
        while not self.ended and self.position < match.end():
            self._at += 1
        return match[1].replace("''", "'") if match[1] is not None else match[2]

    def options(self) -> dict[str, Value]:
        """Properties `KEY = value`, `KEY = (value, ..)` to the end; keys in upper case, plain words as written."""
        found: dict[str, Value] = {}
        while not self.ended:
            key = self.identifier()
            self.expect("=")
            found[key] = self.values() if self.sees("(") else self.value()
            self.accept(",")
        return found

    def group(self) -> dict[str, Value]:
        """Properties `KEY = value` in parentheses."""
        self.expect("(")
        found: dict[str, Value] = {}
        while not self.accept(")"):
            key = self.identifier()
            self.expect("=")
            found[key] = self.values() if self.sees("(") else self.value()
            self.accept(",")
        return found

    def dotted(self) -> str:
        """A name as a string, or as it is written."""
        if self.sees_string():
            return self.string()
        return ".".join(quote(part) for part in self.name())

    def value(self) -> str:
        sign = self.accept("-") or ""
        return sign + self._take().text

    def values(self) -> list[str]:
        self.expect("(")
        values: list[str] = []
        while not self.accept(")"):
            values.append(self.value())
            if self.accept("="):
                values[-1] += "=" + self.value()
            self.accept(",")
        return values
