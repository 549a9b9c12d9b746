"""Who may do what with the application, what the application itself needs, and what its words never show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from idr import schema
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.emulator.conftest import Local
from tests.reliability.local_app import LocalApp, files_of_today
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.slow, pytest.mark.snowflake, pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
README = (ROOT / "app" / "README.md").read_text(encoding="utf-8")
ROLES = ("idr_viewer", "idr_operator", "idr_admin")  # each may what the one before it may
NOBODY = "a role without any"
PROCEDURES = re.findall(r"^\| `(\w+)\(([^)]*)\)` \| `(\w+)` \|", README, re.MULTILINE)
CALLED_BY_SNOWFLAKE = "version_init"
REFUSED = (2003, 2043, 2141, 3001)  # not there or not authorised, a procedure likewise, insufficient privileges
CONFIGURATION = (
    "source_table", "identifier_mapping", "identifier_type", "rule", "entity_attribute_mapping", "survivorship_rule",
    "identifier_exclusion", "config",
)  # fmt: skip
STATEMENTS = {
    "SELECT": "select count(*) from {table}",
    "INSERT": "insert into {table} ({column}) select null where 1 = 0",
    "UPDATE": "update {table} set {column} = null where 1 = 0",
    "DELETE": "delete from {table} where 1 = 0",
    "TRUNCATE": "truncate table {table}",
    "DROP": "drop {kind} {table}",
}
YAML = """
sources:
  crm: {table: shop.crm.people, key: id, watermark: updated_at, identifiers: {email: email}, attributes: {name: name}}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
guardrails: {max_moved_ratio: null}
"""
Granted = dict[str, SnowflakeConnection]


@dataclass(frozen=True)
class Installed:
    app: LocalApp
    by_role: Granted


def _source(local: Local) -> None:
    local.query(
        "drop database if exists shop", "create database shop", "create schema shop.crm",
        "create table shop.crm.people (id int, email varchar, name varchar, code varchar, updated_at timestamp_ntz)",
        "insert into shop.crm.people values (1, 'ann@x.org', 'Ann', '1', '2024-01-01'),"
        " (2, 'Ann@x.org', 'Anne', '2', '2024-01-01'), (3, 'bob@x.org', 'Bob', '3', '2024-01-01')",
    )  # fmt: skip


def grants(app: LocalApp) -> list[str]:
    """What app/README.md tells to grant, for this application and its table."""
    told = re.findall(r"^ +(grant (?:usage|select) on \w+ sales\S* to application) idr;$", README, re.MULTILINE)
    assert len(told) == 3
    told = [text.replace("sales.crm.customers", "shop.crm.people").replace("sales", "shop") for text in told]
    return [f"{text} {app.name}" for text in told]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files_of_today(tmp_path_factory.mktemp("today") / "files")


@pytest.fixture(scope="module")
def installed(local: Local, files: Path) -> Iterator[Installed]:
    """The application, published once, with a plan whose work tables wait; and a connection for each role."""
    _source(local)
    app = LocalApp(local)
    app.create(files)
    local.query(*grants(app))
    assert app.call(f"idr_configure($${YAML}$$)")["applied"]
    for dry_run in ("false", "true"):
        assert app.call(f"idr_run('FULL', 30, {dry_run})")["status"] in ("SUCCESS", "DRY_RUN_COMPLETE")
    by_role: Granted = {}
    for role in (*ROLES, NOBODY):
        name = f"R{len(by_role)}_{app.name}"
        local.query(f"create role {name}")
        if role != NOBODY:
            local.query(f"grant application role {app.name}.{role} to role {name}")
        by_role[role] = local.connect()
        by_role[role].cursor().execute(f"use role {name}")
    yield Installed(app, by_role)
    for connection in by_role.values():
        connection.close()


def error(connection: SnowflakeConnection, statement: str) -> int | None:
    """The number of the statement's error; None when it succeeds."""
    with closing(connection.cursor()) as cursor:
        try:
            cursor.execute(statement)
        except ProgrammingError as failure:
            return failure.errno
    return None


def _holds(role: str, needed: str) -> bool:
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


def test_every_procedure_may_be_called_by_whom_the_readme_says(installed: Installed) -> None:
    app = installed.app
    shown = [row[8] for row in app.local.query(f"show procedures in application {app.name}")]
    signatures = sorted(text.partition(" RETURN")[0].lower() for text in shown)
    documented = {(name, len(arguments.split(", ")) if arguments else 0): role for name, arguments, role in PROCEDURES}
    found = {
        (name, len(types.split(", ")) if types else 0): types
        for name, types in (text.removesuffix(")").split("(") for text in signatures)
    }
    found |= {(CALLED_BY_SNOWFLAKE, 0): ""}
    assert set(found) == {*documented, (CALLED_BY_SNOWFLAKE, 0)}
    cells, wrong = 0, []
    for (name, arity), types in found.items():
        nulls = ", ".join(f"null::{kind}" for kind in types.split(", ") if kind)
        needed = documented.get((name, arity))
        for role, connection in installed.by_role.items():
            if not LONG and needed and role != needed and _holds(role, needed):
                continue  # it holds the role that may, which is tried
            cells += 1
            refused = error(connection, f"call {app.name}.core.{name}({nulls})") in REFUSED
            if refused is bool(needed and _holds(role, needed)):
                wrong.append(f"{role}: {name}({types}) is {'refused' if refused else 'open'}")
    count("rights", "procedures", cells=cells, wrong=len(wrong))
    assert wrong == []


def _relations(app: LocalApp) -> dict[str, tuple[str, str]]:
    """Every table and view: its kind and one of its columns, from what SHOW tells and from what the code creates."""
    with closing(duckdb.connect(":memory:")) as connection:
        schema.install(DuckDBWarehouse(connection))
        made = connection.execute(
            "select table_schema || '.' || table_name, any_value(table_type), any_value(column_name)"
            " from information_schema.columns join information_schema.tables using (table_schema, table_name)"
            " where table_schema in ('idr_meta', 'idr_out') group by all"
        ).fetchall()
    found = {name: ("view" if kind == "VIEW" else "table", column) for name, kind, column in made}
    for kind in ("table", "view"):
        for row in app.local.query(f"show {kind}s in application {app.name}"):
            name = f"{row[3] if kind == 'table' else row[4]}.{row[1]}".lower()
            if not name.startswith("information_schema."):
                assert name in found, f"{name} is shown, and no test knows it"
    [(dry_run,)] = app.local.query(f"select run_id from {app.name}.idr_out.plan where status = 'READY'")
    return found | {f"idr_work.membership_change_{dry_run}": ("table", "entity_key")}


def _may(role: str, operation: str, relation: str) -> bool:
    """The table of rights that the README tells in words."""
    of, _, name = relation.partition(".")
    if operation == "SELECT":
        if of == "idr_out":
            return _holds(role, "idr_viewer")
        return of == "idr_meta" and name != "erasure_salt" and _holds(role, "idr_operator")
    return (
        operation in ("INSERT", "UPDATE", "DELETE")
        and of == "idr_meta"
        and name in CONFIGURATION
        and _holds(role, "idr_admin")
    )


def test_the_readme_tells_the_rights_that_are_tested() -> None:
    told = dict(re.findall(r"^\| `(idr_\w+)` \| (.+) \|$", README.partition("## Application roles")[2], re.MULTILINE))
    assert "read every table and view of `idr_out`" in told["idr_viewer"]
    assert "read `idr_meta`, but for the salt of erasures" in told["idr_operator"]
    assert "edit the configuration tables of `idr_meta`" in told["idr_admin"]
    assert "Nobody but the procedures writes anywhere else" in README


def test_every_table_is_open_to_whom_the_readme_says(installed: Installed) -> None:
    app = installed.app
    relations = _relations(app)
    assert len(relations) > 30
    before = app.partition()
    cells, wrong = 0, []
    for name, (kind, column) in relations.items():
        for role, connection in installed.by_role.items():
            for operation, text in STATEMENTS.items():
                statement = text.format(table=f"{app.name}.{name}", kind=kind, column=column)
                found = error(connection, statement)
                cells += 1
                if (found is None) is not _may(role, operation, name):
                    wrong.append(f"{role}: {statement} ends with {found}")
                elif found is not None and found not in REFUSED and kind == "table":
                    wrong.append(f"{role}: {statement} is refused with {found}")
    for role, connection in installed.by_role.items():
        for statement in (
            "create table {}.idr_out.mine (a int)",
            "create schema {}.mine",
            "drop schema {}.idr_meta cascade",
        ):
            cells += 1
            found = error(connection, statement.format(app.name))
            if found not in REFUSED:
                wrong.append(f"{role}: {statement} ends with {found}")
    assert app.partition() == before
    assert set(_relations(app)) == set(relations)
    count("rights", "tables and views", cells=cells, wrong=len(wrong))
    assert wrong == []


def test_each_grant_that_is_left_out_is_named(local: Local, files: Path) -> None:
    _source(local)
    app = LocalApp(local)
    app.create(files)
    told = grants(app)
    local.query(*told)
    assert app.call(f"idr_configure($${YAML}$$)")["applied"]
    assert app.call("idr_run('FULL')")["status"] == "SUCCESS"
    before = app.partition()
    for grant in told:
        local.query(grant.replace("grant ", "revoke ").replace(" to application", " from application"))
        words = grant.rsplit(" ", 1)[0]
        calls = (f"idr_configure($${YAML}$$)", "idr_run('INCR')", "idr_run('FULL')")
        for answer in map(app.call, calls if LONG else calls[:2]):
            assert answer["status"] == "FAILED"
            assert answer["error"]["code"] == "IDR-104"
            assert "source crm: table shop.crm.people" in answer["error"]["message"]
            assert f"type: {words} {app.name.upper()}" in answer["error"]["message"]
        assert app.partition() == before
        local.query(grant)
        assert app.call("idr_run('INCR')")["status"] == "SUCCESS"
    for privilege in ("execute task", "execute managed task"):
        local.query(f"revoke {privilege} on account from application {app.name}")
        answer = app.call("idr_schedule({'schedule': '60 MINUTES'})")
        assert answer["status"] == "FAILED"
        assert f"grant {privilege} on account to application {app.name.upper()}" in answer["message"]
        local.query(f"grant {privilege} on account to application {app.name}")
        assert app.call("idr_schedule({'schedule': '60 MINUTES'})")["scheduled"]
        app.call("idr_unschedule()")
    count("rights", "grants left out", cells=len(told) + 2, wrong=0)


CANARY = "canary.7Qz"
TOLD = (  # what is written about runs, not about records
    "idr_out.run_history", "idr_out.run_overview", "idr_out.alerts", "idr_out.plan", "idr_out.stage_metrics",
    "idr_out.metrics_export", "idr_out.dry_run_summary", "idr_meta.source_table", "idr_meta.config",
)  # fmt: skip
BREAKS = (
    "to_number(code)",
    "to_date(code)",
    "to_boolean(code)",
    "to_double(code)",
    "code::timestamp_ntz",
    "code::int",
)[: None if LONG else 2]


@pytest.mark.parametrize("place", ["key", "identifiers: {email", "attributes: {name"][: None if LONG else 1])
def test_a_value_that_breaks_a_run_is_told_by_no_error_and_no_log(local: Local, files: Path, place: str) -> None:
    _source(local)
    app = LocalApp(local)
    app.create(files)
    local.query(
        *grants(app),
        f"insert into shop.crm.people select 4, '{CANARY}@x.org', '{CANARY}', '{CANARY}', '2024-01-02'",
    )
    wrong: list[str] = []
    for text in BREAKS:
        yaml = re.sub(rf"{re.escape(place)}: \w+", f'{place}: "{text}"', YAML)
        assert yaml != YAML
        assert app.call(f"idr_configure($${yaml}$$)")["applied"]
        answer = app.call("idr_run('FULL')")
        assert answer["status"] == "FAILED", text
        if CANARY in str(answer):
            wrong.append(f"{text}: the answer has {answer['error']['message']}")
    names = [name for name in TOLD if CANARY in str(local.query(f"select * from {app.name}.{name}"))]
    wrong += [f"{name} has it" for name in names]
    wrong += [
        f"{path.name} has it"
        for path in local.data.iterdir()
        if path.is_file() and path.suffix in (".log", ".json", ".toml") and CANARY.encode() in path.read_bytes()
    ]
    count("rights", "values in errors and logs, application", cells=len(BREAKS), wrong=len(wrong))
    assert wrong == []
