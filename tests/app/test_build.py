"""What `./scripts/build` makes: reproducible, and complete without anything that Snowflake does not have."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED_BY_SNOWFLAKE = ("snowflake-snowpark-python", "pyyaml")
IMPORT_ALONE = """
import json, sys
archive, blocked = sys.argv[1], set(json.loads(sys.argv[2]))
from importlib.machinery import PathFinder
class ArchiveFirst:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("idr", "sqlglot"):
            return PathFinder.find_spec(name, path or [archive], target)
        if top in blocked:
            raise ModuleNotFoundError(f"not in Snowflake: {name}", name=name)
sys.meta_path.insert(0, ArchiveFirst())
import idr.handlers
import pkgutil, importlib, idr
for module in pkgutil.walk_packages(idr.__path__, "idr."):
    importlib.import_module(module.name)
from idr import normalize, schema, statement
from idr.config import yaml_file
from idr.config.example import EXAMPLE
assert yaml_file.load_text(EXAMPLE).sources
assert statement.read("publish/log") and statement.folder("setup").joinpath("idr_out.sql").is_file()
print(json.dumps({name: module.__file__ for name, module in sys.modules.items()
                  if name.partition(".")[0] in ("idr", "sqlglot") and getattr(module, "__file__", None)}))
"""


def build(target: Path) -> bytes:
    subprocess.run([sys.executable, ROOT / "scripts" / "build.py", "--output", target], check=True, capture_output=True)
    return target.read_bytes()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("build") / "idr.zip"
    build(target)
    return target


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "again.zip") == archive.read_bytes()


def test_the_archive_holds_what_runs_in_snowflake_and_nothing_else(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
    assert names == sorted(names)
    assert {name.split("/")[0] for name in names} == {"idr", "sqlglot", *(n for n in _roots(names) if "dist-info" in n)}
    assert {"idr/handlers.py", "idr/sql/publish/log.sql", "idr/setup/idr_out.sql", "sqlglot/__init__.py"} <= set(names)
    unwanted = re.compile(r"idr/cli/|duckdb\.py$|__pycache__|\.pyc$|\.so$|idr/setup/.*/")
    assert [name for name in names if unwanted.search(name) and not name.startswith("sqlglot/")] == []
    assert [name for name in names if name.endswith("LICENSE")], "what is vendored comes with its licence"


def _roots(names: list[str]) -> set[str]:
    return {name.split("/")[0] for name in names}


def _closure(names: tuple[str, ...]) -> set[str]:
    """The distributions that these need, extras left out."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found.add(name)
        try:
            needed = requires(name) or []
        except PackageNotFoundError:
            continue
        waiting += [re.split(r"[^A-Za-z0-9_.-]", text)[0] for text in needed if "extra ==" not in text]
    return found


def test_the_archive_needs_only_snowpark_and_yaml(archive: Path) -> None:
    allowed = _closure(SHIPPED_BY_SNOWFLAKE)
    blocked = [
        module
        for module, names in packages_distributions().items()
        if not allowed & {re.sub(r"[-_.]+", "-", name).lower() for name in names}
    ]
    assert {"duckdb", "typer", "sqlglot", "fakesnow"} <= set(blocked)
    command = [sys.executable, "-I", "-W", "ignore", "-c", IMPORT_ALONE, str(archive), json.dumps(blocked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=archive.parent)
    assert done.returncode == 0, done.stderr[-2000:]
    places = json.loads(done.stdout)
    assert "idr.stages.components" in places
    assert all(place.startswith(str(archive)) for place in places.values())
