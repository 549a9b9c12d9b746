"""What every normaliser promises, for any text."""

# ruff: noqa: RUF001 - letters that look alike are what is tested

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idr.errors import IdrError
from idr.model import Identifier
from idr.normalize import NORMALIZERS, folds_case, steps
from tests.normalize.batch import normal_form, normal_forms

IDENTIFIERS = [
    *(Identifier(name, name, region="GB" if name == "phone" else None) for name in NORMALIZERS),
    Identifier("gmail", "email", gmail=True),
    Identifier("phone_us", "phone", region="US"),
    Identifier("phone_it", "phone", region="IT"),
    Identifier("words", "trim", placeholders=("No Name", "-")),
]
BLANKS = "\t\n\r \u00a0\u1680\u2003\u200b\u200c\u200d\u200e\u202e\u2060\u2066\u3000\ufeff\u00ad"
LIKELY = st.one_of(
    st.emails(domains=st.sampled_from(["gmail.com", "GoogleMail.com", "example.co.uk"])),
    st.from_regex(r"(\+|00)?[0-9]{1,3}[ -]?\(?[0-9]{2,4}\)?[ -]?[0-9]{3,8}( x[0-9]{1,3})?", fullmatch=True),
    st.dates().map(str),
    st.text("AÄÉßİıſΣσςЁё'’- .éŁøœ1٣３", max_size=12),
    st.sampled_from(["n/a", "NULL", "(null)", "0000", "000-00-0000", "none", "🙂", "Null Unknown"]),
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=20),
)
TEXTS = st.lists(LIKELY, min_size=30, max_size=120)


def ids(identifier: Identifier) -> str:
    return identifier.name


@pytest.mark.parametrize("identifier", IDENTIFIERS, ids=ids)
@given(texts=TEXTS, before=st.text(BLANKS, min_size=1, max_size=4), after=st.text(BLANKS, min_size=1, max_size=4))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
def test_twice_is_once_and_surrounding_blanks_do_not_count(
    identifier: Identifier, texts: list[str], before: str, after: str
) -> None:
    size = len(texts)
    found = normal_forms(identifier, [*texts, *(f"{before}{text}{after}" for text in texts)])
    once = found[:size]
    if identifier.normalize == "none":
        assert [text for text in once if text is not None] == [
            t for t, n in zip(texts, once, strict=True) if n is not None
        ]
    else:
        assert found[size:] == once
    assert normal_forms(identifier, once) == once
    assert "" not in once


@pytest.mark.parametrize("name", [name for name in NORMALIZERS if folds_case(name)])
@given(texts=st.lists(st.text("abzABZ019 .@-'äÄéÉøØłŁжЖёЁωΩσΣİ", max_size=12), min_size=30, max_size=120))
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_case_does_not_count_where_it_folds(name: str, texts: list[str]) -> None:
    plain = [text.replace("İ", "i") for text in texts]
    found = normal_forms(Identifier("x", name), [*texts, *plain, *map(str.upper, plain), *map(str.lower, plain)])
    size = len(texts)
    assert found[:size] == found[size : 2 * size] == found[2 * size : 3 * size]
    assert found[3 * size :] == found[:size]


def test_every_letter_that_carries_marks_has_one_name_composed_or_not() -> None:
    scripts = [*range(0x80, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x2000)]
    letters = [chr(code) for code in scripts if unicodedata.category(chr(code)).startswith("L")]
    texts = [f"Xy{letter}z" for letter in letters]
    apart = [unicodedata.normalize("NFD", text) for text in texts]
    found = normal_forms(Identifier("x", "name"), [*texts, *apart])
    different = [letter for letter, a, b in zip(letters, found, found[len(texts) :], strict=False) if a != b]
    assert different == []
    bare = [
        "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c)) for text in texts
    ]
    for letter, name, expected in zip(letters, found, bare, strict=False):
        if expected.isascii():
            assert (letter, name) == (letter, expected)


@pytest.mark.parametrize(("name", "text"), [("name", "Änn Lee"), ("postcode", "Ä1 2BC")])
def test_a_flag_that_is_written_with_tags_is_no_part_of_a_value(name: str, text: str) -> None:
    """England's is a black flag and the tags g b e n g; a tag of its own shows nothing."""
    england = "\U0001f3f4" + "".join(map(chr, (0xE0067, 0xE0062, 0xE0065, 0xE006E, 0xE0067, 0xE007F)))
    tags = map(chr, (0xE0001, *range(0xE0020, 0xE0080)))
    texts = [text, f"{text} {england}", f"{england}{text}", *(text.replace(" ", tag) for tag in tags)]
    assert set(normal_forms(Identifier("x", name), texts)) == {normal_form(Identifier("x", name), text)} - {None}


@pytest.mark.parametrize(("name", "text"), [("name", "Änn Lee"), ("postcode", "Ä1 2BC")])
def test_what_stands_before_the_tags_and_behind_them_is_part_of_a_value(name: str, text: str) -> None:
    beside = [text + chr(code) for code in (0xE0000, 0xE0080)]
    plain, *found = normal_forms(Identifier("x", name), [text, *beside])
    assert found == [f"{plain}{other[-1]}" for other in beside]


def test_one_letter_that_stands_for_two_is_written_as_two() -> None:
    found = normal_forms(Identifier("x", "name"), ["Ærø", "Œuvre", "Þór", "Weiß"])
    assert found == ["aero", "oeuvre", "thor", "weiss"]
    for name in ("upper", "postcode"):
        assert normal_forms(Identifier("x", name), ["1ß2", "1ẞ2", "1İ2"]) == ["1SS2", "1SS2", "1I2"]


@pytest.mark.parametrize("name", NORMALIZERS)
def test_awkward_text_does_no_harm(name: str) -> None:
    identifier = Identifier("x", name, region="US" if name == "phone" else None)
    awkward = [None, "", "\x00", "a\x00b", "'", "''; drop table t; --", '"', "\\", "%_", "a\nb", "🙂" * 50,
               "\ud7ff\ue000",
               "x" * 100_000, "1" * 100_000, "é" * 100_000, "$1 \\1", "[", "(", "\u202eabc\u202c"]  # fmt: skip
    found = normal_forms(identifier, awkward)
    assert normal_forms(identifier, found) == found
    assert found[:2] == [None, None]


@pytest.mark.parametrize("name", NORMALIZERS)
def test_default_placeholders_are_nothing(name: str) -> None:
    words = [
        "",
        " ",
        "\u00a0\u200b",
        "n/a",
        "N/A",
        " Null ",
        "UNKNOWN",
        "none",
        "-",
        "--",
        "?",
        ".",
        "0",
        "000",
        "00-00",
        "not available",
    ]
    assert normal_forms(Identifier("x", name, region="US" if name == "phone" else None), words) == [None] * len(words)


@pytest.mark.parametrize(
    ("name", "placeholder", "nothing", "something"),
    [
        ("trim", "No Name", "no name", "noname"),
        ("name", "No Name", "NO-NAME", "Noname Smith"),
        ("digits", "123-45-6789", "123 45 6789", "123 45 6780"),
        ("phone", "0000000000", "(000) 000-0000", "202 555 0123"),
        ("phone", "202-555-0123", "+1 202 555 0123", "202 555 0124"),
        ("none", "No Name", " no name ", "noname"),
        ("email", "No@Mail.org", "no@mail.ORG", "no@mail.com"),
        ("date", "1901/01/01", "19010101", "1901-01-02"),
    ],
)
def test_a_configured_placeholder_is_compared_by_its_normal_form(
    name: str, placeholder: str, nothing: str, something: str
) -> None:
    identifier = Identifier("x", name, region="US" if name == "phone" else None, placeholders=(placeholder,))
    assert normal_form(identifier, nothing) is None
    assert normal_form(identifier, something) is not None


@pytest.mark.parametrize("name", NORMALIZERS)
def test_without_placeholders_only_empty_text_is_nothing(name: str) -> None:
    identifier = Identifier("x", name, placeholders=())
    assert normal_forms(identifier, ["", " \u00a0"]) == [None, None]
    if name in {"name", "postcode", "upper", "lower", "trim", "hash", "none"}:
        assert normal_form(identifier, "unknown") is not None


@pytest.mark.parametrize(
    ("identifier", "code"),
    [(Identifier("x", "soundex"), "IDR-109"), (Identifier("x", "phone", region="XX"), "IDR-105")],
)
def test_a_form_that_this_version_does_not_know_is_told(identifier: Identifier, code: str) -> None:
    """A state that a newer version published may name it."""
    with pytest.raises(IdrError) as caught:
        steps(identifier)
    assert caught.value.code == code
