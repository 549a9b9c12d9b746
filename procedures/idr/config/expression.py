"""Scalar SQL expressions of the configuration: parsed, and walked against an allow-list."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from idr.config.reserved import RESERVED_WORDS
from idr.errors import IdrError, Problem
from idr.warehouse.translate import to_duckdb

MAX_LENGTH = 4000

_PART = r'(?:[A-Za-z_][A-Za-z0-9_$]*|"(?:[^"\x00-\x1f]|"")+")'
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COLLATION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_TABLE = re.compile(rf"{_PART}(?:\.{_PART}){{0,2}}")

_SYNTAX = (
    "Column Identifier Literal Boolean Null Paren Tuple Var DataType DataTypeParam Cast TryCast Case If "
    "Bracket Interval "
    "JSONExtract JSONPath JSONPathRoot JSONPathKey JSONPathSubscript "
    "And Or Not Is EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ Between In Like ILike Escape Any All RegexpLike "
    "Add Sub Mul Div Mod Neg DPipe AtTimeZone Collate"
)
_FUNCTIONS = (
    "Lower Upper Trim Initcap Concat ConcatWs Coalesce Nvl2 Nullif DecodeCase "
    "TsOrDsToDate StrToTime TsOrDsToTime ToChar ToNumber ToDouble ToBoolean "
    "Substring Left Right Length Replace RegexpReplace RegexpExtract RegexpCount RegexpInstr SplitPart Split Pad "
    "Translate Reverse Contains StartsWith EndsWith StrPosition MD5 SHA SHA2 Repeat Space Stuff Soundex Ascii Chr "
    "Abs Round Floor Ceil Greatest Least Sign "
    "TimestampTrunc DateTrunc DateAdd DateDiff Year Month Day Extract DateFromParts TimestampFromParts "
    "ConvertTimezone LastDay "
    "ParseJSON GetExtract EqualNull Booland Typeof ArraySize IsNullValue StripNullValue Base64Encode Levenshtein"
)
_ALLOWED = frozenset(getattr(exp, name) for name in f"{_SYNTAX} {_FUNCTIONS}".split())
_ALLOWED_BY_NAME = frozenset(
    [
        "btrim",
        "to_timestamp",
        "to_timestamp_ntz",
        "to_timestamp_ltz",
        "to_timestamp_tz",
        "try_to_timestamp",
        "try_to_timestamp_ntz",
        "try_to_timestamp_ltz",
        "try_to_timestamp_tz",
    ]
)
_SESSION_WORDS = (
    "account available_roles client database invoker_role invoker_share ip_address organization_name region role "
    "schema schemas secondary_roles session statement transaction version warehouse"
)
_CONTEXT_COLUMNS = frozenset(f"current_{word}" for word in _SESSION_WORDS.split()) | {
    "sysdate", "localtime", "localtimestamp", "level", "connect_by_root", "prior",
}  # fmt: skip


def _refused(message: str) -> Problem:
    return Problem("IDR-107", message, fix="Allowed are columns, literals, operators, CASE, casts and scalar functions")


def _unparsable(message: str) -> Problem:
    return Problem("IDR-108", message, fix="Write one scalar expression in the Snowflake dialect")


def _bad_tokens(tokens: list[Token]) -> str | None:
    if any(token.comments for token in tokens):
        return "a comment is not allowed in an expression"
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        return '";" is not allowed in an expression'
    if any(token.token_type in (TokenType.ARROW, TokenType.DARROW) for token in tokens):
        return "an arrow is not allowed in an expression; write a JSON path as column:name"
    for token, following in pairwise(tokens):
        if token.token_type is TokenType.IDENTIFIER and following.token_type is TokenType.L_PAREN:
            return f'the quoted function name "{token.text}" is not allowed'
    return None


def _objection(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Anonymous):
        name = str(node.this)
        return None if name.lower() in _ALLOWED_BY_NAME else f'the function "{name}" is not allowed'
    if isinstance(node, exp.Column):
        if node.table:
            return f'the column "{node.sql()}" is qualified; write its name alone'
        if not node.this.args.get("quoted") and node.name.lower() in _CONTEXT_COLUMNS:
            return f'"{node.name}" depends on the session and is not allowed'
        return None
    if type(node) in _ALLOWED:
        return _misplaced_word(node)
    return f"{_describe(node)} is not allowed"


def _misplaced_word(node: exp.Expr) -> str | None:
    """The parser keeps some texts as words that are written out without quotes: a unit of time, a collation."""
    if isinstance(node, exp.Collate) and not (
        isinstance(node.expression, exp.Literal) and _COLLATION.fullmatch(node.expression.name)
    ):
        return "a collation other than a plain name in quotes"
    if isinstance(node, exp.Interval) and not isinstance(node.this, exp.Literal):
        return "an interval other than a number in quotes and a unit"
    words = [node] if isinstance(node, exp.Var) else [node.args.get("unit"), node.args.get("format")]
    for word in words:
        if isinstance(word, exp.Var) and not _PLAIN.fullmatch(word.name):
            return f'"{word.name}" in place of a plain word is not allowed'
    return None


def _changed_by_writing(tree: exp.Expr) -> str | None:
    """What parsers find in the written expression although it is not in the tree: the writer left out a quote."""
    written = exp.select(exp.alias_(tree, "c0")).from_("t").sql(dialect="snowflake")
    complaints = filter(
        None, map(_objection, sqlglot.parse_one(tree.sql(dialect="snowflake"), read="snowflake").walk())
    )
    complaint = next(complaints, None)
    if complaint:
        return complaint
    for statement in sqlglot.parse(to_duckdb(written), read="duckdb"):
        if not isinstance(statement, exp.Select) or len(statement.expressions) != 1:
            return "more than one scalar expression is not allowed"
        if len(list(statement.find_all(exp.Query))) != 1:
            return "a sub-query is not allowed"
    return None


def _describe(node: exp.Expr) -> str:
    if isinstance(node, exp.Query):
        return "a sub-query"
    if isinstance(node, (exp.Placeholder, exp.Parameter)):
        return "a bind or session variable"
    if isinstance(node, exp.Window):
        return "a window function"
    if isinstance(node, exp.AggFunc):
        return f'the aggregate function "{node.sql_name().lower()}"'
    if isinstance(node, exp.Func):
        return f'the function "{node.sql_name().lower()}"'
    if isinstance(node, exp.Alias):
        return f'an alias ("{node.alias}")'
    if isinstance(node, exp.Star):
        return '"*"'
    return f'"{node.key}"'


@lru_cache(maxsize=4096)
def _analyse(text: str) -> tuple[exp.Expr | None, list[Problem]]:
    """The tree, which nobody may change, and the problems."""
    if not text.strip():
        return None, [_unparsable("the expression is empty")]
    if len(text) > MAX_LENGTH:
        return None, [_unparsable(f"the expression is longer than {MAX_LENGTH} characters")]
    try:
        tokens = list(Snowflake().tokenize(text))
        complaint = _bad_tokens(tokens)
        if complaint:
            return None, [_refused(complaint)]
        tree = sqlglot.parse_one(text, dialect="snowflake")
        complaints = list(dict.fromkeys(filter(None, map(_objection, tree.walk()))))
        if not complaints and (changed := _changed_by_writing(tree)):
            complaints.append(changed)
    except (SqlglotError, IdrError, AttributeError, TypeError, ValueError, LookupError):  # the parser's own slips, too
        return None, [_unparsable(f'"{text}" does not parse')]
    except RecursionError:
        return None, [_unparsable("the expression is nested too deeply")]
    if isinstance(tree, exp.Tuple):
        complaints.append("a list of expressions is not allowed")
    return tree, [_refused(complaint) for complaint in complaints]


def check(text: str) -> list[Problem]:
    """Everything that keeps `text` from being one allowed scalar expression; empty when it is one."""
    return list(_analyse(text)[1])


@cache
def _parsed(text: str) -> exp.Expr:
    tree, problems = _analyse(text)
    if problems or tree is None:
        raise IdrError(*problems)
    return tree


def parse(text: str) -> exp.Expr:
    """The checked syntax tree, the caller's own copy. Raises IDR-107 or IDR-108."""
    return _parsed(text).copy()


def render(text: str) -> str:
    """The checked expression written out again by the parser, in the Snowflake dialect."""
    return _parsed(text).sql(dialect="snowflake")


def columns(text: str) -> list[tuple[str, bool]]:
    """Columns that the expression reads, in order of appearance, each with whether it was quoted."""
    found = (column.this for column in _parsed(text).find_all(exp.Column))
    return list(dict.fromkeys((name.name, bool(name.args.get("quoted"))) for name in found))


@lru_cache(maxsize=1024)
def select(texts: tuple[str, ...], relation: str, first: int) -> str:
    """The statement that computes the checked expressions, as c0 (or c<first>) and so on, for every row of a table."""
    query = exp.select(*(exp.alias_(parse(text), f"c{first + i}") for i, text in enumerate(texts)), copy=False)
    return query.from_(relation, copy=False).sql(dialect="snowflake")


@cache
def identifier(name: str) -> str:
    """The name as it is written in an expression or a table name: in quotes where it would be read as another thing."""
    if _PLAIN.fullmatch(name) and name.lower() not in RESERVED_WORDS:
        tree, problems = _analyse(name)
        if isinstance(tree, exp.Column) and not problems:
            return name
    return quoted(name)


def quoted(name: str) -> str:
    """The identifier of the very name, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def table_name(text: str) -> str:
    """`[[database.]schema.]table` as written, without spaces around it. Raises IDR-108 for anything else."""
    name = text.strip()
    if not _TABLE.fullmatch(name):
        raise IdrError.of("IDR-108", f'"{text}" is not a table name', fix="Write [[database.]schema.]table")
    return name
