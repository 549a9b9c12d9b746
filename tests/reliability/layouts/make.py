"""Writes the state that the code of a commit leaves: `python tests/reliability/layouts/make.py COMMIT 0001.sql`.

The text is SQL in Snowflake's dialect: the source, then each table and view of IDR's with its rows. It is written once,
when a layout is released, and never again: it stands for what users have.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

ROOT = Path(__file__).parents[3]
TYPES = {
    "VARCHAR": "varchar", "DOUBLE": "double", "BOOLEAN": "boolean", "TIMESTAMP": "timestamp_ntz",
    "BIGINT": "number(38, 0)", "HUGEINT": "number(38, 0)", "INTEGER": "number(38, 0)",
}  # fmt: skip
CONFIG = """
sources:
  crm:
    table: shop.crm.people
    key: id
    watermark: updated_at
    identifiers: {email: email, phone: phone}
    attributes: {name: name, email: email}
identifiers:
  email: {normalize: email, exclude: ["nobody@x.org"]}
  phone: {normalize: digits, max_per_identity: 2}
rules:
  - {id: email, match: [email], max_group_size: 4}
  - {id: phone, match: [phone]}
survivorship:
  name: {strategy: most_recent}
guardrails: {max_moved_ratio: null, max_cluster_size: 64, max_conflicts: null, min_source_ratio: null}
settings: {retention_days: 100000}
"""
PEOPLE = """
create schema crm;
create table crm.people (id bigint, email varchar, phone varchar, name varchar, updated_at timestamp);
insert into crm.people values
    (1, 'ann@x.org', null, 'Ann', '2024-01-01'), (2, 'Ann@x.org', '111', 'Anne', '2024-01-02'),
    (3, 'bea@x.org', '111', 'Bea', '2024-01-01'), (4, 'cem@x.org', '222', 'Cem', '2024-01-01'),
    (5, 'dan@x.org', '333', 'Dan', '2024-01-01'), (6, 'dan@x.org', '444', 'Dana', '2024-01-01'),
    (7, 'dan@x.org', '555', 'Dani', '2024-01-01'), (8, 'nobody@x.org', null, 'Eve', '2024-01-01'),
    (9, 'nobody@x.org', null, 'Fay', '2024-01-01');
insert into crm.people select 10 + i, 'info@x.org', null, 'P' || i, '2024-01-01' from range(6) as r(i);
"""
CHANGES = """
update crm.people set email = 'cem@x.org', updated_at = '2024-02-01' where id = 1;
insert into crm.people values (20, 'bea@x.org', null, 'Gus', '2024-02-01');
"""
MORE = "update crm.people set phone = '999', updated_at = '2024-03-01' where id in (8, 9);"


def _literal(value: Any, kind: str) -> str:
    if value is None:
        return "null"
    if kind.startswith("number"):
        return str(int(value))
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"
    return f"'{value}'"


def _table(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    columns = connection.execute(f"describe {name}").fetchall()
    kinds = [TYPES["HUGEINT" if "DECIMAL" in column[1] else column[1]] for column in columns]
    defined = ",\n    ".join(f"{column[0]} {kind}" for column, kind in zip(columns, kinds, strict=True))
    text = f"create table {name} (\n    {defined}\n);\n"
    rows = sorted(connection.execute(f"from {name}").fetchall(), key=repr)
    if rows:
        values = ",\n    ".join(f"({', '.join(map(_literal, row, kinds))})" for row in rows)
        text += f"insert into {name} values\n    {values};\n"
    return text


def _views(code: Path) -> str:
    """The views as that code's own files define them."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((code / "setup").glob("*.sql"))]
    parts = [part.strip() for text in texts for part in re.sub(r"(?m)^--.*\n", "", text).split(";\n")]
    return "".join(f"{part.rstrip(';')};\n" for part in parts if part.startswith("create or replace view"))


def written(database: Path, code: Path) -> str:
    """The whole state of a database file as SQL."""
    with closing(duckdb.connect(str(database), read_only=True)) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'"
            " and table_schema in ('crm', 'idr_meta', 'idr_out', 'idr_work') order by 1"
        ).fetchall()
        schemas = "".join(f"create schema {name};\n" for name in ("idr_meta", "idr_out", "idr_work"))
        tables = {name: _table(connection, name) for (name,) in names}
    source = tables.pop("crm.people")
    return f"create schema crm;\n{source}{schemas}{''.join(tables.values())}{_views(code)}"


def lived_through(folder: Path, code: Path) -> Path:
    """A database that the code configured and published twice, with a plan that waits."""
    database = folder / "shop.duckdb"
    # without its compiled parts, whose classes earlier code inherits from
    shutil.copytree(Path(sqlglot.__path__[0]), folder / "plain" / "sqlglot", ignore=shutil.ignore_patterns("*.so"))
    path = [str(code / "procedures"), str(folder / "plain")]
    (folder / "idr.yml").write_text(CONFIG, encoding="utf-8")

    def sql(text: str) -> None:
        with closing(duckdb.connect(str(database))) as connection:
            connection.execute(text)

    def idr(*arguments: str) -> None:
        program = f"import sys; sys.path[:0] = {path!r}; from idr.cli.main import app; app()"
        command = [sys.executable, "-c", program, "run", "--db", str(database), "--json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        status = json.loads(done.stdout)["status"] if done.stdout else done.stderr
        if status not in ("SUCCESS", "SUCCESS_WITH_WARNINGS", "DRY_RUN_COMPLETE"):
            raise SystemExit(f"{' '.join(arguments)}: {status}\n{done.stdout}\n{done.stderr}")

    sql(PEOPLE)
    idr("--run-mode", "FULL", "--config", str(folder / "idr.yml"))
    sql(CHANGES)
    idr("--run-mode", "INCR")
    sql(MORE)
    idr("--run-mode", "INCR", "--dry-run")
    return database


def main(commit: str, target: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, code = Path(name), Path(name) / "code"
        code.mkdir()
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", code], input=packed, check=True)
        told = subprocess.run(
            ["git", "rev-parse", "--short", commit], cwd=ROOT, capture_output=True, text=True, check=True
        )
        text = written(lived_through(folder, code), code)
        head = f"-- The state that the code of commit {told.stdout.strip()} wrote; made by make.py, never edited.\n"
        Path(__file__).with_name(target).write_text(head + text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
