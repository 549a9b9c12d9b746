"""Rules that the repository's own files keep."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from idr.warehouse.translate import to_duckdb

ROOT = Path(__file__).parents[1]
SQL_FILES = sorted((ROOT / "sql").rglob("*.sql"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_there_is_sql_to_check() -> None:
    assert SQL_FILES


@pytest.mark.parametrize("path", SQL_FILES, ids=_name)
def test_sql_file_parses_and_translates_to_duckdb(path: Path) -> None:
    statements = [tree for tree in sqlglot.parse(path.read_text(encoding="utf-8"), read="snowflake") if tree]
    assert statements
    for statement in statements:
        assert not isinstance(statement, sqlglot.exp.Command), f"sqlglot does not understand: {statement.sql()[:80]}"
        translated = to_duckdb(statement.sql(dialect="snowflake"))
        assert sqlglot.parse_one(translated, read="duckdb")
