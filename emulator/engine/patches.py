"""Replacements inside fakesnow, where its cursor offers nothing to override: one function each, with the reason."""

from __future__ import annotations

from fakesnow import transforms
from sqlglot import Expr


def keep_numeric_aggregates(expression: Expr) -> Expr:
    """fakesnow casts the argument of SUM and AVG to DOUBLE, so that the sum of integers is a FLOAT, also in a CTAS.

    In Snowflake it is a NUMBER. The price: the sum of a VARCHAR column is an error here.
    """
    return expression


def apply() -> None:
    transforms.numeric_agg_implicit_cast = keep_numeric_aggregates
