"""`idr init`: what it writes, and when it writes nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.cli.command import idr

PEOPLE = "create table {} as select i as id, 'a' || i || '@b.de' as email from range(50) as r(i)"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "my.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(PEOPLE.format('"My ""Order"""'))
    return file


def test_a_proposal_can_be_checked_and_run_as_it_is(database: Path, tmp_path: Path) -> None:
    config = tmp_path / "idr.yml"
    written = idr("init", "--from-db", database, "--output", config)
    assert (written.code, written.stdout) == (0, "")
    assert f"idr config check --config {config} --db {database}" in written.stderr
    assert idr("config", "check", "--config", config, "--db", database).code == 0
    assert (
        idr("run", "--db", database, "--run-mode", "FULL", "--config", config, "--json").json()["status"] == "SUCCESS"
    )


def test_a_file_is_overwritten_only_by_force(database: Path, tmp_path: Path) -> None:
    config = tmp_path / "idr.yml"
    config.write_text("mine", encoding="utf-8")
    refused = idr("init", "--from-db", database, "--output", config)
    assert refused.code == 2
    assert "--force" in refused.stderr
    assert config.read_text(encoding="utf-8") == "mine"
    assert idr("init", "--from-db", database, "--output", config, "--force").code == 0
    assert "sources:" in config.read_text(encoding="utf-8")


@pytest.mark.parametrize("statement", ["select 1", "create table products as select 1 as id, 'lamp' as title"])
def test_nothing_usable_writes_no_file(tmp_path: Path, statement: str) -> None:
    file, config = tmp_path / "my.duckdb", tmp_path / "idr.yml"
    with duckdb.connect(str(file)) as connection:
        connection.execute(statement)
    refused = idr("init", "--from-db", file, "--output", config)
    assert refused.code == 2
    assert refused.stderr.startswith("IDR-116")
    assert not config.exists()


def test_the_database_to_look_at_has_one_name(database: Path, tmp_path: Path) -> None:
    assert idr("init", "--db", database, "--output", tmp_path / "idr.yml").code == 2
    assert not (tmp_path / "idr.yml").exists()


def test_without_a_database_the_example_is_written(tmp_path: Path) -> None:
    config = tmp_path / "idr.yml"
    assert idr("init", "--output", config).code == 0
    assert idr("config", "check", "--config", config).code == 0
    assert "read_parquet(" in config.read_text(encoding="utf-8")


def test_a_folder_that_is_not_there_is_usage(tmp_path: Path) -> None:
    refused = idr("init", "--output", tmp_path / "nowhere" / "idr.yml")
    assert refused.code == 2
    assert "No such file or directory" in refused.stderr
