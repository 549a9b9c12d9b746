"""Identifier normalisers: the expressions of `sql/normalize`, filled in for one identifier."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import cast

import sqlglot
from sqlglot import exp

from idr.errors import IdrError
from idr.model import Identifier
from idr.phone_regions import PHONE_REGIONS
from idr.statement import read

NORMALIZERS: tuple[str, ...] = (
    "email",
    "phone",
    "name",
    "date",
    "postcode",
    "digits",
    "upper",
    "lower",
    "trim",
    "hash",
    "none",
)
DEFAULT_PLACEHOLDERS: tuple[str, ...] = (
    "",
    "n/a",
    "na",
    "null",
    "none",
    "nil",
    "unknown",
    "unk",
    "undefined",
    "-",
    "--",
    "?",
    ".",
)
BLANKS = "".join(map(chr, (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C)))) + "".join(
    map(chr, (0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF))
)

_KEEPS_TEXT = frozenset({"upper", "lower", "trim", "hash", "none"})
_FOLDS_CASE = frozenset({"email", "name", "postcode", "upper", "lower", "hash"})


def folds_case(name: str) -> bool:
    """Whether values that differ only in case get one normal form."""
    return name in _FOLDS_CASE


def normalized(identifier: Identifier, value: exp.Expr) -> exp.Expr:
    """The identifier's normal form of the text `value`; NULL for empty text and for placeholders."""
    name = identifier.normalize
    result = _fill(_file(identifier), {"value": value, **_parameters(identifier)})
    words = DEFAULT_PLACEHOLDERS if identifier.placeholders is None else identifier.placeholders
    nothing = _one_of(words)
    absent: list[exp.Expr] = [
        exp.In(this=exp.Lower(this=_trim(value.copy())), expressions=[word.copy() for word in nothing])
    ]
    if name not in _KEEPS_TEXT:
        absent.append(exp.In(this=exp.Lower(this=result.copy()), expressions=nothing))
    if identifier.placeholders is None and name in {"digits", "phone"}:
        absent.append(_one_digit_only(identifier, result))
    case = exp.Case()
    for condition in absent:
        case = case.when(condition, exp.Null(), copy=False)
    return case.else_(result, copy=False)


def _one_of(words: Iterable[str]) -> list[exp.Expr]:
    """The words as SQL text in lower case. Empty text is always nothing."""
    found = dict.fromkeys(["", *(word.strip(BLANKS) for word in words)])
    return [
        exp.Literal.string(word.lower()) if word.isascii() else exp.Lower(this=exp.Literal.string(word))
        for word in found
    ]


def _one_digit_only(identifier: Identifier, result: exp.Expr) -> exp.Expr:
    """Digits: all zeros. Phone: after the calling code one digit over and over."""
    if identifier.normalize == "digits":
        return _parse("ltrim(value, '0') = ''", value=result)
    start = 2 + len(PHONE_REGIONS[identifier.region].calling_code if identifier.region else "1")
    return _parse(f"replace(substr(value, {start}), right(value, 1), '') = ''", value=result)


def _file(identifier: Identifier) -> exp.Expr:
    if identifier.normalize not in NORMALIZERS:
        raise IdrError.of("IDR-109", f"there is no normaliser {identifier.normalize!r}", where=identifier.name)
    gmail = identifier.normalize == "email" and identifier.gmail
    return _expression("email_gmail" if gmail else identifier.normalize)


@cache
def _expression(name: str) -> exp.Expr:
    select = cast(exp.Select, sqlglot.parse_one(read(f"normalize/{name}"), read="snowflake"))
    return select.selects[0].unalias()


def _parameters(identifier: Identifier) -> dict[str, exp.Expr]:
    texts = {"blanks": BLANKS}
    if identifier.normalize == "phone":
        texts |= _phone(identifier.region)
    return {name: exp.Literal.string(text) for name, text in texts.items()}


@cache
def _phone(region: str | None) -> dict[str, str]:
    if region is None:
        return {
            "optional_zero": "(0)",
            "international": "^([+]|00)",
            "national": "^[^+].*$",
            "e164": "",
            "possible": "^[+][1-9][0-9]{6,14}$",
        }
    if region not in PHONE_REGIONS:
        raise IdrError.of("IDR-105", f"there is no phone region {region!r}", fix="Use an ISO code such as GB")
    plan = PHONE_REGIONS[region]
    code = plan.calling_code
    trunk = f"({plan.trunk})?" if plan.trunk else "()"
    number = f"([0-9]{{{plan.shortest},{plan.longest}}})"
    abroad = "|".join(
        f"{code[:place]}{_other_digit(digit, first=place == 0)}[0-9]{{{6 - place},{14 - place}}}"
        for place, digit in enumerate(code)
    )
    return {
        "optional_zero": "(0)" if plan.trunk else "()",
        "international": f"^([+]|{plan.international}|00)",
        "national": f"^([+]{code})?{trunk}{number}$|^{code}{trunk}{number}$",
        "e164": f"+{code}\\3\\5",
        "possible": f"^[+]({code}{number}|{abroad})$",
    }


def _other_digit(digit: str, *, first: bool) -> str:
    return "[" + "".join(other for other in "0123456789"[first:] if other != digit) + "]"


def _trim(value: exp.Expr) -> exp.Expr:
    return exp.Trim(this=value, expression=exp.Literal.string(BLANKS))


def _parse(sql: str, *, value: exp.Expr) -> exp.Expr:
    return _fill(sqlglot.parse_one(sql, read="snowflake"), {"value": value})


def _fill(template: exp.Expr, values: dict[str, exp.Expr]) -> exp.Expr:
    """A copy of the template with each bare column named in `values` replaced."""

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name in values:
            return values[node.name].copy()
        return node

    return template.transform(replace)
