"""TYPEOF and SYSTEM$TYPEOF: the names of types, which DuckDB knows when it binds a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from emulator.session import Session

_IN_VARIANTS = {
    "VARCHAR": "VARCHAR",
    "BIGINT": "INTEGER",
    "UBIGINT": "INTEGER",
    "DOUBLE": "DECIMAL",
    "BOOLEAN": "BOOLEAN",
    "OBJECT": "OBJECT",
    "ARRAY": "ARRAY",
    "NULL": "NULL_VALUE",
}
_NUMBER = "NUMBER(38,0)[SB16]"
_OF_COLUMNS = {
    "VARCHAR": "VARCHAR(16777216)[LOB]",
    "TINYINT": _NUMBER,
    "SMALLINT": _NUMBER,
    "INTEGER": _NUMBER,
    "BIGINT": _NUMBER,
    "HUGEINT": _NUMBER,
    "FLOAT": "FLOAT[DOUBLE]",
    "DOUBLE": "FLOAT[DOUBLE]",
    "BOOLEAN": "BOOLEAN[SB1]",
    "DATE": "DATE[SB4]",
    "TIME": "TIME(9)[SB8]",
    "TIMESTAMP": "TIMESTAMP_NTZ(9)[SB16]",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_TZ(9)[SB16]",
    "BLOB": "BINARY(8388608)[LOB]",
    "JSON": "VARIANT[LOB]",
    '"NULL"': "NULL[LOB]",
}
_DIGITS = ((2, "SB1"), (4, "SB2"), (9, "SB4"), (18, "SB8"), (38, "SB16"))


def name_types(expression: Expr, _: Session) -> None:
    """TYPEOF is about the value in a VARIANT; DuckDB's about the column. NULL for NULL."""
    for call in list(expression.find_all(exp.Typeof)):
        kind = exp.func("json_type", exp.func("to_json", call.this.copy()))
        call.replace(exp.Paren(this=_choice(kind, _IN_VARIANTS)))


def name_system_types(expression: Expr, _: Session) -> None:
    """SYSTEM$TYPEOF is about the type of an expression, and how Snowflake stores it."""
    for call in list(expression.find_all(exp.Anonymous)):
        if call.name.upper() != "SYSTEM$TYPEOF" or len(call.expressions) != 1:
            continue
        [value] = call.expressions
        call.replace(exp.Literal.string(_of_literal(value)) if isinstance(value, exp.Literal) else _of_column(value))


def _of_literal(value: exp.Literal) -> str:
    if value.is_string:
        return f"VARCHAR({len(value.this)})[LOB]"
    if not value.this.replace(".", "").isdigit():
        return _OF_COLUMNS["DOUBLE"]
    whole, _, fraction = value.this.partition(".")
    digits = max(len(whole.lstrip("0")) + len(fraction), 1)
    return f"NUMBER({digits},{len(fraction)})[{_storage(digits)}]"


def _storage(digits: int) -> str:
    return next(name for most, name in _DIGITS if digits <= most)


def _of_column(value: Expr) -> Expr:
    kind = exp.Typeof(this=value.copy())
    number = exp.func("replace", kind.copy(), exp.Literal.string("DECIMAL"), exp.Literal.string("NUMBER"))
    found: Expr = kind.copy()
    for word in ("DECIMAL(", ")"):
        found = exp.func("replace", found, exp.Literal.string(word), exp.Literal.string(""))
    first = exp.Anonymous(this="split_part", expressions=[found, exp.Literal.string(","), exp.Literal.number(1)])
    digits, storage = exp.TryCast(this=first, to=exp.DataType.build("int")), exp.Case()
    for most, name in _DIGITS:
        fits = exp.LTE(this=digits.copy(), expression=exp.Literal.number(most))
        storage = storage.when(fits, exp.Literal.string(f"[{name}]"))
    return exp.Paren(this=_choice(kind, _OF_COLUMNS).else_(exp.DPipe(this=number, expression=storage)))


def _choice(kind: Expr, names: dict[str, str]) -> exp.Case:
    choice = exp.Case(this=kind)
    for native, name in names.items():
        choice = choice.when(exp.Literal.string(native), exp.Literal.string(name))
    return choice
