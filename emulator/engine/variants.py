"""VARIANT values, which DuckDB keeps as JSON, where Snowflake reads them as texts.

Whether a column is a VARIANT is known only when DuckDB binds it: the checks on `typeof` below are constants then, and
cost nothing when a statement runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from emulator.session import Session

_SEMI_STRUCTURED = (exp.DataType.Type.VARIANT, exp.DataType.Type.OBJECT, exp.DataType.Type.ARRAY)
_VARIANTS = (exp.JSONExtract, exp.Bracket, exp.GetExtract, exp.ParseJSON, exp.ToVariant)
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
    is_json = exp.EQ(this=exp.Typeof(this=node.copy()), expression=exp.Literal.string("JSON"))
    return exp.Paren(this=exp.Case().when(is_json, inside).else_(exp.cast(node.copy(), exp.DataType.Type.VARCHAR)))


def keep_texts_in_variants(expression: Expr, _: Session) -> None:
    """`'x'::variant` holds the text x; DuckDB would read it as JSON."""
    for cast in list(expression.find_all(exp.Cast)):
        if cast.to.this == exp.DataType.Type.VARIANT and not isinstance(cast, exp.TryCast):
            cast.replace(exp.ToVariant(this=cast.this.copy()))


def unquote_variants(expression: Expr, _: Session) -> None:
    """A VARIANT that is cast to VARCHAR is the text in it; DuckDB would keep the quotes of JSON."""
    for call in list(expression.find_all(exp.ToChar)):
        if not call.args.get("format"):
            call.replace(exp.cast(call.this.copy(), exp.DataType.Type.VARCHAR))
    for cast in list(expression.find_all(exp.Cast)):
        if cast.to.this not in exp.DataType.TEXT_TYPES or not _may_be_variant(cast.this):
            continue
        cast.set("this", _text(cast.this))


def read_variants(expression: Expr, _: Session) -> None:
    """`v:name || 'x'`, `v:name = 'x'`, `v:amount + 1`: a VARIANT beside a text is read as a text, else as a number."""
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
