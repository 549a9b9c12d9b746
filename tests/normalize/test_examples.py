"""Normalisers: awkward input has one normal form, an independent library agrees, and twice is the same as once."""

from __future__ import annotations

import phonenumbers
import pytest
from sqlglot import exp

from idr.model import Identifier
from idr.normalize import normalized
from idr.warehouse.duckdb import DuckDBWarehouse


@pytest.fixture(scope="module")
def wh() -> DuckDBWarehouse:
    return DuckDBWarehouse.open(":memory:")


def normal(wh: DuckDBWarehouse, identifier: Identifier, value: str | None) -> str | None:
    query = exp.select(exp.alias_(normalized(identifier, exp.column("v")), "n")).from_("t").sql(dialect="snowflake")
    wh.execute("create or replace transient table t as select cast(:v as varchar) as v", {"v": value})
    return wh.query(query)[0]["n"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("email", "  Ann.Lee@Example.COM\t", "ann.lee@example.com"),
        ("email", "not an address", None),
        ("email", "", None),
        ("email", None, None),
        ("name", "  O'Brien ", "obrien"),
        ("name", "MÜLLER", "muller"),
        ("name", "Straße", "strasse"),
        ("name", "Mary-Ann   Lee", "maryannlee"),
        ("date", "2024/02/29", "2024-02-29"),
        ("date", "20240229", "2024-02-29"),
        ("date", "2023-02-30", None),
        ("postcode", "sw1a 1aa", "SW1A1AA"),
        ("digits", "123-45-6789", "123456789"),
        ("digits", "000-00-0000", None),
        ("upper", " ab1 ", "AB1"),
        ("lower", "N/A", None),
        ("trim", "unknown", None),
        ("hash", " 9F86D0 ", "9f86d0"),
        ("none", "As It Is", "As It Is"),
    ],
)
def test_a_value_has_one_normal_form(wh: DuckDBWarehouse, name: str, value: str | None, expected: str | None) -> None:
    assert normal(wh, Identifier("x", name), value) == expected
    assert normal(wh, Identifier("x", name), expected) == expected


def test_gmail_dots_and_tags_are_dropped_on_request(wh: DuckDBWarehouse) -> None:
    assert normal(wh, Identifier("x", "email", gmail=True), "A.Nn+news@GoogleMail.com") == "ann@gmail.com"
    assert normal(wh, Identifier("x", "email"), "a.nn+news@gmail.com") == "a.nn+news@gmail.com"


@pytest.mark.parametrize(
    ("region", "value"),
    [
        ("US", "(212) 555-0123"),
        ("US", "+44 20 7946 0958"),
        ("GB", "020 7946 0958"),
        ("DE", "0049 30 901820"),
        ("FR", "01 42 68 53 00"),
    ],
)
def test_phone_agrees_with_phonenumbers(wh: DuckDBWarehouse, region: str, value: str) -> None:
    parsed = phonenumbers.parse(value, region)
    expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert normal(wh, Identifier("x", "phone", region=region), value) == expected


@pytest.mark.parametrize("value", ["12", "555", "+1234567890123456789", "call me"])
def test_an_impossible_phone_number_is_nothing(wh: DuckDBWarehouse, value: str) -> None:
    assert normal(wh, Identifier("x", "phone", region="US"), value) is None
