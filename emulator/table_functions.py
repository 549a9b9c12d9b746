"""`TABLE(INFORMATION_SCHEMA.NAME(..))`, `TABLE(NAME(..))`: functions whose rows a query reads as it reads a table.

A module of `statements/` registers one; its rows become a temporary relation of the session's connection for the
time of the statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import tokenize
from sqlglot.tokens import Token, TokenType

from emulator.errors import SqlError, compilation_error
from emulator.names import quote
from emulator.result import ArrowResult, Column, Result

if TYPE_CHECKING:
    from emulator.engine.binds import Rows
    from emulator.server import Server
    from emulator.session import Session

TableFunction = Callable[["Session", str, dict[str, Any]], Result]  # session, database, arguments by name


@dataclass(frozen=True, slots=True)
class _Registered:
    parameters: tuple[str, ...]
    rows: TableFunction
    in_schema: bool


_FUNCTIONS: dict[str, _Registered] = {}
_MENTIONED = re.compile(r"\btable\s*\(", re.IGNORECASE)
_SCHEMA = "INFORMATION_SCHEMA"
_ARROW = {
    "fixed": pa.decimal128(38, 0),
    "timestamp_ltz": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
}


def table_function(name: str, parameters: str, in_schema: bool = True) -> Callable[[TableFunction], TableFunction]:
    """Register a function, of INFORMATION_SCHEMA unless told otherwise, with the names of its parameters in order."""

    def register(rows: TableFunction) -> TableFunction:
        _FUNCTIONS[name] = _Registered(tuple(parameters.upper().split()), rows, in_schema)
        return rows

    return register


@dataclass(slots=True)
class _Call:
    """A call in a text: from the name's first part to the closing parenthesis, and the text of each argument."""

    function: _Registered
    name: str
    database: str | None
    start: int
    end: int
    arguments: list[str]
    binds_before: int


def mentioned(text: str) -> bool:
    """Whether the text may call a registered function: spares reading those that cannot."""
    return _MENTIONED.search(text) is not None


class Expansion:
    """A statement whose calls are names of temporary relations; `close` drops them."""

    def __init__(self, server: Server, session: Session, text: str, rows: Rows | None) -> None:
        self.text, self.rows = text, rows
        self._server, self._session = server, session
        self._relations: list[str] = []
        calls = _calls(session, text)
        for number, call in reversed(list(enumerate(calls))):
            self._expand(call, f"{call.name}${number}")

    def _expand(self, call: _Call, relation: str) -> None:
        session = self._session
        database = call.database or session.database
        if database is None and call.function.in_schema:
            raise compilation_error(f"Unknown table function {_SCHEMA}.{call.name}", "002141", "42601")
        database = database or "MEMORY"
        result = call.function.rows(session, database, self._arguments(call))
        with session.connection.lock:
            session.connection.register(relation, _arrow(result))
            session.connection.temporary.add((database, _SCHEMA, relation))
        self._relations.append(relation)
        name = f"{quote(database)}.{_SCHEMA}.{quote(relation)}"
        self.text = self.text[: call.start] + name + self.text[call.end :]

    def _arguments(self, call: _Call) -> dict[str, Any]:
        """The values of the arguments, computed in one query; their binds leave the statement."""
        names: list[str] = []
        texts: list[str] = []
        for place, argument in enumerate(call.arguments):
            name, arrow, value = argument.partition("=>")
            if not arrow:
                name, value = call.function.parameters[place : place + 1][0], argument
            if name.strip().upper() not in call.function.parameters:
                raise compilation_error(f"Invalid argument name {name.strip().upper()} for {call.name}", "001044")
            names.append(name.strip().upper())
            texts.append(value.strip())
        if not texts:
            return {}
        query = "select " + ", ".join(f"{text} as a{i}" for i, text in enumerate(texts))
        count = sum(token.token_type is TokenType.PLACEHOLDER for token in tokenize(query, read="snowflake"))
        binds: Rows | None = None
        if count and self.rows:
            first = call.binds_before
            binds = [list(self.rows[0])[first : first + count]]
            self.rows = [[*list(row)[:first], *list(row)[first + count :]] for row in self.rows]
        row = self._server.execute(self._session, query, binds).fetch()[0]
        return dict(zip(names, row, strict=True))

    def close(self) -> None:
        for relation in self._relations:
            with self._session.connection.lock:
                self._session.connection.unregister(relation)


def _procedure(session: Session, words: list[str], tokens: list[Token], start: int) -> int | None:
    """Where the parenthesis opens after the name of a procedure that starts here."""
    end = start + 1
    while words[end : end + 1] == ["."]:
        end += 2
    parts = [_folded(token) for token in tokens[start:end:2]]
    if words[end : end + 1] != ["("] or not (len(parts) == 3 or (session.database and session.schema)):
        return None
    name = session.name(parts, "CALL")
    found = session.server.catalogue.find("PROCEDURE", database=name.database, schema=name.schema, name=name.name)
    return end if found else None


def _calls(session: Session, text: str) -> list[_Call]:
    tokens = tokenize(text, read="snowflake")
    words = [_word(token) for token in tokens]
    found: list[_Call] = []
    for i in range(len(tokens) - 3):
        if words[i : i + 2] == ["TABLE", "("] and words[i + 3] == "(" and words[i + 2] in _FUNCTIONS:
            function = _FUNCTIONS[words[i + 2]]
            end, arguments = _balanced(text, tokens, i + 3)
            if not function.in_schema and words[end + 1 : end + 2] == [")"]:
                before = sum(token.token_type is TokenType.PLACEHOLDER for token in tokens[:i])
                place = (tokens[i].start, tokens[end + 1].end + 1)
                found.append(_Call(function, words[i + 2], None, *place, arguments, before))
            continue
        opening = _procedure(session, words, tokens, i + 2) if words[i : i + 2] == ["TABLE", "("] else None
        if opening is not None:
            end, _ = _balanced(text, tokens, opening)
            called = text[tokens[i + 2].start : tokens[end].end + 1]
            function = _Registered((), lambda at, *_, called=called: at.server.execute(at, f"call {called}"), False)
            found.append(_Call(function, "CALL", None, tokens[i].start, tokens[end + 1].end + 1, [], 0))
            continue
        if words[i : i + 2] != [_SCHEMA, "."] or words[i + 2] not in _FUNCTIONS or words[i + 3] != "(":
            continue
        qualified = i >= 2 and words[i - 1] == "."
        start = i - 2 if qualified else i
        opening = i + 3
        end, arguments = _balanced(text, tokens, opening)
        table = start >= 2 and words[start - 2 : start] == ["TABLE", "("] and words[end + 1 : end + 2] == [")"]
        if not table:
            raise SqlError(f"SQL compilation error:\nUnknown function {_SCHEMA}.{words[i + 2]}", "002140", "42601")
        before = sum(token.token_type is TokenType.PLACEHOLDER for token in tokens[:opening])
        database = _folded(tokens[start]) if qualified else None
        function = _FUNCTIONS[words[i + 2]]
        place = (tokens[start - 2].start, tokens[end + 1].end + 1)
        found.append(_Call(function, words[i + 2], database, *place, arguments, before))
    return found


def _word(token: Token) -> str:
    return "" if token.token_type is TokenType.STRING else token.text.upper()


def _folded(token: Token) -> str:
    return token.text if token.token_type is TokenType.IDENTIFIER else token.text.upper()


def _balanced(text: str, tokens: list[Token], opening: int) -> tuple[int, list[str]]:
    """The place of the closing parenthesis, and the texts between the commas."""
    depth, begin = 0, tokens[opening].end + 1
    arguments: list[str] = []
    for place in range(opening, len(tokens)):
        kind = tokens[place].token_type
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(kind, 0)
        if (kind is TokenType.COMMA and depth == 1) or depth == 0:
            arguments.append(text[begin : tokens[place].start].strip())
            begin = tokens[place].end + 1
        if depth == 0:
            return place, [argument for argument in arguments if argument]
    raise compilation_error("parse error: missing ')'")


def _arrow(result: Result) -> pa.Table:
    if isinstance(result, ArrowResult) and not result.rows:
        return result.arrow
    fields = [pa.field(column.name, _type(column)) for column in result.columns]
    columns = [pa.array(list(values), field.type) for values, field in zip(_transposed(result), fields, strict=True)]
    return pa.table(columns, schema=pa.schema(fields))


def _type(column: Column) -> pa.DataType:
    return _ARROW.get(column.type, pa.string())


def _transposed(result: Result) -> list[tuple[Any, ...]]:
    return list(zip(*result.rows, strict=True)) if result.rows else [() for _ in result.columns]
