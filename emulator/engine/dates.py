"""Functions of dates: what Snowflake makes of a DATE by whole days is a DATE, in DuckDB it is a TIMESTAMP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from emulator.session import Session

OF_DATES = (exp.DateAdd, exp.DateTrunc, exp.TimestampTrunc, exp.AddMonths)
_OF_A_DAY = {"HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"}


def keep_dates(expression: Expr, _: Session) -> None:
    """DATEADD of days or more, DATE_TRUNC, TRUNC and ADD_MONTHS give what they are given: a date or a timestamp."""
    for call in reversed(list(expression.find_all(*OF_DATES))):  # the inner ones first
        unit = call.args.get("unit")
        adds_hours = isinstance(call, exp.DateAdd) and unit is not None and unit.name.upper() in _OF_A_DAY
        if adds_hours or isinstance(call.this, (exp.Literal, exp.Placeholder, exp.Null)):
            continue
        value, holder = call.this.copy(), exp.Anonymous(this="CAST_TO_TYPE")
        call.replace(holder)
        holder.set("expressions", [call, value])
