"""Hostile names and paths of stages and files in the local Snowflake: nothing outside of a stage is read or written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import snowflake.connector

from tests.emulator.conftest import Local
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.snowflake, pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
SECRET = "kept in a file that no stage holds"
INTERNAL = 370001
PATHS = [
    "..", "../", "../..", "../../..", "../../../../outside/secret.csv", "OUTSIDE", "OUTSIDE/secret.csv",
    "a/../../../../../outside", "./../../../../outside/new.csv", "..\\..\\outside", "....//....//outside",
    "%2e%2e/%2e%2e", "..%2f..%2foutside", "../OTHER/mine.csv", "../other", "../../PUBLIC/OTHER/mine.csv",
    "../S/../OTHER", "/../OTHER/mine.csv", "//..//OTHER", ".", "./", "/", "//", "", " ", "~", "~root", "~/..", "-rf",
    "--", "/*", "*/", "*", "?", "[a-z]*", "{mine,secret}.csv", "**/*.csv", "$(touch OUTSIDE/new)",
    "`touch OUTSIDE/new`", "; touch OUTSIDE/new", "| touch OUTSIDE/new", "a'b", "a''b", "'; drop table t; --", 'a"b',
    '""', "a b", "a\nb", "a\r\nb", "a\tb", "a\0b", "\0", "../\0", "a\\b", "a\x7f\x1b[31mb",
    "\u202eevil", "e\u0301", "\u00e9", "\U0001f4a9", "x" * 300,
    "\u00e9" * 200, "a/" * 2000,
    "../" * 50 + "tmp", "file://OUTSIDE/secret.csv", "@other/mine.csv",
    "@~/x", "s3://bucket/x", "http://127.0.0.1:1/x", "CON", "nul", ".hidden", "...", "=2e", "==", "$1", ":a",
    "{{ x }}", "%s",
]  # fmt: skip
PROCEDURE = (
    "create or replace procedure p() returns varchar language python runtime_version = '3.11'"
    " packages = ('snowflake-snowpark-python')"
)
LOCATIONS = [
    "list '@s/{}'", "list @s pattern = '{}'", "remove '@s/{}'", "get '@s/{}' 'file://TARGET/'",
    "put 'file://SOURCE' '@s/{}' auto_compress = false overwrite = true",
    "copy into '@s/{}' from (select 1) overwrite = true",
    "copy into '@s/{}' from (select 1) single = true overwrite = true", "copy into t from '@s/{}'",
    "copy into t from @s files = ('{}')", "copy into t from @s pattern = '{}'", "copy into t from '@s/{}' purge = true",
    "copy files into '@s/{}' from @other", "execute immediate from '@s/{}'", "select $1 from '@s/{}'",
    "select * from table(infer_schema(location => '@s/{}', file_format => 'csv'))",
    f"{PROCEDURE} imports = ('@s/{{}}') handler = 'x.y'",
    "create application app from application package package using '@s/{}'",
    "select * from read_text('{}')", "select * from read_csv('{}')", "copy t to '{}'", "attach '{}' as stolen",
]  # fmt: skip
NAMES = [
    'create stage "{}"', 'create or replace stage "{}"', 'list @"{}"',
    'put \'file://SOURCE\' @"{}" auto_compress = false', 'remove @"{}"',
    'copy into @"{}" from (select 1) overwrite = true', 'drop stage if exists "{}"',
    'create schema "{}"', 'create stage "{}".s', 'drop schema if exists "{}"', 'create database "{}"',
    'drop database if exists "{}"', 'create file format "{}" type = csv', 'create application package "{}"',
    'create table "{}" (a varchar)', 'list @"%{}"', 'drop table if exists "{}"',
]  # fmt: skip


class Guarded:
    """A local Snowflake in a folder that holds other things as well; `touched` tells which were read or written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outside, self.source, self.target = folder / "outside", folder / "source.csv", folder / "target"
        self.outside.mkdir()
        (self.outside / "secret.csv").write_text(SECRET, encoding="utf-8")
        self.source.write_text("1\n", encoding="utf-8")
        mine = folder / "mine.csv"
        mine.write_text("of the other stage", encoding="utf-8")
        self.local = Local(folder / "data")
        self.local.start()
        self.connection = self.local.connect()
        self.cursor = self.connection.cursor()
        for statement in (
            "create database d", "create file format csv type = csv", "create table t (a varchar)", "create stage s",
            "create stage other", f"put 'file://{mine}' @other auto_compress = false",
            "create application package package",
        ):  # fmt: skip
            self.cursor.execute(statement)
        self.before = self._others()

    def filled(self, text: str) -> str:
        places = {"OUTSIDE": self.outside, "SOURCE": self.source, "TARGET": self.target}
        for name, path in places.items():
            text = text.replace(name, str(path))
        return text

    def _others(self) -> dict[str, bytes]:
        """Every file that belongs to nobody who uses the stage `s`, by path."""
        data = self.local.data
        own = (data, self.target)
        files = [path for path in self.folder.rglob("*") if not any(path.is_relative_to(folder) for folder in own)]
        files += [data / "config.toml", data / "format", *(data / "stages/D/PUBLIC/OTHER").rglob("*")]
        return {str(path): path.read_bytes() if path.is_file() else b"" for path in files}

    def touched(self, statement: str) -> list[str]:
        """What a statement did that it must not do."""
        shutil.rmtree(self.target, ignore_errors=True)
        self.target.mkdir()
        found: list[str] = []
        try:
            self.cursor.execute("use schema d.public")
            answer, self.outcome = repr(self.cursor.execute(statement).fetchall()), "data"
        except snowflake.connector.errors.Error as error:
            answer, self.outcome = str(error), "refused"
            if error.errno == INTERNAL:
                found.append(answer)
        answer += "".join(path.read_text(errors="replace") for path in self.target.rglob("*") if path.is_file())
        if SECRET in answer:
            found.append("it shows a secret")
        others = self._others()
        found += [
            f"{path} changed" for path in others.keys() | self.before if others.get(path) != self.before.get(path)
        ]
        self.before = others
        return found

    def close(self) -> None:
        self.connection.close()
        self.local.stop()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = Guarded(tmp_path_factory.mktemp("guarded"))
    with closing(made):
        yield made


def _tried(guarded: Guarded, part: str, templates: list[str], quote: str) -> list[str]:
    """Every template with texts of PATHS, every eighth in the small size; what was wrong."""
    step = 1 if LONG else 8
    figures = {"tried": 0, "refused": 0, "data": 0, "executed": 0, "wrong": 0}
    wrong: list[str] = []
    for turn, template in enumerate(templates):
        for text in PATHS[turn % step :: step]:
            filled = guarded.filled(text).replace(quote, 2 * quote).replace("\\", "\\\\" if quote == "'" else "\\")
            statement = guarded.filled(template).replace("{}", filled)
            found = guarded.touched(statement)
            figures["tried"] += 1
            figures["executed"] += bool(found)
            wrong += [f"{statement[:200]!r}: {what}" for what in found]
    figures["wrong"] = len(wrong)
    count("injections", part, **figures)
    return wrong


def test_the_traps_work(guarded: Guarded) -> None:
    guarded.before["/gone"] = b""
    (guarded.outside / "new").touch()
    found = guarded.touched(f"select '{SECRET}'")
    (guarded.outside / "new").unlink()
    guarded.before = guarded._others()
    assert len(found) == 3


def test_paths_in_stages(guarded: Guarded) -> None:
    assert _tried(guarded, "paths of stages", LOCATIONS, "'") == []


def test_names_of_stages_schemas_and_databases(guarded: Guarded) -> None:
    assert _tried(guarded, "names of stages, schemas, databases", NAMES, '"') == []


def test_files_of_any_name_come_back(guarded: Guarded) -> None:
    """Names that a disk takes go into a stage, are listed, come back and are removed, each with its own content."""
    folder = guarded.folder / "named"
    folder.mkdir()
    names = [text for text in PATHS if text not in (".", "..", "...") and text.strip() and not set(text) & set("/\0\\")]
    names = [name for name in names if not name.startswith(".") and len(name.encode()) < 250]
    for number, name in enumerate(names):
        (folder / name).write_text(str(number), encoding="utf-8")
    cursor = guarded.cursor
    cursor.execute("use schema d.public")
    cursor.execute("create or replace stage named")
    cursor.execute(f"put 'file://{folder}/*' @named auto_compress = false")
    listed = [row[0] for row in cursor.execute("list @named").fetchall()]
    back = guarded.folder / "back"
    back.mkdir()
    cursor.execute(f"get @named 'file://{back}/'")
    found = {path.name: path.read_text(encoding="utf-8") for path in back.iterdir()}
    removed = [row[0] for row in cursor.execute("remove @named").fetchall()]
    wrong = [name for number, name in enumerate(names) if found.get(name) != str(number)]
    shutil.rmtree(folder)
    shutil.rmtree(back)
    count("injections", "names of files", tried=len(names), data=len(names), wrong=len(wrong))
    assert wrong == []
    assert sorted(listed) == sorted(removed) == sorted(f"named/{name}" for name in names)
    assert cursor.execute("list @named").fetchall() == []
