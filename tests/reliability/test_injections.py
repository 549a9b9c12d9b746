"""Hostile texts in every column of idr_meta and under every key of idr.yml: refused before a write, or plain data."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from idr.config import inspect, store, yaml_file
from idr.errors import IdrError
from idr.run import run
from tests.reliability.hostile import CONFIG, Trap, corpus
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
CORPUS = corpus()
PER_COLUMN = 40 if LONG else 1
PER_KEY = 30 if LONG else 2
DONE = ("SUCCESS", "SUCCESS_WITH_WARNINGS", "DRY_RUN_COMPLETE", "HELD", "SKIPPED")
Path_ = tuple[str | int, ...]


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    made = Trap(tmp_path)
    yield made
    made.close()


def some(number: int, turn: int) -> Iterator[str]:
    """So many texts of the corpus, others at each turn."""
    step = max(1, len(CORPUS) // number)
    return islice((CORPUS[(turn + at * step) % len(CORPUS)] for at in range(number)), number)


def test_the_corpus_is_large_and_the_traps_work(trap: Trap) -> None:
    assert len(set(CORPUS)) >= 300
    assert trap.sprung() == []
    trap.connection.execute("select trip()")
    trap.connection.execute("delete from crm.canary where id = 1")
    trap.connection.execute(f"copy (select 1) to '{trap.file}'")
    trap.connection.execute("update idr_out.run_history set message = 'secret of the table'")
    assert len(trap.sprung()) == 4


def test_in_every_column_of_every_configuration_table(trap: Trap) -> None:
    columns = trap.connection.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'idr_meta' order by 1, 2"
    ).fetchall()
    figures = dict.fromkeys(("tried", "refused", "data", "executed", "wrong"), 0)
    wrong: list[str] = []
    before = trap.published()
    for turn, (table, column) in enumerate(columns):
        trap.connection.execute(f"create or replace temp table kept as from idr_meta.{table}")
        for text in some(PER_COLUMN, turn):
            figures["tried"] += 1
            told = _with_a_cell(trap, table, column, trap.armed(text))
            figures["data" if told in DONE else "refused"] += 1
            sprung = trap.sprung(wrote=told in DONE)
            figures["executed"] += bool(sprung)
            if told.startswith("IDR-599"):
                sprung.append(told)
            wrong += [f"{table}.{column} = {text!r}: {what}" for what in sprung]
            trap.connection.execute(f"delete from idr_meta.{table}")
            trap.connection.execute(f"insert into idr_meta.{table} from kept")
            trap.connection.execute("update idr_meta.run_lock set holder = null, expires_at = null")
            trap.connection.execute("update idr_out.plan set status = 'STALE'")
        if trap.published() != before:
            wrong.append(f"{table}.{column}: what is published changed")
    figures["wrong"] = len(wrong)
    count("injections", "columns of idr_meta", **figures)
    assert wrong == []
    assert figures["refused"] > figures["tried"] / 4


def _with_a_cell(trap: Trap, table: str, column: str, text: str) -> str:
    """The status or the code of a dry run after somebody wrote the text into that column of every row."""
    try:
        if not trap.connection.execute(f"from idr_meta.{table}").fetchall():
            trap.connection.execute(f"insert into idr_meta.{table} ({column}) values (?)", [text])
        else:
            trap.connection.execute(f"update idr_meta.{table} set {column} = ?", [text])
    except duckdb.Error:
        return "the column does not take it"
    try:
        result = run(trap.wh, "FULL", dry_run=True)
    except IdrError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
        return f"IDR-599 {type(error).__name__}: {error}"
    return result["error"]["code"] if result["status"] == "FAILED" else result["status"]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The path of every scalar and of every key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key, "key")
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from places(item, (*path, at))
    else:
        yield path


def replaced(raw: Any, path: Path_, text: str) -> Any:
    """A copy of the configuration with the text at that place."""
    made = deepcopy(raw)
    at = made
    is_key = path[-1] == "key" and len(path) > 1 and path[-2] != "crm"
    steps = path[:-2] if path[-1] == "key" and is_key else path[:-1]
    for step in steps:
        at = at[step]
    if is_key:
        at[text] = at.pop(path[-2])
    else:
        at[path[-1]] = text
    return made


def test_under_every_key_of_the_file(trap: Trap) -> None:
    raw = yaml.safe_load(CONFIG)
    figures = dict.fromkeys(("tried", "refused", "data", "executed", "wrong"), 0)
    wrong: list[str] = []
    for turn, path in enumerate(places(raw)):
        for text in some(PER_KEY, turn):
            figures["tried"] += 1
            told = _with_a_file(trap, yaml.safe_dump(replaced(raw, path, trap.armed(text)), allow_unicode=False))
            figures["data" if told in DONE else "refused"] += 1
            if told == "refused by the file":
                continue
            trap.connection.execute("update idr_out.plan set status = 'STALE'")
            sprung = trap.sprung(wrote=told in DONE)
            figures["executed"] += bool(sprung)
            if told.startswith("IDR-599"):
                sprung.append(told)
            wrong += [f"{path} = {text!r}: {what}" for what in sprung]
    figures["wrong"] = len(wrong)
    count("injections", "keys of idr.yml", **figures)
    assert wrong == []
    assert figures["refused"] > figures["tried"] / 4


def _with_a_file(trap: Trap, text: str) -> str:
    """The status or the code of a dry run after somebody applied the text as a configuration."""
    try:
        config = yaml_file.load_text(text)
    except IdrError:
        return "refused by the file"
    try:
        inspect.demand(trap.wh, config)
        store.apply(trap.wh, config)
        result = run(trap.wh, "FULL", dry_run=True)
    except IdrError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
        return f"IDR-599 {type(error).__name__}: {error}"
    return result["error"]["code"] if result["status"] == "FAILED" else result["status"]


DOCUMENTS = [
    "!!python/object/apply:os.system ['touch FILE']",
    "!!python/object/new:os.system ['touch FILE']",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/object/apply:subprocess.check_output [['touch', 'FILE']]",
    "sources: !!python/tuple [1]",
    "sources: !!binary c2VjcmV0",
    "sources: !!set {a, b}",
    "sources: !!omap [a: 1]",
    "sources: !!timestamp 2024-01-01",
    "sources: !include SECRET",
    "sources: !ENV ${HOME}",
    "sources: !<tag:yaml.org,2002:python/name:os.system> x",
    "%TAG ! tag:yaml.org,2002:python/\n---\nsources: !name:os.system x",
    "--- a\n--- b",
    "a: &a [*a]",
    "sources: &a {crm: *a}",
    "<<: {sources: {}}",
    "base: &b {a: 1}\nsources: {<<: *b}",
    "? [a, b]\n: c",
    "? {a: b}\n: c",
    "sources: {? : x}",
    "sources: {1: x, 2.5: y, true: z, null: n}",
    "sources: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
    "[" * 5000,
    "{a: " * 3000,
    "- " * 5000,
    "a" * 2_000_000,
    "sources: " + "x" * 1_000_000,
    "\n".join(f"k{i}: 1" for i in range(50_000)),
    "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12))]),
    "sources: |\n  " + "drop table CANARY;\n  " * 1000,
    "sources: >\n x\n\ty",
    "sources: 'unfinished",
    "sources: \"\\xZZ\"",
    "sources: \"\\uD800\"",
    "\x00",
    "sources: \x07",
    "\ufeffsources: {}",
    "\u202esources: {}",
    "sources: {}\n...\nrules: {}",
    "@", "`", "%", "&", "*", "!", "|", ">", "?", ":", "-", "---", "...", "{}", "[]", "''", "null", "1", "1.5", "true",
]  # fmt: skip


@pytest.mark.parametrize("text", DOCUMENTS, ids=lambda text: repr(text[:30]))
def test_a_hostile_file_is_refused(text: str, tmp_path: Path) -> None:
    file, secret = tmp_path / "stolen", tmp_path / "secret.csv"
    secret.write_text("never shown")
    with pytest.raises(IdrError) as caught:
        yaml_file.load_text(text.replace("FILE", str(file)).replace("SECRET", str(secret)))
    told = str(caught.value)
    count("injections", "whole files", tried=1, refused=1, executed=int(file.exists()), wrong=int(len(told) > 20_000))
    assert not file.exists()
    assert "never shown" not in told
    assert len(told) < 20_000
