from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from idr.config.yaml_file import _Tree
from idr.errors import CODES, IdrError, Problem
from idr.model import config_from_json
from idr.stages.plan import readings
from idr.surprise import described

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SECTIONS = {
    match["code"]: match
    for match in re.finditer(
        r"^### (?P<code>IDR-\d{3}): (?P<title>.+)\n\n\*\*Cause\.\*\* (?P<cause>.+)\n\n\*\*Fix\.\*\* (?P<fix>.+)$",
        PAGE,
        re.MULTILINE,
    )
}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_section(code: str) -> None:
    assert code in SECTIONS, f"docs/errors.md has no section with cause and fix for {code}"
    assert SECTIONS[code]["title"] == CODES[code]


def test_no_section_outlives_its_code() -> None:
    assert set(re.findall(r"^### (IDR-\d{3})", PAGE, re.MULTILINE)) == set(CODES)


def _codes_in(folder: str, *leave_out: str) -> set[str]:
    """Codes in the strings of a folder's Python files; what docstrings say does not count."""
    found: set[str] = set()
    for file in (ROOT / folder).rglob("*.py"):
        if file.name not in leave_out:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told)
            found |= {code for node in texts for code in re.findall(r"IDR-\d{3}", str(node.value))}
    return found


def test_every_code_is_raised_and_tested() -> None:
    assert _codes_in("procedures/idr", "errors.py") == set(CODES)
    assert set(CODES) - _codes_in("tests", "test_errors.py") == set()


def test_an_error_needs_a_known_code() -> None:
    with pytest.raises(ValueError, match="catalogue"):
        IdrError.of("IDR-000", "nothing")
    with pytest.raises(ValueError, match="at least one"):
        IdrError()


def test_an_error_tells_all_its_problems() -> None:
    error = IdrError(Problem("IDR-103", "no column x", "sources.crm", "Mend it."), Problem("IDR-104", "no table"))
    assert (error.code, str(error)) == ("IDR-103", "IDR-103 sources.crm: no column x. Mend it.\nIDR-104 no table.")


def test_of_very_many_problems_the_first_hundred_are_told_and_the_rest_counted() -> None:
    error = IdrError(*(Problem("IDR-103", f"no column x{number}") for number in range(1234)))
    assert len(error.problems) == 101
    assert str(error).splitlines()[-2:] == [
        "IDR-103 no column x99.",
        "IDR-103 there are 1,134 more problems. Mend these first",
    ]


def test_a_hundred_problems_are_all_told() -> None:
    error = IdrError(*(Problem("IDR-103", f"no column x{number}") for number in range(100)))
    assert str(error).splitlines()[-1] == "IDR-103 no column x99."


def test_of_a_deep_failure_the_last_five_lines_are_named() -> None:
    with pytest.raises(RecursionError) as caught:
        _Tree("idr.yml").value(yaml.compose("&a [*a]"), ())
    assert re.fullmatch(
        r"RecursionError at config/yaml_file\.py:\d+(, config/yaml_file\.py:\d+){4}", described(caught.value)
    )


def test_a_failure_of_the_system_is_told_in_its_words_but_without_its_file() -> None:
    error = OSError(28, "No space left on device", "/home/ann@x.org/my.duckdb")
    assert described(error) == "OSError (No space left on device)"
    assert described(OSError("ann@x.org")) == "OSError"


def test_a_surprise_names_the_lines_of_the_package_the_last_one_first() -> None:
    with pytest.raises(AttributeError) as caught:
        readings(None, None, {}, full=True)  # type: ignore[arg-type]
    assert re.fullmatch(r"AttributeError at stages/plan\.py:\d+", described(caught.value))
    with pytest.raises(KeyError) as caught:
        config_from_json('{"version": "ann@x.org"}')
    assert re.fullmatch(r"KeyError at model\.py:\d+", described(caught.value))
