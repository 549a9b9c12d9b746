"""State that earlier code wrote: today's opens it, migrates it, and goes on as if it had always been its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import pytest
from snowflake.connector.errors import ProgrammingError

from idr import schema
from idr.past import show_as_of
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.cli.command import idr
from tests.emulator.conftest import Local
from tests.reliability.dying import killed_after
from tests.reliability.local_app import LocalApp, files_of_today, files_with_state
from tests.reliability.scene import Case, disagreements, leftovers
from tests.reliability.tally import LONG, count

ROOT = Path(__file__).parents[2]
LAYOUTS = sorted((Path(__file__).parent / "layouts").glob("*.sql"))
MIGRATIONS = sorted((ROOT / "setup" / "migrations").glob("*.sql"))
NOW = datetime(2026, 11, 24)  # noqa: DTZ001 - after what the layouts hold; the tables have no zone
STEP = 1 if LONG else 5
EARLIER = [path for path in LAYOUTS if int(path.stem) < schema.LAYOUT]
Partition = set[frozenset[str]]


def statements(text: str) -> list[str]:
    """The statements of a layout's file."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [part.strip() for part in re.split(r";\n", body + "\n") if part.strip()]


def loaded(path: Path, folder: Path) -> Path:
    """A database file that holds what earlier code left; its name is the catalogue of the source's table."""
    file = folder / "shop.duckdb"
    with closing(duckdb.connect(str(file))) as connection:
        wh = DuckDBWarehouse(connection)
        for statement in statements(path.read_text(encoding="utf-8")):
            wh.execute(statement)
    return file


def columns(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Per table and view of IDR's own its columns with their types, but for those that a configuration decides."""
    found: dict[str, dict[str, str]] = {}
    for name, column, kind in connection.execute(
        "select table_schema || '.' || table_name, column_name, data_type from information_schema.columns"
        " where table_schema in ('idr_meta', 'idr_out')"
    ).fetchall():
        kept = not column.startswith(("i_", "a_")) and not (name.startswith("idr_out.golden") and column in ATTRIBUTES)
        if kept:
            found.setdefault(name, {})[column] = kind
    return found


ATTRIBUTES = ("name", "email")
KEPT = (
    "idr_out.identity_resolved_membership_current", "idr_out.identity_clusters_current", "idr_out.identity_event",
    "idr_out.golden_profile_current", "idr_out.golden_provenance_current", "idr_out.identity_alias",
    "idr_meta.run_state", "idr_meta.source_table", "idr_meta.rule", "idr_meta.config",
)  # fmt: skip


def rows(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    return {name: sorted(connection.execute(f"from {name}").fetchall(), key=repr) for name in KEPT}


def expected(connection: duckdb.DuckDBPyConnection) -> Partition:
    """Who is one, by networkx: addresses of at most four people but for the excluded one, and phones."""
    graph = nx.Graph()
    groups: dict[tuple[str, str], list[str]] = {}
    for key, email, phone in connection.execute("select id, email, phone from crm.people").fetchall():
        graph.add_node(f"crm:{key}")
        if email and email.lower() != "nobody@x.org":
            groups.setdefault(("email", email.lower()), []).append(f"crm:{key}")
        if phone:
            groups.setdefault(("phone", phone), []).append(f"crm:{key}")
    for (rule, _), members in groups.items():
        if rule == "phone" or len(members) <= 4:
            nx.add_path(graph, members)
    return {frozenset(part) for part in nx.connected_components(graph)}


def published(connection: duckdb.DuckDBPyConnection) -> Partition:
    groups: dict[str, set[str]] = {}
    for entity, resolved in connection.execute(
        "select entity_key, resolved_id from idr_out.identity_resolved_membership_current"
    ).fetchall():
        groups.setdefault(resolved, set()).add(entity)
    return {frozenset(group) for group in groups.values()}


@pytest.fixture(params=LAYOUTS, ids=lambda path: path.stem)
def state(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def fresh() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(":memory:")) as connection:
        schema.install(DuckDBWarehouse(connection))
        yield connection


def test_every_layout_has_its_migration_and_the_state_that_it_left() -> None:
    numbers = [int(path.name[:4]) for path in MIGRATIONS]
    assert numbers == list(range(2, schema.LAYOUT + 1))
    assert [int(path.stem) for path in LAYOUTS] == list(range(1, schema.LAYOUT + 1))


def test_the_application_runs_every_migration_between_tables_and_views() -> None:
    script = (ROOT / "app" / "setup_script.sql").read_text(encoding="utf-8")
    steps = re.findall(r"'\./setup/(.+)\.sql'", script)
    migrations = [f"migrations/{path.stem}" for path in MIGRATIONS]
    at = steps.index(migrations[0])
    assert steps[at : at + len(migrations)] == migrations
    tables = ["schemas", "idr_meta", "run_state", "idr_out", "schedule", "layout"]
    assert steps.index("views") > at > max(map(steps.index, tables))


def test_an_upgrade_gives_the_tables_of_a_new_installation_and_keeps_what_they_hold(
    state: Path, tmp_path: Path, fresh: duckdb.DuckDBPyConnection
) -> None:
    file = loaded(state, tmp_path)
    with closing(duckdb.connect(str(file))) as connection:
        before = rows(connection)
    assert idr("status", "--db", str(file), cwd=tmp_path).code == 0, "any command brings the tables up to date"
    with closing(duckdb.connect(str(file))) as connection:
        assert columns(connection) == columns(fresh), "tables change by a migration only"
        assert rows(connection) == before
        assert connection.execute("from idr_meta.layout").fetchall() == [(schema.LAYOUT,)]
        assert disagreements(connection) == []
    count("upgrade and drift", f"layout {int(state.stem)} opened", tried=1, wrong=0)


@pytest.mark.parametrize("mode", ["INCR", "FULL"])
def test_the_next_run_is_right(state: Path, tmp_path: Path, mode: str) -> None:
    file = loaded(state, tmp_path)
    assert idr("status", "--db", str(file), cwd=tmp_path).code == 0
    with closing(duckdb.connect(str(file))) as connection:
        wh = DuckDBWarehouse(connection)
        ids = dict(
            connection.execute("select entity_key, resolved_id from idr_out.identity_resolved_membership_current")
            .fetchall()
        )  # fmt: skip
        assert published(connection) != expected(connection), "there is something to do"
        result = run(wh, mode, clock=lambda: NOW)
        assert result["status"].startswith("SUCCESS"), result
        assert published(connection) == expected(connection)
        assert disagreements(connection) == []
        assert leftovers(connection) == []
        after = dict(
            connection.execute("select entity_key, resolved_id from idr_out.identity_resolved_membership_current")
            .fetchall()
        )  # fmt: skip
        assert {key for key, resolved in after.items() if resolved != ids[key]} == {"crm:9"}, "ids stay"
        first = connection.execute("select run_id from idr_out.run_history where version = 1").fetchone()
        assert first is not None
        past = show_as_of(wh, "crm:1", first[0])
        assert [row["entity_key"] for row in past["members"]] == ["crm:1", "crm:2", "crm:3"]
        again = run(wh, "FULL", clock=lambda: NOW + timedelta(minutes=1))
        assert [again["counts"][name] for name in ("new", "moved", "removed", "merged", "split")] == [0] * 5
    count("upgrade and drift", f"layout {int(state.stem)}, {mode}", tried=1, wrong=0)


def test_tables_of_a_newer_version_are_refused_and_left_alone(tmp_path: Path) -> None:
    file = loaded(LAYOUTS[-1], tmp_path)
    newer = schema.LAYOUT + 1
    with closing(duckdb.connect(str(file))) as connection:
        connection.execute(f"update idr_meta.layout set number = {newer}")
        before = rows(connection) | {"columns": [columns(connection)]}
    (tmp_path / "idr.yml").write_text(
        "sources:\n  crm: {table: shop.crm.people, key: id, identifiers: {email: email}}\n"
        "identifiers:\n  email: {normalize: email}\nrules:\n  - {id: email, match: [email]}\n",
        encoding="utf-8",
    )
    for command in (
        ("run", "--run-mode", "INCR"), ("run", "--run-mode", "FULL", "--config", "idr.yml"),
        ("config", "apply", "--config", "idr.yml", "--yes"), ("status",), ("forget", "crm:1"),
        ("link", "crm:1", "crm:5", "--reason", "x"),
    ):  # fmt: skip
        outcome = idr(*command, "--db", str(file), cwd=tmp_path)
        assert outcome.code == 1, (command, outcome.stdout, outcome.stderr)
        told = outcome.stdout + outcome.stderr
        assert "IDR-506" in told
        assert re.search(rf"layout {newer}, .*layouts up to {schema.LAYOUT}", " ".join(told.split())), told
        with closing(duckdb.connect(str(file))) as connection:
            assert rows(connection) | {"columns": [columns(connection)]} == before, command
    count("upgrade and drift", "a newer layout", tried=6, wrong=0)


@pytest.mark.slow
@pytest.mark.parametrize("path", EARLIER, ids=lambda path: path.stem)
def test_an_upgrade_that_is_killed_anywhere_leaves_the_earlier_layout_whole(path: Path, fast: Path) -> None:
    upgrade = Case("upgrade", lambda wh, now: schema.install(wh))
    file = loaded(path, fast)
    with closing(duckdb.connect(str(file))) as connection:
        before = rows(connection) | {"columns": [columns(connection)]}
    tried = 0
    while killed_after(upgrade, file, tried * STEP):
        with closing(duckdb.connect(str(file))) as connection:
            assert rows(connection) | {"columns": [columns(connection)]} == before, tried * STEP
        tried += 1
    assert tried > 10
    with closing(duckdb.connect(str(file))) as connection:
        assert connection.execute("from idr_meta.layout").fetchall() == [(schema.LAYOUT,)]
    count("upgrade and drift", f"layout {int(path.stem)}, killed while it is migrated", tried=tried, wrong=0)


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of_today(tmp_path_factory.mktemp("today") / "files")


def _split(path: Path) -> tuple[list[str], list[str]]:
    """The statements that make the source, and those that make IDR's own tables."""
    every = statements(path.read_text(encoding="utf-8"))
    of_source = [text for text in every if re.match(r"(create schema|create table|insert into) crm\b", text)]
    return of_source, [text for text in every if text not in of_source]


@pytest.mark.slow
@pytest.mark.snowflake
@pytest.mark.timeout(300)
def test_an_application_is_upgraded_and_the_next_run_is_right(
    state: Path, tmp_path: Path, local: Local, today: Path
) -> None:
    if not LONG and state != LAYOUTS[0]:
        pytest.skip("left to ./scripts/test --long")
    of_source, of_idr = _split(state)
    app = LocalApp(local)
    local.query("drop database if exists shop", "create database shop", "use database shop", *of_source)
    app.create(files_with_state(tmp_path / "earlier", of_idr))
    local.query(
        f"grant usage on database shop to application {app.name}",
        f"grant usage on schema shop.crm to application {app.name}",
        f"grant select on table shop.crm.people to application {app.name}",
    )
    app.upgrade(today)
    assert local.query(f"select number from {app.name}.idr_meta.layout") == [(schema.LAYOUT,)]
    before = app.partition()
    with closing(duckdb.connect(str(loaded(state, tmp_path)))) as connection:
        assert before == published(connection) != expected(connection)
        answer = app.call("idr_run('INCR')")
        assert answer["status"].startswith("SUCCESS"), answer["error"]
        assert app.partition() == expected(connection)
    again = app.call("idr_run('FULL')")
    assert [again["counts"][name] for name in ("new", "moved", "removed", "merged", "split")] == [0] * 5
    versions = local.query(
        f"select version from {app.name}.idr_out.run_history where version is not null order by version"
    )
    assert [row[0] for row in versions] == [1, 2, 3, 4]
    count("upgrade and drift", f"layout {int(state.stem)}, application", tried=1, wrong=0)


@pytest.mark.slow
@pytest.mark.snowflake
@pytest.mark.timeout(300)
def test_an_application_of_a_newer_version_is_not_downgraded(tmp_path: Path, local: Local, today: Path) -> None:
    newer = schema.LAYOUT + 1
    app = LocalApp(local)
    app.create(files_with_state(
        tmp_path / "newer", [*_split(LAYOUTS[-1])[1], f"update idr_meta.layout set number = {newer}"]
    ))  # fmt: skip
    before = app.partition()
    with pytest.raises(ProgrammingError, match=rf"(?s)IDR-506.*layout {newer},.*layouts up to {schema.LAYOUT}"):
        app.upgrade(today)
    assert app.partition() == before
    assert local.query(f"select number from {app.name}.idr_meta.layout") == [(newer,)]
    count("upgrade and drift", "a newer layout, application", tried=1, wrong=0)
