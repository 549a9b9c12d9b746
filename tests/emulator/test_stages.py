"""Stages: files in, listed, out, removed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from .conftest import Local

pytestmark = pytest.mark.snowflake


def names(cursor: SnowflakeCursor, statement: str) -> list[str]:
    return [str(row[0]) for row in cursor.execute(statement).fetchall()]  # type: ignore[union-attr]


@pytest.fixture
def stage(cursor: SnowflakeCursor, tmp_path: Path) -> str:
    """A stage with three files."""
    cursor.execute("create stage Files comment = 'for files'")
    for name in ("a.txt", "b.txt", "c.sql"):
        (tmp_path / name).write_text(f"content of {name}")
    cursor.execute(f"put 'file://{tmp_path}/*.txt' @files/sub auto_compress = false overwrite = true")
    cursor.execute(f"put 'file://{tmp_path}/c.sql' @files auto_compress = false")
    return "files"


def test_put_answers_per_file(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    (tmp_path / "x y.txt").write_text("spaces")
    cursor.execute("create stage s")
    [row] = cursor.execute(f"put 'file://{tmp_path}/x y.txt' @s auto_compress = false").fetchall()
    columns = [column.name for column in cursor.description]
    answer = dict(zip(columns, row, strict=True))
    assert (answer["source"], answer["target"], answer["status"]) == ("x y.txt", "x y.txt", "UPLOADED")


def test_files_are_compressed_unless_told_otherwise(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("text")
    cursor.execute("create stage s")
    cursor.execute(f"put 'file://{tmp_path}/x.txt' @s")
    assert names(cursor, "ls @s") == ["s/x.txt.gz"]


def test_list_shows_names_sizes_and_hashes(cursor: SnowflakeCursor, stage: str) -> None:
    rows = cursor.execute(f"list @{stage}").fetchall()
    assert [column.name for column in cursor.description] == ["name", "size", "md5", "last_modified"]
    assert [row[0] for row in rows] == ["files/c.sql", "files/sub/a.txt", "files/sub/b.txt"]
    content = b"content of c.sql"
    assert rows[0][1:3] == (len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())


def test_list_below_a_path_and_by_pattern(cursor: SnowflakeCursor, stage: str) -> None:
    assert names(cursor, f"ls @{stage}/sub/") == ["files/sub/a.txt", "files/sub/b.txt"]
    assert names(cursor, f"ls @{stage} pattern = '.*[ac][.].*'") == ["files/c.sql", "files/sub/a.txt"]


def test_get_brings_files_back(cursor: SnowflakeCursor, stage: str, tmp_path: Path) -> None:
    target = tmp_path / "back"
    target.mkdir()
    cursor.execute(f"get @{stage}/sub 'file://{target}/'")
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        "a.txt": "content of a.txt",
        "b.txt": "content of b.txt",
    }


def test_remove_deletes_and_says_what(cursor: SnowflakeCursor, stage: str) -> None:
    assert cursor.execute(f"remove @{stage}/sub/a.txt").fetchall() == [("files/sub/a.txt", "removed")]
    assert names(cursor, f"ls @{stage}") == ["files/c.sql", "files/sub/b.txt"]


def test_a_stage_is_shown_replaced_and_dropped(cursor: SnowflakeCursor, stage: str, database: str) -> None:
    [row] = cursor.execute("show stages like 'fil%'").fetchall()
    assert row[1:4] == ("FILES", database, "PUBLIC")
    assert row[8] == "for files"
    cursor.execute(f"create or replace stage {stage}")
    assert names(cursor, f"ls @{stage}") == []
    cursor.execute(f"drop stage {stage}")
    with pytest.raises(ProgrammingError, match=f"Stage '{database}.PUBLIC.FILES' does not exist or not authorized"):
        cursor.execute(f"ls @{stage}")


def test_a_path_cannot_leave_its_stage(cursor: SnowflakeCursor, stage: str) -> None:
    with pytest.raises(ProgrammingError, match="leaves the stage"):
        cursor.execute(f"ls @{stage}/../../x")


def test_stages_and_files_have_any_name(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    for name in (str(outside), "../../x", "..", "=2e=2e", "é" * 200):
        cursor.execute(f'create or replace stage "{name}"')
        cursor.execute(f"copy into '@\"{name}\"/a\nb' from (select 1)")
        assert [listed.rpartition("/")[2] for listed in names(cursor, f'ls @"{name}"')] == ["a\nb_0_0_0.csv.gz"]
        cursor.execute(f'drop stage "{name}"')
    assert [path.name for path in outside.iterdir()] == ["mine"]
    for statement in ('create stage ""', "ls @~/" + "x" * 300, "ls @~ pattern = '('"):
        with pytest.raises(ProgrammingError) as caught:
            cursor.execute(statement)
        assert caught.value.errno != 370001


def test_a_file_of_statements_runs_from_a_stage(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    (tmp_path / "main.sql").write_text("create table t (a int);\nexecute immediate from './more/rows.sql';\n")
    (tmp_path / "rows.sql").write_text("-- rows; two of them\ninsert into t values (1);\ninsert into t values (2);")
    cursor.execute("create stage scripts")
    cursor.execute(f"put 'file://{tmp_path}/main.sql' @scripts auto_compress = false")
    cursor.execute(f"put 'file://{tmp_path}/rows.sql' @scripts/more auto_compress = false")
    cursor.execute("execute immediate from @scripts/main.sql")
    assert cursor.execute("select sum(a) from t").fetchone() == (3,)


def test_an_error_in_a_file_names_file_and_statement(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    (tmp_path / "bad.sql").write_text("select 1;\nselect * from nowhere;\n")
    cursor.execute("create stage scripts")
    cursor.execute(f"put 'file://{tmp_path}/bad.sql' @scripts auto_compress = false")
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute("execute immediate from @scripts/bad.sql")
    assert caught.value.errno == 2003
    assert "bad.sql, statement 2 (select * from nowhere)" in str(caught.value)


@pytest.mark.slow
def test_snow_lists_the_files_of_a_stage(local: Local, database: str) -> None:
    local.query("create stage s", database=database)
    listed = local.snow("stage", "list", "--in", "database", database)
    assert listed.returncode == 0, listed.stderr
    assert "S" in listed.stdout


def test_external_stages_are_refused(cursor: SnowflakeCursor) -> None:
    with pytest.raises(ProgrammingError, match="Unsupported feature 'external stage'"):
        cursor.execute("create stage s url = 's3://bucket/path'")


@pytest.mark.parametrize(("pattern", "found"), [("*.*", ["a.txt", "b.txt", "c.sql"]), ("?.txt", ["a.txt", "b.txt"])])
def test_a_local_path_needs_no_quotes(cursor: SnowflakeCursor, tmp_path: Path, pattern: str, found: list[str]) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    for folder in (source, target):
        folder.mkdir()
    for name in ("a.txt", "b.txt", "c.sql"):
        (source / name).write_text(f"content of {name}")
    cursor.execute("create stage s")
    cursor.execute(f"put file://{source}/{pattern} @s/x auto_compress = false -- */ and no more")
    assert names(cursor, "ls @s") == [f"s/x/{name}" for name in found]
    cursor.execute(f"get @s/x file://{target}/ pattern = '.*[ab].txt'")
    assert sorted(path.name for path in target.iterdir()) == ["a.txt", "b.txt"]
