"""Reading a block."""

from __future__ import annotations

import re

from emulator.scripting.errors import ScriptingError
from emulator.scripting.syntax import (
    Assign,
    Block,
    Case,
    Close,
    Count,
    Declare,
    DeclareCursor,
    DeclareException,
    ExecuteImmediate,
    Fetch,
    ForEach,
    Fragment,
    Handler,
    If,
    Leave,
    Loop,
    Nothing,
    Open,
    Place,
    Raise,
    Return,
    SetReturnValue,
    Sql,
    Statement,
)
from emulator.scripting.tokens import STRINGS, Tokens, is_word

TRANSACTION = ("", ";", "TRANSACTION", "WORK", "NAME")  # what follows BEGIN when it starts a transaction
_ENDS = ("END", "EXCEPTION", "ELSEIF", "ELSE", "WHEN", "UNTIL", "")
_QUERIES = (
    "SELECT",
    "WITH",
    "CALL",
    "EXECUTE",
    "SHOW",
    "DESC",
    "DESCRIBE",
    "LIST",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
)
_OPENING = re.compile(
    r"(?:\s+|--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/)*(BEGIN|DECLARE|EXECUTE)\b", re.IGNORECASE | re.DOTALL
)


def is_block(text: str) -> bool:
    """Whether a statement is a scripting block, not the BEGIN of a transaction."""
    opening = _OPENING.match(text)
    if opening is None or opening[1].upper() == "EXECUTE":
        return False
    try:
        tokens = Tokens(text)
    except ScriptingError:
        return opening[1].upper() == "DECLARE"
    return tokens.word() == "DECLARE" or (tokens.word() == "BEGIN" and tokens.word(1) not in TRANSACTION)


def quoted_block(text: str) -> str | None:
    """The block inside `EXECUTE IMMEDIATE $$ .. $$` or `'..'`; None for any other statement."""
    opening = _OPENING.match(text)
    if opening is None or opening[1].upper() != "EXECUTE":
        return None
    tokens = Tokens(text)
    if not tokens.accept("EXECUTE", "IMMEDIATE") or tokens.at >= len(tokens.tokens):
        return None
    token = tokens.tokens[tokens.at]
    alone = all(tokens.word_at(i) == ";" for i in range(tokens.at + 1, len(tokens.tokens)))
    return token.text if token.token_type in STRINGS and alone and is_block(token.text) else None


def parse_block(text: str) -> Block:
    """The block that the text consists of. Raises ScriptingError 001003 with line and position."""
    parser = _Parser(Tokens(text))
    block = parser.block()
    parser.tokens.accept(";")
    if parser.tokens.at < len(parser.tokens.tokens):
        raise parser.tokens.unexpected()
    return block


def block_end(tokens: Tokens, start: int) -> int:
    """The index of the token after the block that begins at a token. Raises ScriptingError when there is none."""
    tokens.at = start
    _Parser(tokens).block()
    return tokens.at


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._statements = {
            "LET": self._let,
            "IF": self._if,
            "CASE": self._case,
            "FOR": self._for,
            "WHILE": self._while,
            "REPEAT": self._repeat,
            "LOOP": self._loop,
            "BREAK": self._leave,
            "EXIT": self._leave,
            "CONTINUE": self._leave,
            "ITERATE": self._leave,
            "RETURN": self._return,
            "RAISE": self._raise,
            "OPEN": self._open,
            "FETCH": self._fetch,
            "CLOSE": self._close,
            "NULL": self._nothing,
        }

    def block(self) -> Block:
        place = self.tokens.place()
        declarations: list[Statement] = []
        if self.tokens.accept("DECLARE"):
            while self.tokens.word() != "BEGIN":
                declarations.append(self._declaration())
                self.tokens.expect(";")
        self.tokens.expect("BEGIN")
        body = self._body()
        handlers: list[Handler] = []
        if self.tokens.accept("EXCEPTION"):
            while self.tokens.accept("WHEN"):
                handlers.append(self._handler())
            if not handlers:
                raise self.tokens.unexpected()
        self.tokens.expect("END")
        return Block(place, tuple(declarations), body, tuple(handlers))

    def _handler(self) -> Handler:
        kinds = [self.tokens.name()]
        while self.tokens.accept("OR"):
            kinds.append(self.tokens.name())
        self.tokens.accept("EXIT")
        self.tokens.expect("THEN")
        return Handler(tuple(kinds), self._body())

    def _body(self) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        while self.tokens.word() not in _ENDS or self.tokens.at >= len(self.tokens.tokens):
            statements.append(self._statement())
            self.tokens.expect(";")
        return tuple(statements)

    def _statement(self) -> Statement:
        tokens = self.tokens
        if tokens.at >= len(tokens.tokens):
            raise tokens.unexpected()
        place = tokens.place()
        word = tokens.word()
        if word == "DECLARE" or (word == "BEGIN" and tokens.word(1) not in TRANSACTION):
            return self.block()
        if tokens.word(1) == ":=":
            name = tokens.name()
            tokens.expect(":=")
            return Assign(place, name, *self._value(";"))
        if word in self._statements and not (word == "CASE" and tokens.word(1) == "."):
            return self._statements[word](place)
        end = tokens.find(";")
        statement = self._simple(tokens.at, end)
        tokens.at = end
        return statement

    def _value(self, *stops: str) -> tuple[Fragment, Statement | None]:
        """An expression up to a stop word; as a statement too, when it is a query in parentheses."""
        tokens = self.tokens
        start, end = tokens.at, tokens.find(*stops)
        query = None
        if tokens.word(0) == "(" and tokens.word(1) in _QUERIES and tokens.word_at(end - 1) == ")":
            query = self._simple(start + 1, end - 1)
        tokens.at = end
        return tokens.fragment(start, end, expression=True), query

    def _expression(self, *stops: str) -> Fragment:
        return self._value(*stops)[0]

    # -- statements that go to the engine

    def _simple(self, start: int, end: int) -> Statement:
        tokens = self.tokens
        if start >= end:
            raise tokens.unexpected(start)
        place = tokens.place(start)
        if tokens.word_at(start) == "EXECUTE" and tokens.word_at(start + 1) == "IMMEDIATE":
            return self._execute_immediate(place, start + 2, end)
        if tokens.word_at(start) == "CALL" and tokens.word_at(start + 1) == "SYSTEM$SET_RETURN_VALUE":
            if tokens.word_at(start + 2) != "(" or tokens.word_at(end - 1) != ")":
                raise tokens.unexpected(start + 2)
            return SetReturnValue(place, tokens.fragment(start + 3, end - 1, expression=True))
        into_start, into_end, names = self._into(start, end)
        text = tokens.fragment(start, into_start, expression=False)
        if into_end < end:
            text += (" ", *tokens.fragment(into_end, end, expression=False))
        return Sql(place, text, names)

    def _into(self, start: int, end: int) -> tuple[int, int, tuple[str, ...]]:
        """The range of `INTO :x, :y` outside parentheses, and its variables; an empty range at the end without."""
        tokens = self.tokens
        depth = 0
        for index in range(start, end):
            word = tokens.word_at(index)
            depth += (word == "(") - (word == ")")
            if depth == 0 and word == "INTO" and tokens.word_at(index + 1) == ":":
                saved, tokens.at = tokens.at, index + 1
                names = self._targets()
                last, tokens.at = tokens.at, saved
                return index, last, names
        return end, end, ()

    def _targets(self) -> tuple[str, ...]:
        names: list[str] = []
        while True:
            self.tokens.accept(":")
            names.append(self.tokens.name())
            if not self.tokens.accept(","):
                return tuple(names)

    def _execute_immediate(self, place: Place, start: int, end: int) -> ExecuteImmediate:
        tokens = self.tokens
        using: tuple[Fragment, ...] = ()
        stop = next((index for index in range(start, end) if tokens.word_at(index) == "USING"), end)
        if stop < end:
            saved, tokens.at = tokens.at, stop + 1
            using = self._using()
            if tokens.at != end:
                raise tokens.unexpected()
            tokens.at = saved
        return ExecuteImmediate(place, tokens.fragment(start, stop, expression=True), using)

    def _using(self) -> tuple[Fragment, ...]:
        tokens = self.tokens
        tokens.expect("(")
        values = [self._expression(",", ")")]
        while tokens.accept(","):
            values.append(self._expression(",", ")"))
        tokens.expect(")")
        return tuple(values)

    # -- declarations

    def _declaration(self, place: Place | None = None) -> Statement:
        tokens = self.tokens
        place = place or tokens.place()
        name = tokens.name()
        if tokens.accept("CURSOR", "FOR"):
            return self._cursor(place, name)
        if tokens.accept("EXCEPTION"):
            return self._exception(place, name)
        start = tokens.at
        end = tokens.find(";", "DEFAULT", ":=")
        kind = tokens.source(start, end) if end > start else None
        tokens.at = end
        if tokens.accept("DEFAULT") or tokens.accept(":="):
            return Declare(place, name, kind, *self._value(";"))
        if kind is None:
            raise tokens.unexpected()
        return Declare(place, name, kind)

    def _let(self, place: Place) -> Statement:
        self.tokens.expect("LET")
        declared = self._declaration(place)
        if isinstance(declared, Declare) and declared.value is None:
            raise self.tokens.unexpected()
        return declared

    def _cursor(self, place: Place, name: str) -> DeclareCursor:
        tokens = self.tokens
        end = tokens.find(";")
        start, tokens.at = tokens.at, end
        if end == start + 1 and is_word(tokens.tokens[start]):
            tokens.at = start
            return DeclareCursor(place, name, resultset=tokens.name())
        return DeclareCursor(place, name, Sql(place, tokens.fragment(start, end, expression=False)))

    def _exception(self, place: Place, name: str) -> DeclareException:
        tokens = self.tokens
        code, message = -20000, ""
        if tokens.accept("("):
            sign = -1 if tokens.accept("-") else 1
            number = tokens.word()
            if not number.isdigit():
                raise tokens.unexpected()
            tokens.at += 1
            code = sign * int(number)
            if tokens.accept(","):
                if tokens.at >= len(tokens.tokens) or tokens.tokens[tokens.at].token_type not in STRINGS:
                    raise tokens.unexpected()
                message = tokens.tokens[tokens.at].text
                tokens.at += 1
            tokens.expect(")")
        return DeclareException(place, name, code, message)

    # -- control

    def _if(self, place: Place) -> If:
        tokens = self.tokens
        branches: list[tuple[Fragment, tuple[Statement, ...]]] = []
        tokens.expect("IF")
        while True:
            condition = self._expression("THEN")
            tokens.expect("THEN")
            branches.append((condition, self._body()))
            if not tokens.accept("ELSEIF"):
                break
        otherwise = self._body() if tokens.accept("ELSE") else ()
        tokens.expect("END", "IF")
        return If(place, tuple(branches), otherwise)

    def _case(self, place: Place) -> Case:
        tokens = self.tokens
        tokens.expect("CASE")
        subject = None if tokens.word() == "WHEN" else self._expression("WHEN")
        branches: list[tuple[Fragment, tuple[Statement, ...]]] = []
        while tokens.accept("WHEN"):
            value = self._expression("THEN")
            tokens.expect("THEN")
            branches.append((value, self._body()))
        otherwise = self._body() if tokens.accept("ELSE") else None
        tokens.expect("END")
        tokens.accept("CASE")
        return Case(place, subject, tuple(branches), otherwise)

    def _for(self, place: Place) -> Statement:
        tokens = self.tokens
        tokens.expect("FOR")
        name = tokens.name()
        tokens.expect("IN")
        reverse = tokens.accept("REVERSE")
        if not reverse and tokens.word(1) == "DO":
            source = tokens.name()
            return ForEach(place, name, source, *self._loop_body("FOR", "DO"))
        first = self._expression("TO")
        tokens.expect("TO")
        last = self._expression("DO", "LOOP")
        return Count(place, name, first, last, reverse, *self._loop_body("FOR", "DO", "LOOP"))

    def _while(self, place: Place) -> Loop:
        self.tokens.expect("WHILE")
        condition = self._expression("DO", "LOOP")
        body, label = self._loop_body("WHILE", "DO", "LOOP")
        return Loop(place, body, label, before=condition)

    def _repeat(self, place: Place) -> Loop:
        tokens = self.tokens
        tokens.expect("REPEAT")
        body = self._body()
        tokens.expect("UNTIL")
        until = self._expression("END")
        tokens.expect("END", "REPEAT")
        return Loop(place, body, self._label(), until=until)

    def _loop(self, place: Place) -> Loop:
        return Loop(place, *self._loop_body("LOOP", "LOOP"))

    def _loop_body(self, kind: str, *openings: str) -> tuple[tuple[Statement, ...], str | None]:
        """The body after DO or LOOP; it ends as the loop or as its opening word: `END WHILE`, `END LOOP`."""
        tokens = self.tokens
        opening = tokens.word()
        if opening not in openings:
            raise tokens.unexpected()
        tokens.at += 1
        body = self._body()
        tokens.expect("END", "LOOP" if opening == "LOOP" else kind)
        return body, self._label()

    def _label(self) -> str | None:
        return self.tokens.name() if self.tokens.word() != ";" else None

    def _leave(self, place: Place) -> Leave:
        again = self.tokens.name() in ("CONTINUE", "ITERATE")
        return Leave(place, again, self._label())

    def _return(self, place: Place) -> Return:
        tokens = self.tokens
        tokens.expect("RETURN")
        if tokens.word() == ";":
            return Return(place)
        if tokens.word() == "TABLE" and tokens.word(1) == "(" and tokens.word(3) == ")":
            tokens.at += 2
            name = tokens.name()
            tokens.expect(")")
            return Return(place, table=name)
        return Return(place, self._expression(";"))

    def _raise(self, place: Place) -> Raise:
        self.tokens.expect("RAISE")
        return Raise(place, self._label())

    def _open(self, place: Place) -> Open:
        self.tokens.expect("OPEN")
        name = self.tokens.name()
        return Open(place, name, self._using() if self.tokens.accept("USING") else ())

    def _fetch(self, place: Place) -> Fetch:
        self.tokens.expect("FETCH")
        name = self.tokens.name()
        self.tokens.expect("INTO")
        return Fetch(place, name, self._targets())

    def _close(self, place: Place) -> Close:
        self.tokens.expect("CLOSE")
        return Close(place, self.tokens.name())

    def _nothing(self, place: Place) -> Nothing:
        self.tokens.expect("NULL")
        return Nothing(place)
