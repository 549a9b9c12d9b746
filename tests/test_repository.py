"""Rules that the repository's own files keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType
from typer.main import get_command

from idr.cli.main import app
from idr.warehouse.translate import to_duckdb
from tests.resolution.shop import NOW, SHOP, Shop

ROOT = Path(__file__).parents[1]
# the bodies of tasks run in Snowflake only: they are scripts, which no other engine has
SQL_FILES = sorted(path for path in (ROOT / "sql").rglob("*.sql") if path.parent.name != "tasks")
STEPS = [path for path in SQL_FILES if path.parent.name in {"stages", "components", "gate", "publish", "cleanup"}]
PUBLISH = [path for path in STEPS if path.parent.name == "publish"]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
CLOCK_OR_CHANCE = {
    "current_timestamp", "current_date", "current_time", "localtimestamp", "localtime", "now", "getdate", "sysdate",
    "systimestamp", "today", "random", "rand", "randstr", "uniform", "uuid", "uuid_string", "gen_random_uuid",
    "seq1", "seq2", "seq4", "seq8",
}  # fmt: skip
BIND = re.compile(r"[$:]\w+")
LINK = re.compile(r"\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
PATH = re.compile(r"`((?:app|docs|emulator|platforms|procedures|scripts|setup|sql|tests)/[\w./-]*)`")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _statements(path: Path) -> list[exp.Expr]:
    return [tree for tree in sqlglot.parse(path.read_text(encoding="utf-8"), read="snowflake") if tree]


def _words(sql: str) -> set[str]:
    tokens = sqlglot.tokenize(BIND.sub("", sql), read="snowflake")
    return {token.text.lower() for token in tokens if token.token_type is not TokenType.STRING}


def _target(statement: exp.Expr) -> exp.Table | None:
    if not isinstance(statement, (*DML, exp.Create)):
        return None
    found = statement.this
    return found if isinstance(found, exp.Table) else found.find(exp.Table)


def _reads_and_writes(statements: list[exp.Expr]) -> tuple[set[str], set[str]]:
    """Tables that the statements read, but for those that they create themselves, and tables that they write."""
    reads: set[str] = set()
    writes: set[str] = set()
    created: set[str] = set()
    for statement in statements:
        target = _target(statement)
        if target is not None:
            writes.add(f"{target.db}.{target.name}")
        if isinstance(statement, exp.Create) and target is not None:
            created.add(f"{target.db}.{target.name}")
        named = (table for table in statement.find_all(exp.Table) if table.db and table is not target)
        reads |= {f"{table.db}.{table.name}" for table in named}
    return reads - created, writes


def _header(path: Path, key: str) -> set[str]:
    found = re.search(rf"^-- {key}: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"no line `-- {key}: ..` at the top"
    return set() if found[1] == "nothing" else set(found[1].split(", "))


def test_there_is_sql_to_check() -> None:
    assert {path.parent.name for path in STEPS} == {"stages", "components", "gate", "publish", "cleanup"}


@pytest.mark.parametrize("path", SQL_FILES, ids=_name)
def test_sql_file_parses_and_translates_to_duckdb(path: Path) -> None:
    statements = _statements(path)
    assert statements
    for statement in statements:
        assert not isinstance(statement, exp.Command), f"sqlglot does not understand: {statement.sql()[:80]}"
        translated = to_duckdb(statement.sql(dialect="snowflake"))
        assert sqlglot.parse_one(translated, read="duckdb")


@pytest.mark.parametrize("path", STEPS, ids=_name)
def test_header_tells_what_a_step_reads_and_writes_and_what_holds_after_it(path: Path) -> None:
    assert (_header(path, "reads"), _header(path, "writes")) == _reads_and_writes(_statements(path))
    assert _header(path, "invariant")


def test_tables_read_and_written_are_told_apart() -> None:
    sql = "create table a.made as with c as (select 1) select * from b.x, c; insert into a.y select * from a.made;"
    sql += "delete from a.z where k in (select k from b.w); update a.u set k = s.k from b.v as s where a.u.k = s.k"
    found = _reads_and_writes([tree for tree in sqlglot.parse(sql, read="snowflake") if tree])
    assert found == ({"b.x", "b.w", "b.v"}, {"a.made", "a.y", "a.z", "a.u"})


@pytest.mark.parametrize("path", PUBLISH, ids=_name)
def test_publish_file_only_manipulates_data(path: Path) -> None:
    assert {type(statement) for statement in _statements(path)} <= set(DML)


@pytest.mark.parametrize("path", SQL_FILES, ids=_name)
def test_sql_file_asks_neither_the_clock_nor_chance(path: Path) -> None:
    assert not _words(path.read_text(encoding="utf-8")) & CLOCK_OR_CHANCE


class Recorder:
    """A connection that keeps the text of every statement which it passes on."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, sql: str, *values: Any) -> Any:
        self.statements.append(sql)
        return self.connection.execute(sql, *values)


def _transactions(statements: list[str]) -> Iterator[list[exp.Expr]]:
    inside: list[exp.Expr] | None = None
    for sql in statements:
        if sql == "begin transaction":
            inside = []
        elif sql == "commit":
            assert inside is not None
            yield inside
            inside = None
        elif inside is not None:
            inside += sqlglot.parse(sql, read="duckdb")


@pytest.fixture(scope="module")
def recorded() -> list[str]:
    """Everything that two runs send: the first of all, and one that updates, splits and gains and loses a column."""
    recorders: list[Recorder] = []

    def record(connection: Any) -> Recorder:
        recorders.append(Recorder(connection))
        return recorders[-1]

    shop = Shop(wrap=record)
    shop.add((1, "a@x.org", "5551", "a", NOW), (2, "a@x.org", None, "b", NOW))
    shop.connection.execute(
        "insert into shop.people select 10 + i, i || '@x.org', null, 'x', ? from range(50) t(i)", [NOW]
    )
    recorders[0].statements.clear()
    assert shop.run("FULL")["status"] == "SUCCESS"
    later = NOW + timedelta(seconds=30)
    shop.connection.execute("update shop.people set email = 'b@x.org', upd = ? where id = 2", [later])
    shop.apply(replace(shop.config, sources={"shop": replace(SHOP, attributes={"mailbox": "email"})}))
    assert shop.run("INCR")["status"] == "SUCCESS"
    return recorders[0].statements


def test_a_run_does_nothing_but_dml_in_its_transactions(recorded: list[str]) -> None:
    transactions = list(_transactions(recorded))
    published = [inside for inside in transactions if any("entity_current" in item.sql() for item in inside)]
    assert len(published) == 2
    assert all(len(inside) > 15 for inside in published)
    assert {type(item) for inside in transactions for item in inside} <= set(DML)
    outside = {type(item) for sql in recorded for item in sqlglot.parse(sql, read="duckdb")}
    assert {exp.Alter, exp.Create, exp.Drop} <= outside


def test_a_run_asks_neither_the_clock_nor_chance_of_the_database(recorded: list[str]) -> None:
    assert [sql for sql in recorded if _words(sql) & CLOCK_OR_CHANCE] == []


def _commands(group: click.Command, name: str) -> Iterator[str]:
    if isinstance(group, click.Group):
        for part, command in group.commands.items():
            yield from _commands(command, f"{name} {part}")
    else:
        yield name


@pytest.mark.parametrize("command", list(_commands(get_command(app), "idr")))
def test_command_is_documented(command: str) -> None:
    assert any(re.search(rf"\b{command}\b", page.read_text(encoding="utf-8")) for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_what_a_page_points_to_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [page.parent / target.split("#")[0] for target in LINK.findall(text) if not target.startswith("#")]
    missing = [str(path) for path in [*links, *(ROOT / name for name in PATH.findall(text))] if not path.exists()]
    assert missing == []
