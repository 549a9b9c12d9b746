from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idr.mask import mask


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", ""),
        ("a", "*"),
        ("abc", "***"),
        ("anna", "a**a"),
        ("anna@example.org", "a**************g"),
        (12345, "1***5"),
    ],
)
def test_mask(value: object, expected: str | None) -> None:
    assert mask(value) == expected


@given(st.text(min_size=4))
def test_only_the_ends_survive(value: str) -> None:
    masked = mask(value)
    assert masked is not None
    assert len(masked) == len(value)
    assert (masked[0], masked[-1]) == (value[0], value[-1])
    assert set(masked[1:-1]) == {"*"}
