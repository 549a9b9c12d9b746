"""What docs/normalisers.md says, once more in Python: an oracle that shares nothing with the product's SQL."""

# ruff: noqa: RUF001 - letters that look alike are the point
from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date

import phonenumbers

Form = str | None
_SHOWS_NOTHING = (  # beside controls and spaces what Unicode calls default ignorable, and the blank of braille
    {0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFEFF, 0xFFA0}
    | {*range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)}
    | {*range(0xFE00, 0xFE10)}
)
BLANK = "".join(
    chr(code)
    for code in range(1, 0x10000)
    if code in _SHOWS_NOTHING or unicodedata.category(chr(code)) in ("Cc", "Zs", "Zl", "Zp")
)
_WORDS = {
    "n/a", "na", "#n/a", "null", "(null)", "<null>", "none", "nil", "unknown", "unk", "undefined", "missing",
    "not available", "not provided",
}  # fmt: skip
_EMPTY_HASHES = {
    "d41d8cd98f00b204e9800998ecf8427e",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
}
_TO_PLAIN = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ς": "σ"}
_TO_PLAIN |= dict(zip("øđłıſðħŋŧƶǥϒ", "odlisdhntzgυ", strict=True))
_MARKS = [(0x2B0, 0x370), (0x483, 0x48A), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0xFE20, 0xFE30)]
_MARK = {chr(code) for start, stop in _MARKS for code in range(start, stop)}
_RADICAL = {chr(code) for code in (*range(0x2E80, 0x2FE0), *range(0xA490, 0xA4C7))}
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_FULL_WIDTH |= dict(zip("＋－（）．／", "+-()./", strict=True))
_ARABIC = {chr(start + digit): str(digit) for start in (0x660, 0x6F0) for digit in range(10)}
_FORBIDDEN = set('"(),:;<>@[\\]')


def trim(text: str) -> str:
    return text.strip(BLANK)


def _western(text: str) -> str:
    return "".join(_FULL_WIDTH.get(letter, _ARABIC.get(letter, letter)) for letter in text)


def _small(text: str) -> str:
    return "".join({"İ": "i", "Σ": "σ", "ς": "σ"}.get(letter, letter.lower()) for letter in text)


def _capital(letter: str) -> str:
    if letter in "ßẞ":
        return "SS"
    if letter == "İ":
        return "I"
    one = [text for text in (letter.upper(), letter.title()) if len(text) == 1]  # one for one, as engines do
    return one[0] if one else letter


def _or_nothing(text: str, words: set[str] = _WORDS) -> Form:
    """The text, or None for empty text, a placeholder, and zeros and signs."""
    is_nothing = trim(text).lower() in words | {""} or not text.strip(f"{BLANK}0_.,:?*#/-")
    return None if is_nothing else text


def email(text: str) -> Form:
    local, at, domain = _small(trim(text)).rpartition("@")
    labels = domain.split(".")
    if not at or not local or len(labels) < 2 or set(local) & (_FORBIDDEN | set(BLANK)):
        return None
    return f"{local}@{domain}" if all(map(_is_label, labels)) else None


def _is_label(label: str) -> bool:
    """Letters, digits and inner hyphens; beyond ASCII everything but blanks, and the character NUL."""
    rest = label.replace("-", "")
    return (
        bool(label)
        and label == label.strip("-")
        and all((c.isalnum() if "\0" < c < "\x80" else c not in BLANK) for c in rest)
    )


def gmail(text: str) -> Form:
    address = email(text)
    local, _, domain = (address or "").partition("@")
    if domain not in ("gmail.com", "googlemail.com"):
        return address
    local = local.split("+")[0].replace(".", "")
    return f"{local}@gmail.com" if local else None


def phone(region: str) -> Callable[[str], Form]:
    def form(text: str) -> Form:
        """What phonenumbers makes of the digits up to a letter or a sign that begins an extension."""
        start = re.search(r"[+0-9(]", _western(text))
        if not start:
            return None
        read = ""
        for letter in _western(text)[start.start() :]:
            if letter in "#;,~" or not (letter in "ー0123456789" or _is_sign(letter)):
                break
            read += letter
        dialled = re.sub("[^0-9+]", "", read.replace("(0)", ""))
        dialled = re.sub("^([+]+|00)", "+", dialled)
        if region == "US":
            dialled = dialled.removeprefix("1")  # the trunk prefix, which phonenumbers takes for an area code
        try:
            number = phonenumbers.parse(dialled[:30], region)
        except phonenumbers.NumberParseException:
            return None
        reason = phonenumbers.is_possible_number_with_reason(number)
        if len(dialled) > 30 or reason != phonenumbers.ValidationResult.IS_POSSIBLE:
            return None
        found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        code = f"+{phonenumbers.country_code_for_region(region)}"
        same = found.startswith(code) and len(set(found[len(code) :])) == 1
        return None if same else found

    return form


def name(text: str) -> Form:
    """Letters and digits; the marks of Latin, Greek and Cyrillic letters go, those of other scripts stay."""
    kept = []
    for letter in _small(_western(trim(text))):
        bare = unicodedata.normalize("NFD", letter)[0]
        is_folded = unicodedata.name(bare, "").startswith(("LATIN", "GREEK", "CYRILLIC"))
        kept.append(_TO_PLAIN.get(bare, bare) if is_folded else letter)
    plain = "".join(part for part in kept if part not in _MARK and part not in "ʹـ" and not _is_sign(part[0]))
    return _or_nothing(plain, {re.sub("[^a-z]", "", word) for word in _WORDS})


def _is_sign(letter: str) -> bool:
    """What is no letter, no digit and no mark; superscripts, fractions, circled numbers are signs, radicals letters."""
    category = unicodedata.category(letter)
    is_dressed = category == "No" and unicodedata.decomposition(letter) != ""
    is_sign = letter in BLANK or category[0] in "PSZ" or category in ("Me", "Cf") or is_dressed
    return is_sign and letter not in _RADICAL


def day(text: str) -> Form:
    found = re.fullmatch(r"([1-9]\d{3})[-/.]?(\d\d)[-/.]?(\d\d)([T ]\d.*)?", _western(text).strip(BLANK), re.ASCII)
    if not found:
        return None
    try:
        read = date(*map(int, found.groups()[:3])).isoformat()
    except ValueError:
        return None
    return None if read in ("1900-01-01", "9999-12-31") else read


def postcode(text: str) -> Form:
    letters = "".join(map(_capital, _western(text)))
    kept = "".join(letter for letter in letters if not _is_sign(letter) and letter != "ー")
    return _or_nothing(kept, {re.sub("[^a-z]", "", word) for word in _WORDS})


def digits(text: str) -> Form:
    return _or_nothing(re.sub("[^0-9]", "", _western(text)))


def upper(text: str) -> Form:
    return _or_nothing("".join(map(_capital, trim(text))))


def lower(text: str) -> Form:
    return _or_nothing(_small(trim(text)))


def hashed(text: str) -> Form:
    return _or_nothing(_small(trim(text)), _WORDS | _EMPTY_HASHES)


FORMS: dict[str, Callable[[str], Form]] = {
    "email": email,
    "gmail": gmail,
    "phone": phone("US"),
    "phone GB": phone("GB"),
    "name": name,
    "date": day,
    "postcode": postcode,
    "digits": digits,
    "upper": upper,
    "lower": lower,
    "trim": lambda text: _or_nothing(trim(text)),
    "hash": hashed,
    "none": _or_nothing,
}
