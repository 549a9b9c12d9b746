"""What `snow` would upload: the files that the setup script names, and the archive that the procedures import."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FROM = re.compile(r"^execute immediate from '\./(.+)';$", re.MULTILINE)
GRANT = re.compile(r"grant usage on procedure core\.(\w+)\(([^)]*)\) to application role (\w+);")
CREATE = re.compile(r"create or replace procedure core\.(\w+)\(([^)]*)\)")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    for name in ("app", "setup"):
        shutil.copytree(ROOT / name, project / name)
    shutil.copy(ROOT / "snowflake.yml", project)
    builder = [sys.executable, ROOT / "scripts" / "build.py", "--output", project / "build" / "idr.zip"]
    subprocess.run(builder, check=True, capture_output=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"SNOWFLAKE_HOME": str(project / "home"), "IDR_SUFFIX": "test"}
    snow = Path(sys.executable).with_name("snow")
    done = subprocess.run(
        [snow, "app", "bundle"], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "output" / "deploy"


def files(bundle: Path) -> set[str]:
    return {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}


def test_the_bundle_holds_exactly_what_the_application_needs(bundle: Path) -> None:
    script = (bundle / "setup_script.sql").read_text(encoding="utf-8")
    named = FROM.findall(script)
    assert len(named) == len(set(named))
    assert files(bundle) == {"manifest.yml", "README.md", "setup_script.sql", "procedures/idr.zip", *named}
    commands = [line for line in script.splitlines() if line and not line.startswith("--")]
    assert len(commands) == len(named), "the setup script is a table of contents and nothing else"


def test_every_procedure_names_its_handler_and_its_role(bundle: Path) -> None:
    from idr import handlers

    for path in sorted((bundle / "setup" / "procedures").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for handler in re.findall(r"handler = 'idr\.handlers\.(\w+)'", text):
            assert callable(getattr(handlers, handler)), path.name
        made = {
            (name, ", ".join(part.split()[1] for part in arguments.split(", ") if part))
            for name, arguments in CREATE.findall(text)
        }
        granted = {(name, types) for name, types, _ in GRANT.findall(text)}
        if path.name not in ("core.sql", "version_init.sql"):
            assert made, path.name
            assert granted == made, path.name
        assert len(re.findall("execute as owner", text)) == len(made)


def test_the_readme_lists_every_procedure_and_privilege(bundle: Path) -> None:
    readme = (bundle / "README.md").read_text(encoding="utf-8")
    manifest = yaml.safe_load((bundle / "manifest.yml").read_text(encoding="utf-8"))
    for path in (bundle / "setup" / "procedures").glob("idr_*.sql"):
        for name, _, role in GRANT.findall(path.read_text(encoding="utf-8")):
            assert re.search(rf"\| `{name}\([^|]*\| `{role}`", readme), f"{name} for {role}"
    for entry in [*manifest["privileges"], *manifest["references"]]:
        assert f"`{next(iter(entry))}`" in readme, entry


def test_the_manifest_points_at_what_exists(bundle: Path) -> None:
    manifest = yaml.safe_load((bundle / "manifest.yml").read_text(encoding="utf-8"))
    assert manifest["manifest_version"] == 2
    callbacks = {manifest["lifecycle_callbacks"]["version_initializer"]}
    callbacks |= {value["register_callback"] for entry in manifest["references"] for value in entry.values()}
    for callback in callbacks:
        assert (bundle / "setup" / "procedures" / f"{callback.removeprefix('core.')}.sql").is_file()
    for file in ("setup_script", "readme"):
        assert (bundle / manifest["artifacts"][file]).is_file()
