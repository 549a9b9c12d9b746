"""docs/conformance.md tells the truth about itself."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from emulator.engine import patches, rewrite

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/conformance.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| behaviour ")
]
TESTS = {
    name
    for file in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_has_a_status_and_tests_that_exist(row: list[str]) -> None:
    assert re.match(r"(same|differs: .+|unsupported|not established)$", row[1])
    named = re.findall(r"`(test_\w+)`", row[-1])
    assert named
    assert [name for name in named if name not in TESTS] == []


def test_every_change_of_fakesnow_is_named() -> None:
    changes = [change.__name__ for change, _ in rewrite.REWRITES]
    changes += [
        name
        for name, function in inspect.getmembers(patches, inspect.isfunction)
        if function.__module__ == patches.__name__ and name != "apply"
    ]
    assert len(changes) > 5
    assert [name for name in changes if f"`{name}`" not in TEXT] == []
