"""The mutants are what they are said to be: valid, distinct, those of the list exist, and a handful dies."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
import sqlglot

from idr import statement
from idr.stages import context
from idr.warehouse.translate import to_duckdb
from tests.mutation.grafts import exchanged
from tests.mutation.mutant import Mutant
from tests.mutation.python_mutants import OPERATORS, Place, made, modules, places, reach, sampled
from tests.mutation.report import survivors
from tests.mutation.sql_mutants import sql_files, sql_mutants
from tests.resolution.test_histories import live_through

ROOT = Path(__file__).parents[2]
SQL_FILES = sql_files(ROOT)
RNG = random.Random(20240601)


@cache
def _mutants(file: str) -> tuple[Mutant, ...]:
    return tuple(sql_mutants(ROOT, ROOT / file))


def _body(text: str) -> list[str]:
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [part.strip().rstrip(";") for part in kept.split(";\n") if part.strip()]


@pytest.mark.parametrize("path", RNG.sample(SQL_FILES, 6), ids=lambda path: path.stem)
def test_a_mutant_parses_and_says_something_else_than_any_other(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    said = [tuple(map(to_duckdb, _body(source)))]
    for mutant in _mutants(path.relative_to(ROOT).as_posix()):
        said.append(tuple(map(to_duckdb, _body(mutant.text))))
        assert mutant.change
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_writing_a_statement_anew_changes_nothing_of_it(path: Path) -> None:
    for part in _body(path.read_text(encoding="utf-8")):
        again = sqlglot.parse_one(part, read="snowflake").sql(dialect="snowflake", pretty=True)
        assert to_duckdb(again) == to_duckdb(part)


def test_every_operator_is_used() -> None:
    used = {mutant.operator for file in ("membership", "scope_incr", "scope_keys", "skipped_change", "anchor")
            for mutant in _mutants(f"sql/stages/{file}.sql")}  # fmt: skip
    assert {"LEFT JOIN to INNER", "drop a conjunct", "drop DISTINCT", "UNION to UNION ALL", "Min to Max",
            "flip a term of ORDER BY", "drop a term of PARTITION BY", "drop an argument of COALESCE", "constant + 1",
            "swap the branches of CASE", "drop HAVING", "EQ to NEQ", "And to Or"} <= used  # fmt: skip


def test_mutants_of_python_are_programs_and_distinct() -> None:
    chosen = sampled([place for module in modules(ROOT)[:12] for place in places(module)], 12)
    found = [mutant for place in chosen if (mutant := made(ROOT, place))]
    assert len({mutant.id for mutant in found}) == len(found) > 8
    for mutant in found:
        compile(mutant.text, mutant.file, "exec")
        assert mutant.text != (ROOT / mutant.file).read_text(encoding="utf-8")


PROGRAM = """
LIMIT = 20

@decorated
def page(rows, limit=LIMIT + 1):
    first = rows[0] + 1
    return first
"""


def test_a_line_of_a_function_matters_there_its_default_in_all_of_it_and_a_constant_everywhere(tmp_path: Path) -> None:
    module = tmp_path / "page.py"
    module.write_text(PROGRAM, encoding="utf-8")
    found = {place.first_line: reach(place) for place in places(module)}
    assert found == {2: range(1, 9), 4: range(4, 8), 5: range(4, 8), 6: range(6, 7)}


FUNCTIONS = """
def page(rows):
    return [row for row in rows if row > 1]

class Book:
    size = 3
    def pages(self):
        return self.size // 2
"""


def test_the_code_of_a_function_is_put_into_the_one_that_is_loaded() -> None:
    loaded: dict = {}
    exec(compile(FUNCTIONS, "book.py", "exec"), loaded)
    for old, new in (("row > 1", "row > 2"), ("// 2", "* 2")):
        codes = exchanged(FUNCTIONS, FUNCTIONS.replace(old, new))
        assert codes
        for function in (loaded["page"], loaded["Book"].pages):
            function.__code__ = codes.get(function.__code__, function.__code__)
    assert (loaded["page"]([1, 2, 3]), loaded["Book"]().pages()) == ([3], 6)


@pytest.mark.parametrize("old", ["size = 3", "def page(rows)", "\nclass"])
def test_what_a_module_does_when_it_is_imported_cannot_be_exchanged(old: str) -> None:
    new = {"size = 3": "size = 4", "def page(rows)": "def page(rows=1)", "\nclass": "\n@print\nclass"}[old]
    assert exchanged(FUNCTIONS, FUNCTIONS.replace(old, new)) is None


@cache
def _places(file: str) -> tuple[Place, ...]:
    return tuple(places(ROOT / file))


def _python_ids(file: str, operator: str, change: str) -> set[str]:
    """Those of an operator on the lines that the change takes away: the ids of all others are made of other changes."""
    source = (ROOT / file).read_text(encoding="utf-8").splitlines()
    gone = {line[2:].strip() for line in change.splitlines() if line.startswith("-")}
    near = (place for place in _places(file) if place.operator == operator)
    found = (made(ROOT, place) for place in near if source[place.first_line - 1].strip() in gone)
    return {mutant.id for mutant in found if mutant}


@pytest.mark.slow
def test_every_survivor_of_the_list_exists_and_has_a_reason() -> None:
    for kind, rows in survivors().items():
        for name, row in rows.items():
            assert len(row["reason"]) > 20, f"{kind} {name}: say why"
            if row["file"].endswith(".sql"):
                known = {mutant.id for mutant in _mutants(row["file"])}
            else:
                assert row["operator"] in OPERATORS
                known = _python_ids(row["file"], row["operator"], row["change"])
            assert name in known, f"{row['file']} has no mutant {name} any more: take it off the list"


DEADLY = (
    ("sql/stages/component.sql", "LEFT JOIN to INNER"),
    ("sql/stages/removed_full.sql", "negate IS"),
    ("sql/publish/membership.sql", "drop WHERE"),
)


@pytest.mark.parametrize(("file", "operator"), DEADLY, ids=lambda text: text.rpartition("/")[2])
def test_a_mutant_dies(file: str, operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = next(mutant for mutant in _mutants(file) if mutant.operator == operator)
    path = file.removeprefix("sql/").removesuffix(".sql")
    changed = tuple(map(statement.work_tokens, _body(mutant.text)))
    monkeypatch.setattr(context, "statements", lambda name: changed if name == path else statement.statements(name))
    with pytest.raises((AssertionError, KeyError)):
        any(map(live_through, range(5)))
