"""Which columns of a table say who a person is: judged by name and by content."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from idr.config.profile import Facts
from idr.warehouse import TypeFamily

BY_NAME, BY_CONTENT = 0.5, 0.8
_CONSTANT_SHARE, _CONSTANT_FROM = 0.5, 20
_BIRTH_SPREAD, _BIRTH_LATEST = 15, 2012
_ABOUT_A_VALUE = re.compile(
    r"_(verified|valid|validated|opt|opted|sent|status|type|flag|count|consent|at|on|by|in|out|place|country|city|hash)$"
)
_DATE = re.compile(r"([1-9]\d{3})([-/]?)(\d\d)\2(\d\d)([T ]\d.*)?")
_LOCAL_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")

Test = Callable[[str], bool]


def _matches(pattern: str) -> Test:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    return bool(found) and _exists(int(found[1]), int(found[3]), int(found[4]))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_phone(text: str) -> bool:
    found = re.fullmatch(r"[+(]?[0-9][0-9 ().\-/]{4,24}( ?(x|ext\.?|#) ?[0-9]{1,6})?", text)
    return bool(found) and 7 <= sum(c.isdigit() for c in re.split("[x#e]", text)[0]) <= 15 and not _is_date(text)


def _is_surely_phone(text: str) -> bool:
    punctuated = text.startswith("+") or len(re.findall(r"[0-9]+", text)) >= 3
    octets = re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", text)
    enough = sum(c.isdigit() for c in text) >= 10
    return _is_phone(text) and punctuated and enough and not octets


def _is_words(text: str) -> bool:
    letters = sum(c.isalpha() for c in text)
    return letters >= 0.7 * len(text) and not any(c in "@/\\_" for c in text)


_is_email = _matches(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
_is_hex = _matches(r"[0-9a-fA-F]{32,128}")
_is_postcode = _matches(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 -]{2,9}")
_is_surely_postcode = _matches(
    r"[A-Za-z]{1,2}\d[A-Za-z0-9]? ?\d[A-Za-z]{2}|[A-Za-z]\d[A-Za-z] ?\d[A-Za-z]\d|\d{4} ?[A-Z]{2}|\d{5}(-\d{4})?"
)
_is_number = _matches(r"(?=.*\d)[A-Za-z0-9][A-Za-z0-9 ./-]{3,24}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal value. `sure` recognises it without a telling column name; None when only the name can."""

    name: str
    normalize: str
    noun: str
    words: str
    looks: Test
    sure: Test | None = None
    families: tuple[TypeFamily, ...] = ("text",)

    def names(self, column: Facts) -> bool:
        return bool(re.search(self.words, column.words)) and not _ABOUT_A_VALUE.search(column.words)


def _word(pattern: str) -> str:
    return rf"(?:^|_)(?:{pattern})(?:_\d+)?(?:_|$)"


KINDS: tuple[Kind, ...] = (
    Kind("email", "email", "e-mail addresses", r"e_?mail|(?:^|_)mail(?:_|$)", _is_email, _is_email),
    Kind(
        "national_id", "upper", "identity numbers",
        _word("ssn|nino|(?:soc|social)_?(?:sec|security)(?:_(?:id|no|number|nr))?|(?:national|tax|citizen)_?(?:id|no|number)"
              "|passport(?:_(?:no|number|id))?"),
        _is_number, families=("text", "integer", "decimal"),
    ),
    Kind(
        "phone", "phone", "phone numbers", r"phone|mobile|(?:^|_)(?:cell|tel|msisdn|handy)(?:_|$)", _is_phone,
        _is_surely_phone, ("text", "integer", "decimal"),
    ),
    Kind(
        "birth_date", "date", "dates of birth",
        _word("dob|bday|birth|birthday|birthdate|date_?of_?birth|born|geburtsdatum"), _is_date, _is_date,
        ("text", "date", "timestamp", "timestamp_tz", "integer"),
    ),
    Kind("last_name", "name", "names", _word("last_?name|sur_?name|family_?name|lname|nachname"), _is_words),
    Kind("first_name", "name", "names", _word("first_?name|given_?name|fore_?name|fname|vorname"), _is_words),
    Kind(
        "full_name", "name", "names",
        _word("(?:full|customer|contact|person|client|patient|member|display)_?name|^name$"), _is_words,
    ),
    Kind(
        "postcode", "postcode", "postcodes", _word("post_?code|postal(?:_?code)?|zip(?:_?code)?|plz|postleitzahl"),
        _is_postcode, _is_surely_postcode, ("text", "integer"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """A column taken for a kind of value: the expression to read, and why."""

    kind: Kind
    column: str
    expression: str
    evidence: str
    normalize: str


def recognise(columns: tuple[Facts, ...]) -> tuple[dict[str, Finding], list[str]]:
    """The best column per kind, and remarks on columns that were passed over; a column serves one kind."""
    found: dict[str, Finding] = {}
    taken: set[str] = set()
    remarks: list[str] = []
    for kind in KINDS:
        ranked: list[tuple[tuple[bool, float], Finding]] = []
        for column in columns:
            if column.name in taken:
                continue
            finding = _judge(kind, column)
            if isinstance(finding, Finding):
                ranked.append(((kind.names(column), column.filled), finding))
            elif finding:
                remarks.append(finding)
        ranked.sort(key=lambda pair: pair[0], reverse=True)
        if ranked:
            found[kind.name] = ranked[0][1]
            taken |= {finding.column for _, finding in ranked}
            remarks += [f"{finding.column}: holds {kind.noun} too ({finding.evidence})" for _, finding in ranked[1:]]
    return found, remarks


def _judge(kind: Kind, column: Facts) -> Finding | str | None:
    """A finding, a remark why a column of that name is no use, or None."""
    named = kind.names(column)
    if column.family not in kind.families or not (named or kind.sure):
        return None
    if not column.sampled:
        return _finding(kind, column, column.written, "by its name; the table is empty") if named else None
    test = kind.looks if named or kind.sure is None else kind.sure
    share = _share(column.values, test)
    expression, said = column.written, f"{_percent(share)} look like {kind.noun}"
    if kind.name == "birth_date" and named and share < BY_NAME:
        local = _local_date(column) if column.family == "text" else None
        if local:
            expression, said = local
            share = 1.0
    if share < (BY_NAME if named else BY_CONTENT) or (kind.name == "birth_date" and not named and not _births(column)):
        if kind.name == "email" and named and _share(column.values, _is_hex) >= BY_CONTENT:
            return _finding(kind, column, column.written, "hashed values", "hash")
        return f"{column.name}: named like {kind.noun}, but {_lacking(column, kind, share)}" if named else None
    if _is_constant(column):
        return f"{column.name}: one value fills {_percent(column.top_share)} of it" if named else None
    normalize = (
        "digits" if kind.name == "national_id" and _share(column.values, _matches(r"[\d ./-]+")) > 0.95 else None
    )
    return _finding(kind, column, expression, _said(column, said), normalize)


def _finding(kind: Kind, column: Facts, expression: str, evidence: str, normalize: str | None = None) -> Finding:
    return Finding(kind, column.name, expression, evidence, normalize or kind.normalize)


def _said(column: Facts, said: str) -> str:
    text = f"{said} ({len(column.values):,} sampled)"
    if column.filled < 0.995:
        text += f", {_percent(1 - column.filled)} are empty"
    if column.top_share > 0.05 and len(column.values) >= _CONSTANT_FROM:
        text += f", one value fills {_percent(column.top_share)}"
    return text


def _lacking(column: Facts, kind: Kind, share: float) -> str:
    return (
        f"only {_percent(share)} look like {kind.noun}" if column.values else "it is empty or holds placeholders only"
    )


def _is_constant(column: Facts) -> bool:
    distinct = len(set(column.values))
    return (distinct == 1 and len(column.values) > 2) or (
        len(column.values) >= _CONSTANT_FROM and column.top_share > _CONSTANT_SHARE
    )


def _births(column: Facts) -> bool:
    """Years as widely spread, and as far back, as those of people's births."""
    years = sorted(int(text[:4]) for text in column.values if _is_date(text))
    low, middle, high = (years[int(len(years) * share)] for share in (0.05, 0.5, 0.95))
    return low >= 1880 and middle <= _BIRTH_LATEST - _BIRTH_SPREAD and high - low >= _BIRTH_SPREAD


def _local_date(column: Facts) -> tuple[str, str] | None:
    """An expression for dates such as 31/12/1980, when the values tell day from month."""
    parts = [found for text in column.values if (found := _LOCAL_DATE.fullmatch(text))]
    if len(parts) < BY_CONTENT * len(column.values) or not parts:
        return None
    separator = parts[0][2]
    day_first = any(int(found[1]) > 12 for found in parts)
    month_first = any(int(found[3]) > 12 for found in parts)
    if day_first == month_first or any(found[2] != separator for found in parts):
        return None
    order: Mapping[bool, str] = {True: "DD{0}MM{0}YYYY", False: "MM{0}DD{0}YYYY"}
    pattern = order[day_first].format(separator)
    share = len(parts) / len(column.values)
    return f"try_to_date({column.written}, '{pattern}')", f"{_percent(share)} are dates as {pattern}"


def _share(values: tuple[str, ...], test: Test) -> float:
    return sum(map(test, values)) / len(values) if values else 0.0


def _percent(share: float) -> str:
    """Rounded down, so that only all is 100 %."""
    return f"{math.floor(round(share * 100, 6))} %"
