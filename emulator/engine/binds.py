"""Values that a client binds to `?` or `:name`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fakesnow.converter import from_binding
from sqlglot import tokenize
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

from emulator.names import literal, quote, split

Parameters = list[Any] | dict[str, Any]  # by position, or by name
Rows = Sequence[Parameters]  # one set of parameters per row that the statement runs for


def _value(binding: dict[str, Any]) -> Any:
    """The bound value; fakesnow reads every number as an integer."""
    value = binding["value"]
    if binding["type"] == "FIXED" and value is not None and not value.lstrip("-").isdigit():
        return Decimal(value)
    return from_binding(binding)


def decode(bindings: dict[str, Any] | None) -> Rows | None:
    """The bindings of a request as Python values; an array binding gives one row per element."""
    if not bindings:
        return None
    if not all(key.isdigit() for key in bindings):
        return [{name: _value(binding) for name, binding in bindings.items()}]
    ordered = [bindings[str(position)] for position in range(1, len(bindings) + 1)]
    if not any(isinstance(binding["value"], list) for binding in ordered):
        return [[_value(binding) for binding in ordered]]
    columns = [[_value({**binding, "value": value}) for value in binding["value"]] for binding in ordered]
    return [list(row) for row in zip(*columns, strict=True)]


def place(text: str, rows: Rows | None, first_word: str, everywhere: bool) -> tuple[str, Rows | None]:
    """Write names in place of `IDENTIFIER('..')` and `IDENTIFIER(?)`, and bound values everywhere when told.

    Returns the statement and the binds that remain.
    """
    named = "IDENTIFIER" in text.upper()
    bound = rows[0] if "?" in text and rows and len(rows) == 1 and isinstance(rows[0], list) else None
    if not named and not (everywhere and bound):
        return text, rows
    offset = len(first_word)  # sqlglot would read the whole of PUT, COPY, .. as one token
    try:
        tokens = tokenize(text[offset:], read="snowflake")
    except TokenError:
        return text, rows
    values, remaining, pieces, end = iter(bound or ()), [], [], 0
    for i, token in enumerate(tokens):
        in_name = (
            i >= 2 and tokens[i - 2].text.upper() == "IDENTIFIER" and tokens[i - 1].token_type is TokenType.L_PAREN
        )
        placeholder = token.token_type is TokenType.PLACEHOLDER and bound is not None
        if not placeholder and not (in_name and token.token_type is TokenType.STRING):
            continue
        value = next(values, None) if placeholder else token.text
        if in_name:
            name = ".".join(quote(part) for part in split(str(value)))
            pieces += [text[end : offset + tokens[i - 2].start], name]
            end = offset + tokens[i + 1].end + 1
        elif everywhere:
            pieces += [text[end : offset + token.start], _written(value)]
            end = offset + token.end + 1
        else:
            remaining.append(value)
    kept = rows if bound is None else [remaining] if remaining else None
    return "".join([*pieces, text[end:]]), kept


def _written(value: Any) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, (bool, int, float)) else literal(str(value))
