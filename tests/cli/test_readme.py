"""What README.md tells a newcomer to type works, in the order of the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from tests.cli.command import idr

PAGE = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONFIG = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"`(idr [^`]+)`", PAGE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "my.duckdb")) as connection:
        connection.execute(
            "create schema crm; create table crm.customers as select i as customer_id,"
            " 'a' || (i // 2) || '@b.de' as email, 'lee' || i as last_name,"
            " date '1950-01-01' + (i * 90)::int as birth_date, timestamp '2024-01-01' as updated_at"
            " from range(60) as r(i)"
        )
    (tmp_path / "truth.csv").write_text("entity_key,cluster\ncrm:16,a\ncrm:17,a\n", encoding="utf-8")
    return tmp_path


def test_the_five_minutes_work(folder: Path) -> None:
    assert CONFIG is not None
    assert len(COMMANDS) >= 8
    for number, command in enumerate(COMMANDS):
        outcome = idr(*shlex.split(command)[1:], cwd=folder)
        wanted = 1 if "RUN_ID" in command else 0
        assert outcome.code == wanted, f"{command}: {outcome.stderr}"
        if number == 0:
            (folder / "idr.yml").write_text(re.sub(r"^   ", "", CONFIG[1], flags=re.MULTILINE), encoding="utf-8")


def test_files_become_sources_as_shown(tmp_path: Path) -> None:
    exports = tmp_path / "exports" / "customers"
    exports.mkdir(parents=True)
    views = re.search(r"```sql\n(create schema.*?)```", PAGE, re.DOTALL)
    assert views is not None
    with duckdb.connect() as connection:
        people = connection.sql("select i as id, 'a' || i || '@b.de' as email from range(9) as r(i)")
        people.write_parquet(str(exports / "1.parquet"))
        people.write_csv(str(tmp_path / "exports" / "leads.csv"))
    statements = views[1].replace("exports/", f"{tmp_path}/exports/")
    with duckdb.connect(str(tmp_path / "my.duckdb")) as connection:
        connection.execute(statements)
    assert idr("init", "--from-db", "my.duckdb", cwd=tmp_path).code == 0
    assert idr("run", "--db", "my.duckdb", "--run-mode", "FULL", "--config", "idr.yml", cwd=tmp_path).code == 0
    with duckdb.connect(str(tmp_path / "my.duckdb")) as connection:
        counts = connection.execute(
            "select count(*), count(distinct resolved_id) from idr_out.identity_resolved_membership_current"
        ).fetchall()
    assert counts == [(18, 9)]
