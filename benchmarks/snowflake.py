"""What the local Snowflake costs: FULL through CALL beside the DuckDB adapter, an empty call, an unchanged deploy.

Contenders take turns (A, B, A, B); medians are shown. Each FULL run through CALL is the first one of a new application.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import snowflake.connector

from benchmarks import retail
from benchmarks.measure import Figures, measured, medians
from benchmarks.options import Options

ROWS = 100_000
ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
SUFFIX = "bench"
_PORT = 8095
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "IDR_SUFFIX": SUFFIX,
    "PYTHONWARNINGS": "ignore",
}
TYPES = {
    "BOOLEAN": "boolean",
    "BIGINT": "number(38, 0)",
    "HUGEINT": "number(38, 0)",
    "VARCHAR": "varchar",
    "TIMESTAMP": "timestamp_ntz",
}
EMPTY = """
create or replace procedure retail.public.empty() returns varchar language python runtime_version = '3.11'
packages = ('snowflake-snowpark-python') handler = 'empty' as 'def empty(session): return None'
"""


class Local:
    """A local Snowflake with the application deployed by `snow`, and the retail tables in the database `retail`."""

    def __init__(self, folder: Path, port: int, base: Path) -> None:
        self.data, self.port = folder / "snowflake", port
        self.project = folder / "project"
        for name in ("app", "setup"):
            shutil.copytree(ROOT / name, self.project / name)
        shutil.copy(ROOT / "snowflake.yml", self.project)
        self._do(sys.executable, ROOT / "scripts/build.py", "--output", self.project / "build/idr.zip")
        self._do(BIN / "idr", "local", "start", "--port", port, "--data", self.data)
        self.tables = self._tables(base)
        schemas = sorted({name.partition(".")[0] for name in self.tables})
        self.sql("create database retail", *(f"create schema retail.{name}" for name in schemas))
        self.sql(*(f"create table retail.{name} ({columns})" for name, columns in self.tables.items()), EMPTY)
        self.stop()
        self._fill(base)
        self._do(BIN / "idr", "local", "start", "--port", port, "--data", self.data)
        self.grants = [
            "grant usage on database retail to application idr_bench",
            *(f"grant usage on schema retail.{name} to application idr_bench" for name in schemas),
            *(f"grant select on table retail.{name} to application idr_bench" for name in self.tables),
        ]
        self.snow("app", "deploy", "--no-validate")

    def _do(self, *command: object) -> None:
        subprocess.run(
            [str(part) for part in command], cwd=self.project, env=ENVIRONMENT, check=True, capture_output=True
        )

    def _tables(self, base: Path) -> dict[str, str]:
        with duckdb.connect(str(base), read_only=True) as connection:
            rows = connection.execute(
                "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()"
                " where schema_name <> 'main' and not internal order by table_name, column_index"
            ).fetchall()
        found: dict[str, list[str]] = {}
        for table, column, kind in rows:
            found.setdefault(table, []).append(f"{column} {TYPES[kind]}")
        return {name: ", ".join(columns) for name, columns in found.items()}

    def _fill(self, base: Path) -> None:
        """Straight into the file of the stopped server: a benchmark's short cut, not a way to load data."""
        [file] = (self.data / "databases").glob("[rR][eE][tT][aA][iI][lL].db")
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"attach '{base}' as base (read_only)")
            for name in self.tables:
                connection.execute(f"insert into {name} select * from base.{name}")

    def connect(self) -> snowflake.connector.SnowflakeConnection:
        return snowflake.connector.connect(
            account="local", user="local", password="x", host="127.0.0.1", port=self.port, protocol="http"
        )

    def sql(self, *statements: str) -> list[tuple]:
        with self.connect() as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def snow(self, *arguments: str) -> None:
        self._do(BIN / "snow", "--config-file", self.data / "config.toml", *arguments)

    def stop(self) -> None:
        self._do(BIN / "idr", "local", "stop", "--data", self.data)

    def full_run(self) -> Figures:
        """Seconds of the CALL as the client sees it, and of the run as it tells itself."""
        source = "create application idr_bench from application package idr_package_bench"
        self.sql(f"{source} using @idr_package_bench.source.files", *self.grants)
        text = retail.CONFIG.read_text(encoding="utf-8").replace("table: ", "table: retail.")
        self.sql(f"call idr_bench.core.idr_configure($${text}$$)")
        with self.connect() as connection:
            cursor = connection.cursor()
            started = time.perf_counter()
            cursor.execute("call idr_bench.core.idr_run('FULL', 30, false)")
            [(answer,)] = cursor.fetchall()
            seconds = time.perf_counter() - started
        result = json.loads(answer)
        if result["status"] not in ("SUCCESS", "SUCCESS_WITH_WARNINGS"):
            raise SystemExit(answer)
        stages = self.sql("select stage, seconds from idr_bench.idr_out.stage_metrics")
        self.sql("drop application idr_bench cascade")
        return {"seconds": seconds, "run_seconds": result["duration_seconds"], "parts": dict(stages)}


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bench(options: Options) -> list[Figures]:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "retail.duckdb"
        retail.generate(base, options.rows, options.seed, options.shape)
        local = Local(Path(name), _PORT, base)
        try:
            rounds = [
                (measured("benchmarks.full:idr", base=str(base)), local.full_run()) for _ in range(options.rounds)
            ]
            with local.connect() as connection:
                cursor = connection.cursor()
                calls = {
                    "select 1": lambda: cursor.execute("select 1"),
                    "call of an empty procedure": lambda: cursor.execute("call retail.public.empty()"),
                }
                small = {name: [seconds_of(work) for _ in range(4 * options.rounds)] for name, work in calls.items()}
            deploys = {"snow --version": ("--version",), "snow app deploy, nothing changed": ("app", "deploy")}
            slow = {
                name: [seconds_of(lambda words=words: local.snow(*words)) for _ in range(options.rounds)]
                for name, words in deploys.items()
            }
        finally:
            local.stop()
    here, there = medians([one for one, _ in rounds if one]), medians([other for _, other in rounds])
    rows: list[Figures] = [
        {"contender": "FULL on the DuckDB adapter", "seconds": here["seconds"], "parts": here["parts"]},
        {"contender": "FULL through CALL", **there, "ratio": there["seconds"] / here["seconds"]},
    ]
    return rows + [
        {"contender": name, "seconds": statistics.median(found)} for name, found in {**small, **slow}.items()
    ]
