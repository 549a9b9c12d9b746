"""Independent libraries judge phone numbers and email addresses."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType, ValidationResult

from idr.model import Identifier
from idr.phone_regions import PHONE_REGIONS
from tests.normalize.batch import normal_forms, usual_forms

KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE)
WRITTEN = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
EXTENSIONS = ("", " x123", " ext. 5", ";ext=42", " #7", ", 9", " Ext 12", " (work)")


def _examples(region: str) -> list[phonenumbers.PhoneNumber]:
    return [number for kind in KINDS if (number := phonenumbers.example_number_for_type(region, kind))]


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@pytest.mark.slow
def test_example_numbers_of_every_region_agree_however_they_are_written() -> None:
    wrong: list[tuple[str, str, str | None]] = []
    for region in sorted(PHONE_REGIONS):
        cases = [
            (phonenumbers.format_number(number, written) + extension, _e164(number))
            for number in _examples(region)
            for written in WRITTEN
            for extension in EXTENSIONS
        ]
        found = normal_forms(Identifier("x", "phone", region=region), [text for text, _ in cases])
        wrong += [(region, text, n) for (text, e164), n in zip(cases, found, strict=True) if n != e164]
    # Argentina writes 15 into its mobile numbers at home, behind an area code of unknown length.
    assert {region for region, _, _ in wrong} <= {"AR"}


def test_numbers_of_every_region_agree_when_seen_from_another() -> None:
    numbers = [number for region in sorted(PHONE_REGIONS) for number in _examples(region)]
    for region in ("US", "GB", "IT", "JP", "AU"):
        prefix = {"US": "011", "AU": "0011", "JP": "010"}.get(region, "00")
        texts = [_e164(number) for number in numbers]
        dialled = [prefix + text[1:] for text in texts]
        found = normal_forms(Identifier("x", "phone", region=region), [*texts, *dialled])
        assert found == [*texts, *texts]


def test_the_trunk_prefix_behind_a_calling_code_is_no_part_of_a_number() -> None:
    texts = ["+44 02079460958", "0044 02079460958", "+1 1 202 555 0123", "+39 06 1234 5678"]
    parsed = [_e164(phonenumbers.parse(text, "GB")) for text in texts]
    assert parsed == ["+442079460958", "+442079460958", "+12025550123", "+390612345678"]
    for region in ("GB", "FR"):
        assert normal_forms(Identifier("x", "phone", region=region), texts) == parsed


def test_a_number_in_a_usual_form_gets_what_every_other_number_gets() -> None:
    chance = random.Random(21)
    separators = ("", "", " ", "-", ".", " (", ") ", "((", " - ", "x", "/")
    texts = [
        chance.choice(("", "", "+1", "1", "+", "001", "011 1", "+1 (0)", " ", "+44", "1 1"))
        + "".join(
            chance.choice(separators) + "".join(chance.choices("0123456789", k=size))
            for size in chance.choice(((3, 3, 4), (3, 7), (10,), (3, 3, 3), (4, 3, 4)))
        )
        + chance.choice(("", "", "", ".", " )", " x9", "\n"))
        for _ in range(20_000)
    ]
    identifier = Identifier("x", "phone", region="US")
    found, usual = normal_forms(identifier, texts), usual_forms(identifier, texts)
    assert 2_000 < len(texts) - usual.count(None) < len(texts) - found.count(None) < 18_000
    assert found == normal_forms(identifier, texts, short_cut=False)


def test_random_digits_are_numbers_when_phonenumbers_calls_them_possible() -> None:
    chance = random.Random(20)
    texts = [
        f"+{plan.calling_code}{chance.randrange(1, 10)}"
        + "".join(chance.choices("0123456789", k=chance.randrange(2, 13)))
        for plan in PHONE_REGIONS.values()
        for _ in range(20)
    ]
    found = normal_forms(Identifier("x", "phone", region="US"), texts)
    agreed = 0
    for text, ours in zip(texts, found, strict=True):
        number = phonenumbers.parse(text)
        possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
        agreed += ours == (_e164(number) if possible else None)
    assert agreed / len(texts) > 0.99


LOCAL = st.text("abcXYZ019!#$%&'*+-/=?^_`{|}~.@ \"(),<", min_size=0, max_size=8)
DOMAIN = st.one_of(
    st.sampled_from(["example.com", "Mail.Co.UK", "a-b.org", "gmail.com"]),
    st.text("abX1-._@ ", min_size=0, max_size=12),
)


def _accepted(text: str) -> str | None:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


@given(st.lists(st.tuples(LOCAL, DOMAIN).map("@".join), min_size=100, max_size=300))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_valid_address_has_a_normal_form_that_differs_in_case_only(texts: list[str]) -> None:
    for text, ours in zip(texts, normal_forms(Identifier("x", "email"), texts), strict=True):
        accepted = _accepted(text)
        if accepted is not None:
            assert ours == accepted.lower()
        assert ours in {None, text.strip().lower()}


def test_what_is_no_address_is_nothing() -> None:
    texts = ["ann", "@example.com", "ann@", "a@b@example.com", "a nn@example.com", "ann@exa mple.com",
             "ann@.example.com", "ann@example.com.", "ann@example..com", "ann@localhost", "ann@-example.com",
             "ann@example-.com", "Ann <ann@example.com>", "ann@example.com, bob@example.com", "mailto:ann@example.com",
             "ann@exam_ple.com", "ann\n@example.com", "an\u00a0n@example.com", '"ann"@example.com']  # fmt: skip
    assert [_accepted(text) for text in texts] == [None] * len(texts)
    assert normal_forms(Identifier("x", "email"), texts) == [None] * len(texts)
