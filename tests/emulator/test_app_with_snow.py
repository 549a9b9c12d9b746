"""The application of this repository, deployed, run, upgraded and torn down by `snow`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, Local, environment

pytestmark = pytest.mark.snowflake
CONFIGURATION = """
sources:
  crm:
    table: shop.crm.customers
    key: id
    watermark: updated_at
    identifiers: {email: email}
    attributes: {email: email}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
"""


class Project:
    """A copy of the repository's application, under a name of its own."""

    def __init__(self, local: Local, folder: Path) -> None:
        self.local, self.folder = local, folder
        for name in ("app", "setup"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "snowflake.yml", folder)
        builder = [sys.executable, ROOT / "scripts" / "build.py", "--output", folder / "build" / "idr.zip"]
        subprocess.run(builder, check=True, capture_output=True)

    def start(self, *arguments: str, suffix: str = "test") -> subprocess.Popen[str]:
        snow = [str(Path(sys.executable).with_name("snow")), "--config-file", str(self.local.data / "config.toml")]
        return subprocess.Popen(
            [*snow, *arguments], cwd=self.folder, env=environment() | {"IDR_SUFFIX": suffix}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def snow(self, *arguments: str) -> str:
        running = self.start(*arguments)
        output, _ = running.communicate()
        assert running.returncode == 0, output
        return output

    def call(self, text: str) -> dict[str, object]:
        [(answer,)] = self.local.query(f"call idr_test.core.{text}")
        return json.loads(answer)

    def run(self, arguments: str, status: str) -> None:
        answer = self.call(f"idr_run({arguments})")
        assert answer["status"] == status, answer


@pytest.fixture(scope="module")
def project(local: Local, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(local, tmp_path_factory.mktemp("project"))
    output = project.snow("app", "run")
    assert "Setup script is valid" in output or "Validating" in output
    assert "Application 'IDR_TEST' created successfully." in output
    return project


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_application_is_deployed_run_upgraded_versioned_and_torn_down(project: Project) -> None:
    project.local.query(
        "create database shop", "create schema shop.crm",
        "create table shop.crm.customers (id int, email varchar, updated_at timestamp_ntz)",
        "insert into shop.crm.customers values (1, 'a@x.org', '2024-01-01'), (2, 'A@x.org ', '2024-01-01'), "
        "(3, 'b@x.org', '2024-01-01')",
    )  # fmt: skip
    refused = project.call(f"idr_configure($${CONFIGURATION}$$)")
    assert refused["status"] == "FAILED"
    assert "table shop.crm.customers does not exist" in str(refused["message"])
    project.local.query(
        "grant usage on database shop to application idr_test",
        "grant usage on schema shop.crm to application idr_test",
        "grant select on table shop.crm.customers to application idr_test",
    )
    assert project.call(f"idr_configure($${CONFIGURATION}$$)")["applied"] is True
    project.run("'FULL', 30, true", "DRY_RUN_COMPLETE")
    project.run("'FULL', 30, false", "SUCCESS")
    members = "select entity_key, resolved_id from idr_test.idr_out.identity_resolved_membership_current order by 1"
    rows = project.local.query(members)
    assert [key for key, _ in rows] == ["crm:1", "crm:2", "crm:3"]
    assert rows[0][1] == rows[1][1] != rows[2][1]

    setup = project.folder / "setup" / "procedures" / "idr_status.sql"
    setup.write_text(setup.read_text().replace("comment = '", "comment = 'New: "))
    assert "Application 'IDR_TEST' upgraded successfully." in project.snow("app", "run")
    assert project.local.query(members) == rows, "an upgrade keeps the state"
    shown = project.local.query("show procedures like 'idr_status' in application idr_test")
    assert shown[0][9].startswith("New: ")
    project.run("'INCR', 30, false", "SUCCESS")

    assert "Version create is now complete" in project.snow(
        "app", "version", "create", "v1", "--skip-git-check", "--force"
    )
    assert [row[:2] for row in project.local.query("show versions in application package idr_package_test")] == [
        ("V1", 0)
    ]
    listed = json.loads(project.snow("object", "list", "application", "--format", "json"))
    assert "IDR_TEST" in [row["name"] for row in listed]
    project.snow("app", "teardown", "--force")
    assert project.local.query("show applications like 'idr_test'") == []
    assert project.local.query("show application packages like 'idr_package_test'") == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_at_once_and_a_missing_zip(local: Local, tmp_path: Path) -> None:
    projects = [Project(local, tmp_path / name) for name in ("one", "two")]
    for command, done in (("deploy", "Deployed successfully"), ("run", "'IDR_TWICE' upgraded successfully")):
        for turn in range(2):
            running = [project.start("app", command, suffix="twice") for project in projects]
            outputs = [one.communicate()[0] for one in running]
            succeeded = [one.returncode == 0 for one in running]
            assert any(succeeded), outputs
            for output, good in zip(outputs, succeeded, strict=True):
                assert good or "already exists" in output, "only the second one to create may fail, and says why"
            if turn == 1:
                assert all(done in output for output in outputs), outputs
    assert local.query("call idr_twice.core.idr_status()")[0][0]

    (projects[0].folder / "build" / "idr.zip").unlink()
    running = projects[0].start("app", "run", suffix="twice")
    output, _ = running.communicate()
    assert running.returncode == 1
    assert "No match was found for the specified source" in output
    assert "build/idr.zip" in output
    assert local.query("call idr_twice.core.idr_status()")[0][0], "the installed application is untouched"
    local.query("drop application idr_twice", "drop application package idr_package_twice")
