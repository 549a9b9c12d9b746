"""The examples of docs/normalisers.md are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idr.model import Identifier
from idr.normalize import NORMALIZERS
from tests.normalize.batch import normal_forms

DOCUMENT = Path(__file__).parents[2] / "docs" / "normalisers.md"
_LINE = re.compile(
    r"## (?P<name>\w+)$|With `(?P<option>\w+): (?P<setting>\w+)`:$"
    r"|\| `(?P<input>[^`]+)` \| (?P<output>NULL|`[^`]+`) \|$",
    re.MULTILINE,
)


def _examples() -> dict[Identifier, dict[str, str | None]]:
    found: dict[Identifier, dict[str, str | None]] = {}
    name, gmail, region = "", False, "US"
    for line in _LINE.finditer(DOCUMENT.read_text(encoding="utf-8")):
        if line["name"]:
            name, gmail, region = line["name"], False, "US"
        elif line["option"]:
            gmail, region = line["option"] == "gmail", line["setting"]
        else:
            identifier = Identifier("x", name, gmail=gmail, region=region if name == "phone" else None)
            output = None if line["output"] == "NULL" else line["output"].strip("`")
            found.setdefault(identifier, {})[line["input"]] = output
    return found


def test_every_normaliser_has_examples() -> None:
    assert {identifier.normalize for identifier in _examples()} == set(NORMALIZERS)


@pytest.mark.parametrize("identifier", list(_examples()), ids=lambda i: f"{i.normalize}-{i.region}-{i.gmail}")
def test_documented_examples_are_true(identifier: Identifier) -> None:
    examples = _examples()[identifier]
    assert dict(zip(examples, normal_forms(identifier, examples), strict=True)) == examples
