"""Which columns are taken for what, at the very shares from which they are."""

from __future__ import annotations

import pytest

from idr.config.profile import Facts
from idr.config.recognise import recognise

EMAILS = tuple(f"u{i}@x.org" for i in range(200))
BIRTHS = tuple(f"{1930 + i % 70}-0{1 + i % 9}-1{i % 10}" for i in range(200))
HASHES = tuple(f"{i:032x}" for i in range(200))
WORDS = tuple(f"Word{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10]}" for i in range(100))


def column(name: str, values: tuple[str, ...], *, sampled: int | None = None) -> Facts:
    return Facts(name, "text", len(values) if sampled is None else sampled, values)


def judged(*columns: Facts) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """Per kind the column and the evidence; and the remarks."""
    found, remarks = recognise(columns)
    return {kind: (finding.column, finding.evidence) for kind, finding in found.items()}, remarks


def mixed(good: tuple[str, ...], share: int) -> tuple[str, ...]:
    """A hundred values of which `share` are good."""
    return (*good[:share], *(f"-{i}-" for i in range(100 - share)))


@pytest.mark.parametrize(
    ("name", "values", "kind", "noun"),
    [("email", EMAILS, "email", "e-mail addresses"), ("dob", BIRTHS, "birth_date", "dates of birth")],
)
def test_of_a_column_with_a_telling_name_half_must_look_like_it(
    name: str, values: tuple[str, ...], kind: str, noun: str
) -> None:
    assert judged(column(name, mixed(values, 50)))[0] == {kind: (name, f"50 % look like {noun} (100 sampled)")}
    assert judged(column(name, mixed(values, 49))) == (
        {},
        [f"{name}: named like {noun}, but only 49 % look like {noun}"],
    )
    assert judged(column(name, (), sampled=9))[1] == [
        f"{name}: named like {noun}, but it is empty or holds placeholders only"
    ]
    assert judged(column(name, (), sampled=0))[0] == {kind: (name, "by its name; the table is empty")}


@pytest.mark.parametrize(("values", "kind"), [(EMAILS, "email"), (BIRTHS, "birth_date")])
def test_of_any_other_column_eight_of_ten(values: tuple[str, ...], kind: str) -> None:
    assert set(judged(column("x", mixed(values, 80)))[0]) == {kind}
    assert judged(column("x", mixed(values, 79))) == ({}, [])
    assert judged(column("x", (), sampled=0)) == ({}, [])


def test_dates_are_births_when_they_are_as_widely_spread_and_as_far_back() -> None:
    def of(first: int, years: int) -> set[str]:
        return set(judged(column("x", tuple(f"{first + i % years}-01-1{i % 10}" for i in range(1000))))[0])

    assert of(1980, 25) == {"birth_date"}
    assert of(1980, 16) == {"birth_date"}
    assert of(1980, 15) == of(1980, 10) == set()
    assert of(2000, 24) == set()
    assert of(1850, 90) == set()
    assert of(1878, 40) == {"birth_date"}
    assert of(1877, 40) == set()
    assert of(1985, 25) == {"birth_date"}
    assert of(1986, 25) == set()


def test_of_few_dates_the_first_and_the_last_count_for_the_spread() -> None:
    def of(*years: int) -> set[str]:
        return set(judged(column("x", tuple(f"{year}-01-1{at % 10}" for at, year in enumerate(years))))[0])

    assert of(*range(1960, 1979)) == {"birth_date"}
    assert of(1879, *range(1960, 1978)) == set()
    assert of(*range(1960, 1974), *[1974] * 5) == set()
    assert of(*range(1960, 1974), *[1974] * 4, 1975) == {"birth_date"}


def test_a_column_in_which_one_value_prevails_tells_nobody_apart() -> None:
    assert judged(column("email", (*EMAILS[:10], *EMAILS[:1] * 10))) == ({}, ["email: one value fills 55 % of it"])
    assert judged(column("x", (*EMAILS[:10], *EMAILS[:1] * 10))) == ({}, [])
    assert judged(column("email", (*EMAILS[:11], *EMAILS[:1] * 9)))[0] == {
        "email": ("email", "100 % look like e-mail addresses (20 sampled), one value fills 50 %")
    }
    assert judged(column("email", (*EMAILS[:9], *EMAILS[:1] * 10)))[0] == {
        "email": ("email", "100 % look like e-mail addresses (19 sampled)")
    }
    assert judged(column("email", EMAILS[:1] * 3)) == ({}, ["email: one value fills 100 % of it"])
    assert set(judged(column("email", EMAILS[:1] * 2))[0]) == {"email"}


def test_the_evidence_tells_of_gaps_and_of_values_that_come_often() -> None:
    said = "100 % look like e-mail addresses"
    for values, sampled, more in (
        (EMAILS[:199], 200, ""),
        (EMAILS[:198], 200, ", 1 % are empty"),
        (EMAILS[:100], 200, ", 50 % are empty"),
        (EMAILS[:160], 200, ", 20 % are empty"),
        (EMAILS[:20], 20, ""),
        ((*EMAILS[:19], EMAILS[0]), 20, ", one value fills 10 %"),
        ((*EMAILS[:18], EMAILS[0]), 19, ""),
    ):
        found = judged(column("email", values, sampled=sampled))[0]
        assert found == {"email": ("email", f"{said} ({len(values)} sampled){more}")}


def test_the_column_with_the_telling_name_wins_then_the_fuller_one_and_the_rest_is_remarked() -> None:
    named, full, gaps = column("mail", EMAILS[:50], sampled=90), column("x", EMAILS), column("y", EMAILS, sampled=300)
    found, remarks = judged(gaps, full, named)
    assert found["email"][0] == "mail"
    assert [remark.partition(":")[0] for remark in remarks] == ["x", "y"]
    assert "x: holds e-mail addresses too (100 % look like e-mail addresses (200 sampled))" in remarks
    assert judged(gaps, full)[0]["email"][0] == "x"


@pytest.mark.parametrize(
    ("text", "is_name"),
    [("abcdefg123", True), ("abcdef1234", False), ("anna.lee@x", False), ("anna_lee", False), ("O'Nail", True)],
)
def test_names_are_mostly_letters(text: str, is_name: bool) -> None:
    values = tuple(text.replace("a", letter) for letter in "abcdefghijklmnopqrstuvwxyz" * 2)
    assert ("last_name" in judged(column("last_name", values))[0]) is is_name


@pytest.mark.parametrize(
    ("values", "is_phone"),
    [
        ([f"+1 212 555 {i:04}" for i in range(50)], True),
        ([f"212-555-{i:04}" for i in range(50)], True),
        ([f"212555{i:04}" for i in range(50)], False),
        ([f"21-55-{i:04}" for i in range(50)], False),
        ([f"21-555-{i:04}" for i in range(50)], False),
        ([f"212555-{i:04}" for i in range(50)], False),
        ([f"+1212555{i:04}" for i in range(50)], True),
        ([f"192.168.{100 + i}.123" for i in range(50)], False),
    ],
)
def test_a_telephone_number_is_sure_by_its_punctuation_and_length_and_is_no_address_of_a_computer(
    values: list[str], is_phone: bool
) -> None:
    assert ("phone" in judged(column("x", tuple(values)))[0]) is is_phone


@pytest.mark.parametrize(
    ("text", "is_phone"),
    [
        ("555 123", False),
        ("555 1234", True),
        ("+123 4567 8901 2345", True),
        ("+123 4567 8901 23456", False),
        ("555 1234 x12345", True),
        ("555 123 x12345", False),
        ("(020) 7946 0018 ext. 7", True),
        ("19801231", False),
        ("19801331", True),
        ("call 555 1234", False),
    ],
)
def test_in_a_column_of_that_name_a_telephone_number_has_seven_to_fifteen_digits_and_is_no_date(
    text: str, is_phone: bool
) -> None:
    assert ("phone" in judged(column("phone", (text,)))[0]) is is_phone


def test_a_number_is_brought_to_the_form_of_its_kind() -> None:
    numbers = tuple(f"2125550{i:03}" for i in range(200))
    for name, values, normalize in (
        ("phone", numbers, "phone"),
        ("zip", tuple(f"10{i:03}" for i in range(200)), "postcode"),
        ("ssn", numbers, "digits"),
        ("passport", (*numbers[:100], *(f"C{i:05}" for i in range(100))), "upper"),
        ("dob", BIRTHS, "date"),
        ("last_name", WORDS, "name"),
    ):
        found, _ = recognise((column(name, values),))
        assert [finding.normalize for finding in found.values()] == [normalize]


def test_a_column_whose_name_tells_another_kind_holds_no_local_dates() -> None:
    dates = tuple(f"{13 + i % 9}/0{1 + i % 9}/19{10 + i % 90}" for i in range(100))
    assert judged(column("email", dates)) == (
        {},
        ["email: named like e-mail addresses, but only 0 % look like e-mail addresses"],
    )
    assert judged(column("x", dates)) == ({}, [])
    assert judged(Facts("birth_date", "integer", 100, dates)) == (
        {},
        ["birth_date: named like dates of birth, but only 0 % look like dates of birth"],
    )


@pytest.mark.parametrize(
    ("dates", "pattern"),
    [
        (["13/05/1980"], "DD/MM/YYYY"),
        (["11/12/1980", "01/02/1970"], None),
        (["13/05/1980", "01/02/1970"], "DD/MM/YYYY"),
        (["05.13.1980", "01.02.1970"], "MM.DD.YYYY"),
        (["12/11/1980", "01/02/1970"], None),
        (["13/05/1980", "05/13/1970"], None),
        (["13/05/1980", "01.02.1970"], None),
    ],
)
def test_a_local_date_is_read_where_its_values_tell_day_from_month(dates: list[str], pattern: str | None) -> None:
    found, remarks = recognise((column("birth_date", tuple(dates)),))
    if pattern is None:
        assert (found, len(remarks)) == ({}, 1)
    else:
        assert found["birth_date"].expression == f"try_to_date(birth_date, '{pattern}')"
        assert found["birth_date"].evidence == f"100 % are dates as {pattern} ({len(dates)} sampled)"


def test_eight_of_ten_local_dates_are_enough() -> None:
    dates = tuple(f"{13 + i % 9}/0{1 + i % 9}/19{10 + i % 90}" for i in range(100))
    assert judged(column("dob", mixed(dates, 80)))[0] == {
        "birth_date": ("dob", "80 % are dates as DD/MM/YYYY (100 sampled)")
    }
    assert judged(column("dob", mixed(dates, 79)))[0] == {}


def test_days_that_do_not_exist_are_no_dates() -> None:
    for text in ("1980-13-01", "1980-02-30", "1980-00-10", "0999-01-01"):
        assert judged(column("dob", (text, text.replace("1980", "1981"))))[0] == {}
    assert set(judged(column("dob", ("19801231", "1981-12-31T00:00")))[0]) == {"birth_date"}


@pytest.mark.parametrize(("share", "normalize"), [(80, "hash"), (79, None)])
def test_hashed_addresses_are_hashes(share: int, normalize: str | None) -> None:
    found, _ = recognise((column("email", mixed(HASHES, share)),))
    assert (found["email"].normalize if found else None) == normalize


@pytest.mark.parametrize(("share", "normalize"), [(96, "digits"), (95, "upper")])
def test_identity_numbers_are_digits_when_nearly_all_are(share: int, normalize: str) -> None:
    digits, letters = [f"123-45-{6000 + i}" for i in range(share)], [f"AB{i:04}" for i in range(100 - share)]
    found, _ = recognise((column("ssn", (*digits, *letters)),))
    assert found["national_id"].normalize == normalize


def test_a_name_that_is_about_a_value_is_not_the_value() -> None:
    assert judged(column("last_name_type", WORDS)) == ({}, [])
    assert judged(column("last_name", WORDS))[0] == {"last_name": ("last_name", "100 % look like names (100 sampled)")}
