"""The setup script can run again from its start, and holds nothing that Snowflake refuses in an application."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idr.schema import install
from tests.resolution.shop import Shop

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "setup").rglob("*.sql"), ROOT / "app" / "setup_script.sql"])
AGAIN = re.compile(
    r"execute immediate from '\./"
    r"|create (schema|table|application role) if not exists "
    r"|create or replace (view|procedure) "
    r"|create or alter versioned schema "
    r"|alter table .* add column if not exists "
    r"|grant |revoke "
    r"|(update|delete from) .* exists \(select 1 from idr_meta\.layout where number < \d\)$"
    r"|update idr_meta\.layout set number = (?P<layout>\d+) where number < (?P=layout)$"
    r"|insert into (?P<table>\S+) .* where not exists \(select 1 from (?P=table)\)$"
)
REFUSED = re.compile(
    r"\buse (database|schema|role|warehouse)\b|execute as caller|\btemp(orary)?\b|imports = \('@|alter session"
    r"|create or replace (application role|table|schema)",
)


def statements(path: Path) -> list[str]:
    text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    return [" ".join(part.split()) for part in re.split(r";\s*\n", text + "\n") if part.strip()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_statement_may_run_again(path: Path) -> None:
    assert statements(path)
    for statement in statements(path):
        assert AGAIN.match(statement), statement
        assert not REFUSED.search(statement), statement


def test_what_runs_remember_begins_with_nothing_and_outlives_the_next_installation() -> None:
    """Nobody holds the lease, and nothing is published."""
    shop = Shop()
    remembered = ("select holder, token from idr_meta.run_lock", "select base_version from idr_meta.base_state")
    assert [shop.query(query) for query in remembered] == [[(None, 0)], [(0,)]]
    shop.run("FULL")
    found = [shop.query(query) for query in remembered]
    assert found == [[(None, 1)], [(1,)]]
    install(shop.wh)
    assert [shop.query(query) for query in remembered] == found


def test_roles_come_first_and_grants_after_what_they_belong_to() -> None:
    steps = re.findall(r"'\./setup/(.+)\.sql'", (ROOT / "app" / "setup_script.sql").read_text(encoding="utf-8"))
    assert steps[0] == "roles/application_roles"
    for schema in ("idr_meta", "idr_out"):
        assert steps.index(schema) < steps.index(f"grants/{schema}")
    assert steps.index("run_state") < steps.index("grants/idr_meta")
    code = [step for step in steps if step.startswith("procedures/")]
    assert code[0] == "procedures/core"
    assert steps[-len(code) :] == code, "state before code: a procedure never meets a table that is missing"
