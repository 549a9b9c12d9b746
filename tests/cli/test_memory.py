"""The limit on DuckDB's memory, from the option or the environment, reaches the engine."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from idr.cli.main import app
from idr.warehouse.duckdb import DuckDBWarehouse


def status(state_file: Path, *options: str, **environment: str) -> tuple[int, str]:
    result = CliRunner(mix_stderr=False).invoke(app, [*options, "status", "--db", str(state_file)], env=environment)
    return result.exit_code, result.stderr


def test_the_engine_gets_the_limit(tmp_path: Path) -> None:
    wh = DuckDBWarehouse.open(tmp_path / "x.duckdb", memory_limit="500MB")
    assert wh.query("select current_setting('memory_limit') as n") == [{"n": "476.8 MiB"}]


@pytest.mark.parametrize("limit", ["4GB", "0.5 GiB", "50%"])
def test_amounts(state_file: Path, limit: str) -> None:
    assert status(state_file, "--memory-limit", limit)[0] == 0
    assert status(state_file, IDR_MEMORY_LIMIT=limit)[0] == 0


def test_a_limit_that_is_too_low_is_felt_and_loses_nothing(state_file: Path) -> None:
    code, said = status(state_file, "--memory-limit", "1KB")
    assert code == 1
    assert "memory" in said.lower()
    with duckdb.connect(str(state_file), read_only=True) as connection:
        assert connection.execute("select count(*) from idr_out.run_history").fetchone() != (0,)


@pytest.mark.parametrize("limit", ["lots", "4", "-1GB", "4GB; drop table x", ""])
def test_what_is_no_amount(state_file: Path, limit: str) -> None:
    code, said = status(state_file, "--memory-limit", limit)
    assert code == 2
    assert "write 4GB, 500MB or 50%" in " ".join(said.replace("│", " ").split())
