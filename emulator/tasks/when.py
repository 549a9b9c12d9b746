"""WHEN: the condition under which a task runs.

Snowflake evaluates it outside of a warehouse and so takes very little: SYSTEM$STREAM_HAS_DATA,
SYSTEM$GET_PREDECESSOR_RETURN_VALUE, literals, AND, OR, NOT, comparisons, and casts between text, numbers and booleans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from emulator.errors import SqlError, compilation_error
from emulator.tasks.errors import refused

Scalar = str | Decimal | bool | None

_FUNCTIONS = ("SYSTEM$GET_PREDECESSOR_RETURN_VALUE", "SYSTEM$STREAM_HAS_DATA")
_COMPARISONS: dict[type[exp.Expr], Callable[[int], bool]] = {
    exp.EQ: lambda order: order == 0,
    exp.NEQ: lambda order: order != 0,
    exp.LT: lambda order: order < 0,
    exp.LTE: lambda order: order <= 0,
    exp.GT: lambda order: order > 0,
    exp.GTE: lambda order: order >= 0,
}
_SHAPE = (exp.And, exp.Or, exp.Not, exp.Paren, exp.Neg, exp.Literal, exp.Boolean, exp.Null, *_COMPARISONS)
_TRUE = ("true", "t", "yes", "y", "on", "1")
_FALSE = ("false", "f", "no", "n", "off", "0")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that Snowflake takes."""

    text: str
    tree: exp.Expr

    def holds(self, return_value: Callable[[str | None], str | None], has_data: Callable[[str], bool]) -> bool:
        """Whether the task runs; NULL is no.

        `return_value` gives a predecessor's return value by name, or that of the only predecessor for None; it raises
        for a name that is no enabled predecessor. Raises SqlError for a cast that fails.
        """
        return _boolean(_Evaluation(return_value, has_data).value(self.tree)) is True


def parse_condition(text: str) -> Condition:
    """Read a WHEN clause. Raises Snowflake's error for a sub-query, a table, or any other function."""
    try:
        tree = sqlglot.parse_one(text, read="snowflake")
    except SqlglotError:
        raise compilation_error(f"syntax error in the condition of the task: {text}") from None
    for node in tree.walk(prune=lambda node: isinstance(node, (exp.Anonymous, exp.DataType))):
        if not _allowed(node):
            raise refused(
                "Invalid expression for task condition expression. Only some data type conversions and the following "
                f"functions are allowed: [{', '.join(_FUNCTIONS)}].",
                state="42601",
            )
    return Condition(text, tree)


def _allowed(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        literals = all(isinstance(argument, exp.Literal) and argument.is_string for argument in node.expressions)
        least = 1 if node.name.upper() == "SYSTEM$STREAM_HAS_DATA" else 0
        return node.name.upper() in _FUNCTIONS and literals and least <= len(node.expressions) <= 1
    if isinstance(node, exp.DataType):
        return node.is_type(*exp.DataType.TEXT_TYPES, *exp.DataType.NUMERIC_TYPES, "boolean")
    return type(node) is exp.Cast or isinstance(node, _SHAPE)


class _Evaluation:
    def __init__(self, return_value: Callable[[str | None], str | None], has_data: Callable[[str], bool]) -> None:
        self._return_value = return_value
        self._has_data = has_data

    def value(self, node: exp.Expr) -> Scalar:
        match node:
            case exp.Paren():
                return self.value(node.this)
            case exp.Not():
                value = _boolean(self.value(node.this))
                return None if value is None else not value
            case exp.And() | exp.Or():
                return self._connected(node)
            case exp.Neg():
                value = _number(self.value(node.this))
                return None if value is None else -value
            case exp.Cast():
                return _cast(self.value(node.this), node.to)
            case exp.Anonymous():
                return self._call(node)
            case exp.Literal() | exp.Boolean() | exp.Null():
                return _literal(node)
        return self._compared(node)

    def _connected(self, node: exp.And | exp.Or) -> bool | None:
        """AND and OR of three values: the deciding value wins over NULL."""
        deciding = isinstance(node, exp.Or)
        values = [_boolean(self.value(side)) for side in (node.left, node.right)]
        if deciding in values:
            return deciding
        return None if None in values else not deciding

    def _compared(self, node: exp.Expr) -> bool | None:
        left, right = self.value(node.this), self.value(node.expression)
        if left is None or right is None:
            return None
        if isinstance(left, bool) or isinstance(right, bool):
            left, right = _boolean(left), _boolean(right)
        elif isinstance(left, Decimal) or isinstance(right, Decimal):
            left, right = _number(left), _number(right)
        return _COMPARISONS[type(node)]((left > right) - (left < right))  # type: ignore[operator]

    def _call(self, node: exp.Anonymous) -> Scalar:
        if node.name.upper() == "SYSTEM$STREAM_HAS_DATA":
            return self._has_data(node.expressions[0].name)
        return self._return_value(node.expressions[0].name if node.expressions else None)


def _literal(node: exp.Literal | exp.Boolean | exp.Null) -> Scalar:
    if isinstance(node, exp.Literal):
        return node.name if node.is_string else Decimal(node.name)
    return bool(node.this) if isinstance(node, exp.Boolean) else None


def _cast(value: Scalar, kind: exp.DataType) -> Scalar:
    if kind.is_type("boolean"):
        return _boolean(value)
    if kind.is_type(*exp.DataType.NUMERIC_TYPES):
        number = _number(value)
        scale = int(kind.expressions[1].name) if len(kind.expressions) > 1 else 0
        if number is None or kind.is_type("float", "double"):
            return number
        return number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    return _text(value)


def _boolean(value: Scalar) -> bool | None:
    if isinstance(value, str):
        if value.strip().lower() in (*_TRUE, *_FALSE):
            return value.strip().lower() in _TRUE
        raise SqlError(f"Boolean value '{value}' is not recognized", "100037", "22018")
    return None if value is None else bool(value)


def _number(value: Scalar) -> Decimal | None:
    if isinstance(value, str):
        try:
            return Decimal(value.strip())
        except InvalidOperation:
            raise SqlError(f"Numeric value '{value}' is not recognized", "100038", "22018") from None
    return None if value is None else Decimal(value)


def _text(value: Scalar) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
