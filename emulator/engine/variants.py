"""VARIANT values, which DuckDB keeps as JSON, where Snowflake reads them as texts; timestamps and floats as texts.

Which of them a column is, is known only when DuckDB binds it: the checks on `typeof` below are constants then, and cost
nothing when a statement runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import Expr, exp
from sqlglot.dialects import Snowflake

from emulator.errors import unsupported

if TYPE_CHECKING:
    from emulator.session import Session

_SEMI_STRUCTURED = (exp.DataType.Type.VARIANT, exp.DataType.Type.OBJECT, exp.DataType.Type.ARRAY)
_VARIANTS = (exp.JSONExtract, exp.Bracket, exp.GetExtract, exp.ParseJSON, exp.ToVariant)
VARIANTS = (*_VARIANTS, exp.Cast, exp.Anonymous)
_GETTERS = ("GET_IGNORE_CASE", "TRY_PARSE_JSON", "AS_OBJECT", "AS_ARRAY")
_CHOICES = (exp.Coalesce, exp.Case, exp.If, exp.Max, exp.Min, exp.AnyValue, exp.Nullif)
_OF_TEXTS = (
    exp.Lower,
    exp.Upper,
    exp.Initcap,
    exp.Length,
    exp.Trim,
    exp.Substring,
    exp.Split,
    exp.SplitPart,
    exp.Replace,
    exp.RegexpLike,
    exp.RegexpReplace,
    exp.RegexpExtract,
    exp.StartsWith,
    exp.Contains,
    exp.Like,
    exp.ILike,
    exp.MD5,
    exp.Left,
    exp.Right,
)
_OF_NUMBERS = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Mod,
    exp.Neg,
    exp.Sum,
    exp.Avg,
    exp.Round,
    exp.Abs,
    exp.Floor,
    exp.Ceil,
)
_WITH_OTHER_TEXTS = (  # timestamps and floats that no column tells the type of
    exp.Cast, exp.CurrentTimestamp, exp.DateAdd, exp.DateTrunc, exp.StrToTime, exp.TimestampTrunc, exp.UnixToTime,
    *_OF_NUMBERS,
)  # fmt: skip
# TIMESTAMP_NTZ_OUTPUT_FORMAT and TIMESTAMP_OUTPUT_FORMAT as they are by default; 1.0 is told as 1
_NTZ = "strftime(try_cast({0} as timestamp), '%Y-%m-%d %H:%M:%S.%g')"
_TZ = (
    "strftime(try_cast({0} as timestamptz), '%Y-%m-%d %H:%M:%S.%g ')"
    " || rpad(replace(strftime(try_cast({0} as timestamptz), '%z'), ':', ''), 5, '0')"
)
_FLOAT = "case when suffix({0}, '.0') then substr({0}, 1, strlen({0}) - 2) else {0} end"
_OF_A_TIME = re.compile(r"YY|M[MOI]|D[DY]|HH|SS|FF|AM|PM", re.IGNORECASE)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def _is_variant(node: Expr | None) -> bool:
    """Whether it is a VARIANT whatever the types of columns are."""
    if isinstance(node, exp.Paren):
        return _is_variant(node.this)
    if isinstance(node, exp.Cast):
        return node.to.this in _SEMI_STRUCTURED
    if isinstance(node, exp.Anonymous):
        return node.name.upper() in _GETTERS
    return isinstance(node, _VARIANTS)


def _may_be_variant(node: Expr | None) -> bool:
    if isinstance(node, exp.Paren):
        return _may_be_variant(node.this)
    if isinstance(node, _CHOICES):
        return any(_may_be_variant(part) for part in node.iter_expressions())
    return isinstance(node, (exp.Column, exp.Dot)) or _is_variant(node)


def _text(node: Expr) -> Expr:
    """The value as a text: a VARIANT's own one, without the quotes of JSON."""
    inside = exp.func("json_extract_string", exp.func("to_json", node.copy()), exp.Literal.string("$"))
    if _is_variant(node):
        return inside
    text = exp.cast(node.copy(), exp.DataType.Type.VARCHAR)
    case = exp.Case(this=exp.Typeof(this=node.copy())).when(exp.Literal.string("JSON"), inside)
    for kind, shown in (("TIMESTAMP", _NTZ), ("TIMESTAMP WITH TIME ZONE", _TZ), ("DOUBLE", _FLOAT)):
        case = case.when(
            exp.Literal.string(kind), exp.maybe_parse(shown.format(text.sql("duckdb")), dialect="duckdb"), copy=False
        )
    return exp.Paren(this=case.else_(text))


def keep_texts_in_variants(expression: Expr, _: Session) -> None:
    """`'x'::variant` holds the text x; DuckDB would read it as JSON."""
    for cast in list(expression.find_all(exp.Cast)):
        if cast.to.this == exp.DataType.Type.VARIANT and not isinstance(cast, exp.TryCast):
            cast.replace(exp.ToVariant(this=cast.this.copy()))


def unquote_variants(expression: Expr, _: Session) -> None:
    """A VARIANT cast to VARCHAR is the text in it, without JSON's quotes; timestamps and floats have their own form."""
    for call in list(expression.find_all(exp.ToChar)):
        written = call.args.get("format")
        if not written:
            call.replace(exp.cast(call.this.copy(), exp.DataType.Type.VARCHAR))
        elif isinstance(written, exp.Literal) and _OF_A_TIME.search(written.name):
            call.replace(exp.TimeToStr(this=call.this.copy(), format=Snowflake.format_time(written.copy())))
        else:
            raise unsupported("TO_CHAR with a format of numbers")
    for cast in list(expression.find_all(exp.Cast)):
        if cast.to.this not in exp.DataType.TEXT_TYPES:
            continue
        if _may_be_variant(cast.this) or isinstance(cast.this.unnest(), _WITH_OTHER_TEXTS):
            cast.set("this", _text(cast.this))


def read_variants(expression: Expr, _: Session) -> None:
    """`v:name || 'x'`, `v:name = 'x'`, `v:amount + 1`: a VARIANT beside a text is read as a text, else as a number."""
    if any(_is_variant(node) for node in expression.find_all(*VARIANTS)):
        _read_variants(expression)


def _read_variants(expression: Expr) -> None:
    for node in list(expression.find_all(*_OF_NUMBERS)):
        for part in (node.this, node.args.get("expression")):
            if isinstance(part, Expr) and _is_variant(part):
                part.replace(exp.cast(part.copy(), exp.DataType.Type.DOUBLE))
    for node in list(expression.find_all(exp.DPipe, exp.Concat, *_OF_TEXTS)):
        parts = node.expressions if isinstance(node, exp.Concat) else [node.this, node.args.get("expression")]
        for part in parts:
            if isinstance(part, Expr) and _is_variant(part):
                part.replace(_text(part))
    for node in list(expression.find_all(*_COMPARISONS)):
        for part, other in ((node.this, node.expression), (node.expression, node.this)):
            if _is_variant(part) and _is_text(other):
                part.replace(_text(part))
    for node in list(expression.find_all(exp.In)):
        if _is_variant(node.this) and any(_is_text(value) for value in node.expressions):
            node.set("this", _text(node.this))


def _is_text(node: Expr | None) -> bool:
    if isinstance(node, exp.Cast):
        return node.to.this in exp.DataType.TEXT_TYPES
    return isinstance(node, exp.Placeholder) or (isinstance(node, exp.Literal) and node.is_string)
