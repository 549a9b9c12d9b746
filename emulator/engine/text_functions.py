"""Functions of texts that fakesnow or DuckDB read otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from emulator.session import Session

_TRIMS = {"LEADING": "LTRIM", "TRAILING": "RTRIM"}
_CASTS = {
    "AS_ARRAY": "JSON",
    "AS_BOOLEAN": "BOOLEAN",
    "AS_CHAR": "VARCHAR",
    "AS_DATE": "DATE",
    "AS_DOUBLE": "DOUBLE",
    "AS_INTEGER": "BIGINT",
    "AS_OBJECT": "JSON",
    "AS_REAL": "DOUBLE",
    "AS_VARCHAR": "VARCHAR",
}


def keep_trims(expression: Expr, _: Session) -> None:
    """LTRIM, RTRIM and the characters of TRIM, which fakesnow forgets: it trims spaces at both ends."""
    for trim in list(expression.find_all(exp.Trim)):
        name = _TRIMS.get(str(trim.args.get("position") or "").upper(), "TRIM")
        if name == "TRIM" and not trim.expression:
            continue
        text = exp.cast(trim.this.copy(), exp.DataType.Type.VARCHAR)
        trim.replace(
            exp.Anonymous(this=name, expressions=[text, *([trim.expression.copy()] if trim.expression else [])])
        )


def cast_variants(expression: Expr, _: Session) -> None:
    """AS_INTEGER, AS_VARCHAR, ..: the value in a VARIANT, or NULL when it has another type."""
    for call in list(expression.find_all(exp.Anonymous)):
        kind = _CASTS.get(call.name.upper())
        if kind and len(call.expressions) == 1:
            call.replace(exp.TryCast(this=call.expressions[0].copy(), to=exp.DataType.build(kind)))


def keep_tries(expression: Expr, _: Session) -> None:
    """TRY_CAST and TRY_TO_TIMESTAMP give NULL for what is no timestamp; fakesnow would make plain casts of them."""
    for cast in expression.find_all(exp.TryCast):
        if cast.to.this in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ):
            cast.set("to", exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="TIMESTAMP"))
