"""Identifier normalisers: the expressions of `sql/normalize`, filled in for one identifier."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import cast

import sqlglot
from sqlglot import exp

from idr.errors import IdrError
from idr.model import Config, Identifier
from idr.phone_regions import NUMBER_LENGTHS, PHONE_REGIONS
from idr.statement import read

# fmt: off
# The files of a normaliser, in order: each reads what the one before it gives.
_FILES: dict[str, tuple[str, ...]] = {
    "email": ("email",),
    "phone": ("phone", "phone_international", "phone_e164", "phone_possible"),
    "name": (
        "name", "parts/western", "name/latin_additional", "name/latin_extended_a", "name/latin_1",
        "name/greek", "name/cyrillic",
    ),
    "date": ("date", "date_real"),
    "postcode": ("postcode",),
    "digits": ("digits",),
    "upper": ("upper",),
    "lower": ("lower",),
    "trim": ("trim",),
    "hash": ("hash",),
    "none": ("none",),
}
# fmt: on
NORMALIZERS: tuple[str, ...] = tuple(_FILES)

DEFAULT_PLACEHOLDERS = (
    "n/a", "na", "#n/a", "null", "(null)", "<null>", "none", "nil", "unknown", "unk", "undefined", "missing",
    "not available", "not provided",
)  # fmt: skip
_COMPACT_WORDS = tuple(dict.fromkeys(re.sub(r"[^a-z]", "", word) for word in DEFAULT_PLACEHOLDERS))
_HASHES_OF_EMPTY_TEXT = (
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)
# What the other normalisers make of these words is nothing already.
_PLACEHOLDERS_OF: dict[str, tuple[str, ...]] = {
    "name": _COMPACT_WORDS,
    "date": ("1900-01-01", "9999-12-31"),
    "postcode": _COMPACT_WORDS,
    "upper": DEFAULT_PLACEHOLDERS,
    "lower": DEFAULT_PLACEHOLDERS,
    "trim": DEFAULT_PLACEHOLDERS,
    "hash": (*DEFAULT_PLACEHOLDERS, *_HASHES_OF_EMPTY_TEXT),
    "none": DEFAULT_PLACEHOLDERS,
}

# What these give is never empty and never nothing but zeros and signs.
_NEVER_EMPTY = frozenset({"email", "phone"})
_FOLDS_CASE = frozenset({"email", "name", "postcode", "upper", "lower", "hash"})
_PARTS = ("blank", "sign", "trimmed", "lowered", "western")

Step = Mapping[str, exp.Expr]
"""Column `value`, and `usual` where a later step needs it: expressions over these columns of the step before."""


def folds_case(name: str) -> bool:
    """Whether values that differ only in case get one normal form."""
    return name in _FOLDS_CASE


def normalized(identifier: Identifier, constant: exp.Expr) -> exp.Expr:
    """A scalar sub-query: the normal form of a constant or bound text; NULL for empty text and for placeholders."""
    return _chain(steps(identifier), constant)


def present(value: exp.Expr) -> exp.Expr:
    """The text as it is; NULL for blanks and for words such as n/a that mean nothing."""
    blank = _expression("parts/blank")
    around = f"]*{_any_of(DEFAULT_PLACEHOLDERS)}?["
    pattern = exp.func("CONCAT", *map(_part, ("[", blank, around, blank, "]*")))
    return (
        exp.Case()
        .when(_too_long(value, max(map(len, DEFAULT_PLACEHOLDERS))), value)
        .when(_is_like(exp.Lower(this=value.copy()), pattern), exp.null())
        .else_(value)
    )


def _any_of(words: tuple[str, ...]) -> str:
    """A regular expression: DuckDB makes a join of a long IN list, for every row, even where a CASE asks for few."""
    return "(" + "|".join(re.sub(r"[^\w -]", r"[\g<0>]", word) for word in words) + ")"


def _part(text: str | exp.Expr) -> exp.Expr:
    return exp.Literal.string(text) if isinstance(text, str) else text.copy()


def _is_like(value: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    return exp.func("REGEXP_LIKE", value, pattern, dialect="snowflake")


def _too_long(value: exp.Expr, longest: int) -> exp.Expr:
    """True only for text of more than `longest` characters without spaces around it: such text is soon told apart."""
    is_long = exp.GT(this=exp.func("LENGTH", value.copy()), expression=exp.Literal.number(longest))
    padded = (exp.Like(this=value.copy(), expression=exp.Literal.string(text)) for text in (" %", "% "))
    return exp.and_(is_long, *(exp.not_(test) for test in padded))


@cache
def steps(identifier: Identifier) -> tuple[Step, ...]:
    """`normalized` in layers, each over the columns of the one before; the first reads `value`, the last gives it.

    An engine computes a layer once, where the single expression repeats it wherever its result is read.
    """
    forms, last = _forms(identifier), _unless_placeholder(identifier)
    return forms if last is None else (*forms, {"value": last})


def with_forms(config: Config) -> Config:
    """The configuration with the digest of each identifier's SQL: another version may bring values to another form."""
    return replace(
        config, identifiers={name: replace(item, form=_digest(item)) for name, item in config.identifiers.items()}
    )


@cache
def _digest(identifier: Identifier) -> str:
    layers = steps(replace(identifier, form=""))
    text = " ".join(column.sql(dialect="snowflake") for step in layers for column in step.values())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fill(template: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    """A copy of the template with each bare column named in `values` replaced."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in values:
            return values[node.name].copy()
        return node

    return template.transform(replace)


def _chain(layers: tuple[Step, ...], constant: exp.Expr) -> exp.Expr:
    """A scalar sub-query. Its columns are qualified, so that `fill` leaves them alone where it stands in a step."""
    own: dict[str, exp.Expr] = {name: exp.column(name, table="earlier") for name in ("value", "usual")}
    query = exp.select(exp.alias_(constant, "value"))
    for layer in layers:
        columns = (exp.alias_(fill(expression, own), name) for name, expression in layer.items())
        query = exp.select(*columns).from_(query.subquery("earlier"))
    return query.subquery()


def _forms(identifier: Identifier) -> tuple[Step, ...]:
    if identifier.normalize not in _FILES:
        raise IdrError.of("IDR-109", f"there is no normaliser {identifier.normalize!r}", where=identifier.name)
    is_phone = identifier.normalize == "phone"
    files = (*_FILES[identifier.normalize], *(["email_gmail"] if identifier.gmail else []))
    parameters = _phone(identifier.region) if is_phone else {}
    texts: dict[str, exp.Expr] = {name: exp.Literal.string(text) for name, text in parameters.items()}
    forms = [fill(_expression(file), texts) for file in files]
    if is_phone and _is_north_american(identifier.region):
        return _unless_usual(_expression("phone_north_american"), forms)
    return tuple({"value": form} for form in forms)


def _unless_usual(usual: exp.Expr, forms: list[exp.Expr]) -> tuple[Step, ...]:
    """The forms for values that have no `usual` one, which costs less and comes to the same."""
    value, found = exp.column("value"), exp.column("usual")
    others = exp.Case().when(exp.Is(this=found, expression=exp.null()), value)
    *earlier, last = forms
    return (
        {"value": value, "usual": usual},
        {"value": others, "usual": found},
        *({"value": form, "usual": found} for form in earlier),
        {"value": exp.func("COALESCE", found, last)},
    )


def _unless_placeholder(identifier: Identifier) -> exp.Expr | None:
    """NULL for placeholders; None when the normal form is never one."""
    value: exp.Expr = exp.column("value")
    if identifier.placeholders is None and identifier.normalize in _NEVER_EMPTY:
        if identifier.normalize == "email":
            return None
        return exp.Case().when(_one_digit_only(identifier.region), exp.null()).else_(value)
    compared = exp.Lower(this=_expression("parts/trimmed") if identifier.normalize == "none" else value)
    if identifier.placeholders is None:
        words = _PLACEHOLDERS_OF.get(identifier.normalize, ())
        parts = (f"({_any_of(words)}|" if words else "(", _expression("parts/zeros"), ")")
        meaningless = exp.func("CONCAT", *map(_part, parts))
        return exp.Case().when(_is_like(compared, meaningless), exp.null()).else_(value)
    case = exp.Case().when(exp.EQ(this=compared, expression=exp.Literal.string("")), exp.null())
    for word in identifier.placeholders:
        case = case.when(exp.EQ(this=compared, expression=_placeholder(identifier, word)), exp.null())
    return case.else_(value)


def _placeholder(identifier: Identifier, word: str) -> exp.Expr:
    """The normal form of a configured placeholder, without regard to case."""
    text = exp.Literal.string(word)
    layers = ({"value": _expression("parts/trimmed")},) if identifier.normalize == "none" else _forms(identifier)
    return exp.Lower(this=_chain(layers, text))


def _one_digit_only(region: str | None) -> exp.Expr:
    """Whether a number of the region is one digit over and over."""
    code = PHONE_REGIONS[region].calling_code if region else "1"
    digits = "|".join(f"{digit}*" for digit in range(10))
    return _is_like(exp.column("value"), exp.Literal.string(f"[+]{code}({digits})"))


def _is_north_american(region: str | None) -> bool:
    return region in PHONE_REGIONS and PHONE_REGIONS[region].calling_code == "1"


@cache
def _expression(file: str) -> exp.Expr:
    select = cast(exp.Select, sqlglot.parse_one(read(f"normalize/{file}"), read="snowflake"))
    template = select.selects[0].unalias()
    used = {column.name for column in template.find_all(exp.Column)}
    return fill(template, {part: _expression(f"parts/{part}") for part in _PARTS if part in used})


@cache
def _phone(region: str | None) -> dict[str, str]:
    """The regular expressions of `sql/normalize/phone_*.sql`."""
    if region is not None and region not in PHONE_REGIONS:
        raise IdrError.of("IDR-105", f"there is no phone region {region!r}", fix="Use an ISO code such as GB")
    foreign = {"abroad": _abroad(), "possible": _possible()}
    if region is None:
        return {"international": "^([+]|00)+", "national": "^.*$", "e164": "", **foreign}
    plan = PHONE_REGIONS[region]
    code = plan.calling_code
    local = f"({plan.trunk})?({_lengths()[code]})"
    return {
        "international": f"^([+]+(00)?|{plan.international}|00)",
        "national": f"^{local}$|^{code}{local}$",
        "e164": f"+{code}\\2\\4",
        **foreign,
    }


@cache
def _lengths() -> dict[str, str]:
    """Calling code: a regular expression of the digits that may follow it; never a trunk prefix."""
    return {
        code: "|".join(f"{_first_digit(code)}[0-9]{{{_less_one(span)}}}" for span in spans.split(","))
        for spans, codes in NUMBER_LENGTHS.items()
        for code in codes.split()
    }


def _first_digit(code: str) -> str:
    if code == "1":
        return "[2-9]"
    return "[1-9]" if code in _codes_with_trunk_zero() else "[0-9]"


def _less_one(span: str) -> str:
    """The bounds of a repetition, without the first digit: '7-9' -> '6,8'."""
    return ",".join(str(int(bound) - 1) for bound in span.split("-"))


@cache
def _possible() -> str:
    codes: dict[str, list[str]] = {}
    for code, number in _lengths().items():
        codes.setdefault(number, []).append(code)
    return "[+](" + "|".join(f"({'|'.join(group)})({number})" for number, group in codes.items()) + ")"


@cache
def _codes_with_trunk_zero() -> tuple[str, ...]:
    return tuple(sorted({plan.calling_code for plan in PHONE_REGIONS.values() if plan.trunk == "0"}))


def _abroad() -> str:
    """Calling codes whose numbers have a trunk prefix at home, and that prefix: zero, in North America one."""
    return f"^[+]({'|'.join(_codes_with_trunk_zero())})0+|^[+](1)1+"
