"""The pipeline's SQL files: where they are, and how run-scoped tables get their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import idr

RUN_TOKEN = "__idr_run__"
WORK_SCHEMA = f"idr_work{RUN_TOKEN}"
_WORK_TABLE = re.compile(r"\bidr_work\.([a-z_][a-z0-9_]*)")
_TOKENISED = re.compile(rf"{WORK_SCHEMA}\.(\w+?){RUN_TOKEN}")
_LINE_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)


def work_table(name: str) -> str:
    """The run-scoped table of that name, with the tokens that a run replaces by its own schema and suffix."""
    return f"{WORK_SCHEMA}.{name}{RUN_TOKEN}"


@cache
def folder(name: str) -> Traversable:
    """The folder `sql` or `setup`: inside an installed package or a zip, else at the top of the checkout."""
    installed = files(idr).joinpath(name)
    return installed if installed.is_dir() else Path(__file__).parents[2] / name


@cache
def read(path: str) -> str:
    """Text of `sql/<path>.sql` without its comment lines."""
    text = folder("sql").joinpath(*f"{path}.sql".split("/")).read_text(encoding="utf-8")
    return _LINE_COMMENT.sub("", text).strip().rstrip(";")


@cache
def work_tokens(sql: str) -> str:
    """`idr_work.delta` -> `idr_work__idr_run__.delta__idr_run__`: what a run replaces by its own schema and suffix."""
    return _WORK_TABLE.sub(rf"{WORK_SCHEMA}.\1{RUN_TOKEN}", sql)


@cache
def statements(path: str) -> tuple[str, ...]:
    """The statements of `sql/<path>.sql`, work tables tokenised, in order."""
    return tuple(work_tokens(part.strip()) for part in read(path).split(";\n") if part.strip())


def work_tables_in(sql: str) -> set[str]:
    """The names of the run-scoped tables in a text with tokens, without them."""
    return set(_TOKENISED.findall(sql))


def insert_values(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[str, dict[str, Any]]:
    """One INSERT of at least one row, and its binds. `table` and `columns` are names of IDR's own."""
    tuples = [", ".join(f":r{i}_{name}" for name in columns) for i in range(len(rows))]
    binds = {f"r{i}_{name}": value for i, row in enumerate(rows) for name, value in zip(columns, row, strict=True)}
    return f"insert into {table} ({', '.join(columns)}) values ({'), ('.join(tuples)})", binds
