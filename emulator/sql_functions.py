"""Calls of SQL functions: each becomes the function's body, with the arguments in place of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp, parse_one
from sqlglot.errors import ParseError

from emulator.catalogue import Object
from emulator.errors import SqlError, compilation_error
from emulator.grants import Securable
from emulator.names import complete

if TYPE_CHECKING:
    from emulator.session import Session

KIND = "FUNCTION"
_DEPTH = 20


def body_of(text: str) -> Expr:
    """The expression, or the query of one value, that a function's body is. Raises 001003."""
    try:
        body = parse_one(text.strip().rstrip(";"), read="snowflake")
    except ParseError as error:
        raise compilation_error(f"The body of the function cannot be read: {error}") from None
    return exp.Subquery(this=body) if isinstance(body, exp.Query) and not isinstance(body, exp.Subquery) else body


def expand_functions(expression: Expr, session: Session) -> None:
    """Put the bodies of the functions that the statement calls in place. Raises 001044 for wrong arguments."""
    for call in list(expression.find_all(exp.Anonymous)):
        _expand(call, session, session.database, session.schema, 0)


def _expand(call: exp.Anonymous, session: Session, database: str | None, schema: str | None, depth: int) -> None:
    place, parts = _name(call)
    if len(parts) < 3 and not (database and schema):
        return
    name = complete(parts, database, schema, "a call")
    overloads = session.server.catalogue.find(KIND, database=name.database, schema=name.schema, name=name.name)
    overloads = [f for f in overloads if session.server.grants.allowed(session, "USAGE", Securable.of(f))]
    if not overloads:
        return
    if depth > _DEPTH:
        raise compilation_error(f"Function {name} calls itself.", "002057", "42601")
    function = next((f for f in overloads if _takes(f, len(call.expressions))), None)
    if function is None:
        raise SqlError(
            f"SQL compilation error: error line 1 at position 0\n"
            f"Invalid argument types for function '{name.name}': {len(call.expressions)} arguments",
            "001044",
            "42P13",
        )
    body = _filled(function, call.expressions)
    place.replace(body)
    for inner in list(body.find_all(exp.Anonymous)):
        _expand(inner, session, function.database, function.schema, depth + 1)


def _takes(function: Object, count: int) -> bool:
    arguments = function.definition["arguments"]
    return sum(argument["default"] is None for argument in arguments) <= count <= len(arguments)


def _name(call: exp.Anonymous) -> tuple[Expr, list[str]]:
    """What to replace, and the folded parts of the name."""
    place: Expr = call
    parts = [call.this if isinstance(call.this, str) else call.name]
    while isinstance(place.parent, exp.Dot) and place.parent.expression is place:
        place = place.parent
    before = [i for i in place.find_all(exp.Identifier) if i is not call.this and _is_part(i, place)]
    names = [i.name if i.quoted else i.name.upper() for i in before]
    return place, [*names, parts[0].upper()]


def _is_part(identifier: exp.Identifier, place: Expr) -> bool:
    return (
        isinstance(place, exp.Dot)
        and isinstance(identifier.parent, exp.Dot)
        and identifier.find_ancestor(exp.Anonymous) is None
    )


def _filled(function: Object, given: list[Expr]) -> Expr:
    arguments, values = function.definition["arguments"], {}
    for place, argument in enumerate(arguments):
        value = given[place] if place < len(given) else parse_one(argument["default"], read="snowflake")
        values[argument["name"]] = exp.cast(value.copy(), exp.DataType.build(argument["type"], dialect="snowflake"))
    body = exp.Paren(this=body_of(function.definition["body"]))
    for column in list(body.find_all(exp.Column)):
        folded = column.name if column.this.quoted else column.name.upper()
        if not column.table and folded in values:
            column.replace(values[folded].copy())
    return exp.cast(body, exp.DataType.build(function.definition["returns"], dialect="snowflake"))
