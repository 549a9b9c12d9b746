"""The words of a block, with their places in its text."""

from __future__ import annotations

import re
from typing import ClassVar

from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import TokenError
from sqlglot.tokens import Token, TokenType

from emulator.scripting.errors import ScriptingError, syntax_error
from emulator.scripting.syntax import Fragment, Place, Reference

STRINGS = (TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING)
_WORD = re.compile(r"[^\W\d][\w$]*")
_OPERAND_ENDS = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.NUMBER, *STRINGS)


class _Tokenizer(Snowflake.Tokenizer):
    # sqlglot swallows what follows CALL, SHOW, EXECUTE up to a semicolon as one string
    COMMANDS: ClassVar[set[TokenType]] = set()


def is_word(token: Token) -> bool:
    """A name or a keyword, quoted or not."""
    if token.token_type is TokenType.IDENTIFIER:
        return True
    return token.token_type not in STRINGS and _WORD.fullmatch(token.text) is not None


def folded(token: Token) -> str:
    return token.text if token.token_type is TokenType.IDENTIFIER else token.text.upper()


class Tokens:
    """A cursor over the tokens of a text. What is not as expected raises Snowflake's syntax error."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        try:
            self.tokens: list[Token] = _Tokenizer().tokenize(text)
        except TokenError as error:
            raise ScriptingError(f"SQL compilation error:\nparse error: {error}", "001003", "42000", 1, 0) from None

    def word(self, ahead: int = 0) -> str:
        """The token ahead in upper case; empty for a string, a quoted identifier and the end."""
        return self.word_at(self.at + ahead)

    def word_at(self, index: int) -> str:
        if not 0 <= index < len(self.tokens):
            return ""
        token = self.tokens[index]
        return "" if token.token_type in (*STRINGS, TokenType.IDENTIFIER) else token.text.upper()

    def place(self, index: int | None = None) -> Place:
        index = self.at if index is None else index
        before = self.text[: self.tokens[index].start] if index < len(self.tokens) else self.text
        return Place(before.count("\n") + 1, len(before) - before.rfind("\n") - 1)

    def unexpected(self, index: int | None = None) -> ScriptingError:
        index = self.at if index is None else index
        place = self.place(index)
        return syntax_error(
            place.line, place.position, self.tokens[index].text if index < len(self.tokens) else "<EOF>"
        )

    def accept(self, *words: str) -> bool:
        """Consume the words when they stand here, one after the other."""
        if any(self.word(i) != word for i, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise self.unexpected()

    def name(self) -> str:
        """A variable's name, folded."""
        if self.at >= len(self.tokens) or not is_word(self.tokens[self.at]):
            raise self.unexpected()
        self.at += 1
        return folded(self.tokens[self.at - 1])

    def find(self, *stops: str) -> int:
        """The index of the first of the words outside parentheses and CASE .. END, from here.

        Raises a syntax error at the next semicolon or the end of the text.
        """
        depth = cases = 0
        index = self.at
        while index < len(self.tokens):
            word = self.word_at(index)
            if depth == 0 and cases == 0 and word in stops:
                return index
            if word == ";" or (word == "END" and depth == 0 and cases == 0):
                break
            depth += (word in ("(", "[", "{")) - (word in (")", "]", "}"))
            cases += (word == "CASE") - (word == "END" and cases > 0)
            index += 1
        raise self.unexpected(index)

    def source(self, start: int, end: int) -> str:
        """The text of the tokens from `start` up to, not including, `end`."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end + 1]

    def fragment(self, start: int, end: int, expression: bool) -> Fragment:
        """The SQL of a range of tokens with its variables: `:x` everywhere, plain names in expressions only."""
        if start >= end:
            raise self.unexpected(start)
        pieces: list[str | Reference] = []
        offset = self.tokens[start].start
        index = start
        query_depths: list[int] = []  # a name inside a sub-query is a column's
        depth = 0
        while index < end:
            word = self.word_at(index)
            if word == "(":
                depth += 1
                if self.word_at(index + 1) in ("SELECT", "WITH"):
                    query_depths.append(depth)
            elif word == ")":
                if query_depths and query_depths[-1] == depth:
                    query_depths.pop()
                depth -= 1
            found = self._reference(index, start, end, plain=expression and not query_depths)
            if found is None:
                index += 1
                continue
            reference, last = found
            pieces += [self.text[offset : self.tokens[index].start], reference]
            offset = self.tokens[last].end + 1
            index = last + 1
        pieces.append(self.text[offset : self.tokens[end - 1].end + 1])
        return tuple(piece for piece in pieces if piece != "")

    def _reference(self, index: int, start: int, end: int, plain: bool) -> tuple[Reference, int] | None:
        """The variable that begins at the token, and its last token."""
        token = self.tokens[index]
        if token.token_type is TokenType.COLON:
            return self._marked(index, start, end)
        if not plain or not is_word(token) or self._names_something_else(index, start, end):
            return None
        if index + 2 < end and self.word_at(index + 1) == "." and is_word(self.tokens[index + 2]):
            member = folded(self.tokens[index + 2])
            return Reference(folded(token), self.source(index, index + 3), False, member), index + 2
        return Reference(folded(token), self.source(index, index + 1), False), index

    def _marked(self, index: int, start: int, end: int) -> tuple[Reference, int] | None:
        colon = self.tokens[index]
        if index + 1 >= end or not is_word(self.tokens[index + 1]) or self.tokens[index + 1].start != colon.end + 1:
            return None
        before = self.tokens[index - 1] if index > start else None
        if before and before.end + 1 == colon.start and (is_word(before) or before.token_type in _OPERAND_ENDS):
            return None  # `value:path`
        return Reference(folded(self.tokens[index + 1]), self.source(index, index + 2), True), index + 1

    def _names_something_else(self, index: int, start: int, end: int) -> bool:
        """Whether a word is a member, a path, a type, a function or a parameter's name."""
        before = self.word_at(index - 1) if index > start else ""
        after = self.word_at(index + 1) if index + 1 < end else ""
        return before in (".", "::", ":", "AS") or after in ("(", "=>")
