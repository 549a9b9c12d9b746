"""The application on a local Snowflake whose clock the tests move, with a table of people to resolve."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.emulator.conftest import Local

ROOT = Path(__file__).parents[2]
START = "2026-01-05T00:00:00+00:00"  # a Monday
YAML = """
sources:
  crm:
    table: shop.crm.people
    key: id
    watermark: updated_at
    identifiers: {email: email}
    attributes: {name: name}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
guardrails: {max_cluster_size: 5, max_moved_ratio: null}
"""


def bundle(folder: Path) -> Path:
    """The files that `snow app deploy` uploads."""
    shutil.copytree(ROOT / "app", folder)
    shutil.copytree(ROOT / "setup", folder / "setup")
    builder = [sys.executable, ROOT / "scripts" / "build.py", "--output", folder / "procedures" / "idr.zip"]
    subprocess.run(builder, check=True, capture_output=True)
    return folder


class Scheduled:
    """The application `idr` of one test, installed and configured."""

    def __init__(self, folder: Path) -> None:
        self.local = Local(folder / "data")
        self.local.start("--virtual-clock", START)
        self.connection = self.local.connect()
        self.cursor = self.connection.cursor()
        self.sql("create application package package", "create schema package.src", "create stage package.src.files")
        self.upload(bundle(folder / "bundle"))
        self.sql(
            "create database shop",
            "create schema shop.crm",
            "create table shop.crm.people (id integer, email varchar, name varchar, updated_at timestamp_ntz)",
            "create notification integration mail type = email enabled = true",
            "create application idr from application package package using @package.src.files",
            "grant usage on database shop to application idr",
            "grant usage on schema shop.crm to application idr",
            "grant select on table shop.crm.people to application idr",
            "grant usage on integration mail to application idr",
        )
        self.people = 0
        assert self.call("idr_configure(%s)", YAML)["applied"]

    def restart(self, now: str) -> None:
        """Start the server again, which was killed, at this time of its clock."""
        self.local.start("--virtual-clock", now)
        self.connection = self.local.connect()
        self.cursor = self.connection.cursor()

    def upload(self, files: Path) -> None:
        for file in sorted(path for path in files.rglob("*") if path.is_file()):
            below = file.relative_to(files).parent.as_posix().removeprefix(".")
            self.sql(f"put file://{file} @package.src.files/{below} auto_compress = false overwrite = true")

    def close(self) -> None:
        self.connection.close()
        self.local.stop()

    def sql(self, *statements: str, binds: tuple[Any, ...] | None = None) -> list[Any]:
        """The rows of the last statement."""
        for statement in statements:
            self.cursor.execute(statement, binds)
        return self.cursor.fetchall()

    def call(self, procedure: str, *binds: Any) -> dict[str, Any]:
        answer = json.loads(self.sql(f"call idr.core.{procedure}", binds=binds or None)[0][0])
        if answer.get("status") == "FAILED":
            print(procedure, answer["message"])  # shown when the test fails
        return answer

    def pass_time(self, **time: float) -> None:
        self.sql(f"call system$local_advance_clock({timedelta(**time).total_seconds()})")

    def add(self, *emails: str) -> None:
        """New people, one per e-mail address; watermarks rise."""
        for email in emails:
            self.people += 1
            row = (self.people, email, f"Person {self.people}", self.people)
            self.sql(
                "insert into shop.crm.people select %s, %s, %s, dateadd('minute', %s, '2024-01-01'::timestamp_ntz)",
                binds=row,
            )

    def history(self, task: str) -> list[tuple[str, str | None]]:
        """States and return values of a task's starts, oldest first."""
        return self.sql(
            "select state, return_value from table(idr.information_schema.task_history(task_name => %s,"
            " result_limit => 10000)) where state <> 'SCHEDULED' order by scheduled_time",
            binds=(task,),
        )

    def partition(self) -> set[frozenset[str]]:
        """The published identities, as sets of entity keys."""
        found: dict[str, set[str]] = {}
        for entity, resolved in self.sql(
            "select entity_key, resolved_id from idr.idr_out.identity_resolved_membership_current"
        ):
            found.setdefault(resolved, set()).add(entity)
        return {frozenset(group) for group in found.values()}

    def oracle(self) -> set[frozenset[str]]:
        """The same from the source: people with one address are one."""
        found: dict[str, set[str]] = {}
        for key, email in self.sql("select id, email from shop.crm.people"):
            found.setdefault(email.lower(), set()).add(f"crm:{key}")
        return {frozenset(group) for group in found.values()}

    def explained(self) -> list[str]:
        """One word per start of the graphs, after checking that its tasks and runs tell the same story."""
        starts = self.sql(
            "select name, graph_run_group_id, state, return_value"
            " from table(idr.information_schema.task_history(result_limit => 10000)) where state <> 'SCHEDULED'"
            " and name in ('IDR_DRY_RUN_TASK', 'IDR_WEEKLY_DRY_RUN_TASK') order by scheduled_time, name"
        )
        return [self._explain(*start) for start in starts]

    def _explain(self, root: str, graph_run: str, state: str, verdict: str | None) -> str:
        live = "IDR_LIVE_RUN_TASK" if root == "IDR_DRY_RUN_TASK" else "IDR_WEEKLY_FULL_TASK"
        tasks = dict(
            self.sql(
                "select name, state from table(idr.information_schema.task_history(result_limit => 10000))"
                " where graph_run_group_id = %s",
                binds=(graph_run,),
            )
        )
        runs = {
            name: (status, run_id, plan)
            for name, status, run_id, plan in self.sql(
                "select task_name, status, run_id, plan_run_id from idr.idr_out.run_overview where graph_run = %s",
                binds=(graph_run,),
            )
        }
        status, run_id, _ = runs[root]
        match state, verdict:
            case "SUCCEEDED", "PASS":
                assert (status, tasks[live]) == ("DRY_RUN_COMPLETE", "SUCCEEDED")
                assert (runs[live][0], runs[live][2]) == ("SUCCESS", run_id), "what was judged is what is published"
                return "PUBLISHED"
            case "SUCCEEDED", "HOLD":
                assert (status, tasks[live], set(runs)) == ("HELD", "SKIPPED", {root})
                return "HELD"
            case "SUCCEEDED", "SKIPPED":
                assert (status, tasks[live], set(runs)) == ("SKIPPED", "SKIPPED", {root})
                return "SKIPPED"
            case "FAILED", None:
                assert (status, live in tasks, set(runs)) == ("FAILED", False, {root})
                return "FAILED"
        raise AssertionError(f"{root} of {graph_run} is {state} with {verdict}: nobody can explain it")
