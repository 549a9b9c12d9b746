"""Roles, grants, and what is refused without them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from snowflake.connector import ProgrammingError

from .apps import SETUP, App
from .conftest import Local

pytestmark = pytest.mark.snowflake
_numbers = count(1001)

READS = (
    SETUP
    + """
create or replace procedure core.total(name varchar) returns varchar language python runtime_version = '3.11'
packages = ('snowflake-snowpark-python') handler = 'run' as
$$
def run(session, name):
    return session.sql(f"select sum(a) from {name}").collect()[0][0]
$$;
grant usage on procedure core.total(varchar) to application role reader;
"""
)


@pytest.fixture
def app(local: Local, tmp_path: Path) -> Iterator[App]:
    app = App(local, tmp_path, next(_numbers))
    app.install(READS)
    yield app
    local.query(f"drop application {app.name}", f"drop application package {app.package}")


def number(local: Local, *statements: str) -> int | None:
    """The error of the last statement; None when it succeeds."""
    try:
        local.query(*statements)
    except ProgrammingError as error:
        return error.errno
    return None


def test_a_role_sees_what_its_application_role_was_granted(local: Local, app: App) -> None:
    role = f"use role R_{app.name}"
    local.query(f"create role R_{app.name}")
    call, select = f"call {app.name}.core.version()", f"select * from {app.name}.state.seen"
    assert [number(local, role, call), number(local, role, select)] == [2141, 2003]
    local.query(f"grant application role {app.name}.reader to role R_{app.name}")
    assert [number(local, role, call), number(local, role, select)] == [None, None]
    assert number(local, role, f"call {app.name}.core.secret()") == 2141
    assert number(local, role, f"insert into {app.name}.state.seen values ('x')") == 3001
    assert number(local, role, f"grant application role {app.name}.reader to role public") == 3001
    local.query(f"revoke application role {app.name}.reader from role R_{app.name}")
    assert number(local, role, call) == 2141


def test_the_owner_of_an_application_changes_nothing_inside(local: Local, app: App) -> None:
    assert number(local, f"select * from {app.name}.state.seen") is None
    assert number(local, f"delete from {app.name}.state.seen") == 3001
    assert number(local, f"drop table {app.name}.state.seen") == 3001
    assert number(local, f"create table {app.name}.state.mine (a int)") == 3001
    assert number(local, f"call {app.name}.core.secret()") == 2141


def test_an_application_reads_only_what_it_was_granted(local: Local, app: App, database: str) -> None:
    local.query(f"create table {database}.public.t as select 3 as a")
    call = f"call {app.name}.core.total('{database}.public.t')"
    grants = [
        f"grant usage on database {database} to application {app.name}",
        f"grant usage on schema {database}.public to application {app.name}",
        f"grant select on all tables in schema {database}.public to application {app.name}",
    ]
    for grant in grants:
        assert number(local, call) == 100357
        local.query(grant)
    assert local.query(call) == [("3",)]
    shown = local.query(f"show grants to application {app.name}")
    assert [row[1:4] for row in shown] == [
        ("USAGE", "DATABASE", database),
        ("USAGE", "SCHEMA", f"{database}.PUBLIC"),
        ("SELECT", "TABLE", f"{database}.PUBLIC.T"),
    ]
    local.query(f"revoke select on table {database}.public.t from application {app.name}")
    assert number(local, call) == 100357


def test_a_table_that_is_replaced_or_dropped_loses_its_grants(local: Local, database: str) -> None:
    table = f"{database}.public.t"
    for change in ("create or replace table {} (a int)", "drop table {}"):
        local.query(f"create or replace table {table} (a int)", f"grant select on table {table} to role public")
        local.query(change.format(table), f"create table if not exists {table} (a int)")
        assert [row[1] for row in local.query(f"show grants on table {table}")] == ["OWNERSHIP"]


def test_a_role_holds_what_its_roles_hold(local: Local, database: str) -> None:
    a, b = f"A_{database}", f"B_{database}"
    table = f"{database}.public.t"
    local.query(
        f"create table {table} (a int)", f"create role {a}", f"create role {b}", f"grant role {a} to role {b}",
        f"grant usage on database {database} to role {a}", f"grant usage on schema {database}.public to role {a}",
        f"grant select, insert on table {table} to role {a}",
    )  # fmt: skip
    assert number(local, f"use role {b}", f"insert into {table} select * from {table}") is None
    assert number(local, f"use role {b}", f"update {table} set a = 1") == 3001
    assert number(local, f"grant role {b} to role {a}") == 3049
    assert [row[3] for row in local.query(f"show grants of role {a}")] == [b]
    local.query(f"drop role {a}")
    assert number(local, f"use role {b}", f"select * from {table}") == 2003


def test_a_view_needs_no_grant_on_its_tables(local: Local, database: str) -> None:
    local.query(
        f"use database {database}", "use schema public", "create table t as select 1 as a",
        "create view v as select * from t", f"create role V_{database}",
        f"grant usage on database {database} to role V_{database}",
        f"grant usage on schema public to role V_{database}", f"grant select on view v to role V_{database}",
    )  # fmt: skip
    assert local.query(f"use role V_{database}", f"select * from {database}.public.v") == [(1,)]
    assert number(local, f"use role V_{database}", f"select * from {database}.public.t") == 2003


def test_roles_and_objects_that_do_not_exist(local: Local, database: str) -> None:
    assert number(local, "use role no_such_role") == 2043
    assert number(local, "grant role no_such_role to role public") == 2003
    assert number(local, f"grant select on table {database}.public.nothing to role public") == 2003
    assert number(local, f"grant usage on database {database} to application no_such_app") == 2003
    assert number(local, f"grant usage on database {database} to application role a.b") == 2003


def test_show_lists_what_the_role_may_see(local: Local, database: str) -> None:
    made = [
        f"use database {database}",
        "create stage hidden_stage",
        "create procedure hidden_p() returns int language sql as 'begin return 1; end'",
        "create role if not exists looker",
    ]
    look = [f"use database {database}", "use role looker"]
    local.query(*made)
    assert number(local, *look, "show stages in schema public") == 2043
    grants = [
        f"grant usage on database {database} to role looker",
        f"grant usage on schema {database}.public to role looker",
    ]
    local.query(*grants)
    assert local.query(*look, "show stages in schema public") == []
    assert local.query(*look, "show procedures in schema public") == []
    local.query(f"grant usage on procedure {database}.public.hidden_p() to role looker")
    assert [row[1] for row in local.query(*look, "show procedures in schema public")] == ["HIDDEN_P"]
    assert local.query(*look, "show stages in schema public") == []


def test_schemas_and_databases_are_made_and_dropped_by_who_may(local: Local, app: App, database: str) -> None:
    role = f"S_{database}"
    local.query(
        f"create role {role}", f"grant usage on database {database} to role {role}", f"create schema {database}.kept",
        f"grant application role {app.name}.writer to role {role}",
    )  # fmt: skip
    use = f"use role {role}"
    for place in (database, app.name):
        assert number(local, use, f"create schema {place}.mine") == 3001
    for statement in (
        f"drop schema {database}.kept", f"create or replace schema {database}.kept", f"drop database {database}",
        f"drop schema {app.name}.state",
    ):  # fmt: skip
        assert number(local, use, statement) in (2003, 3001), statement
    assert number(local, f"drop schema {app.name}.state cascade") == 3001, "not even by who installed it"
    local.query(f"grant create schema on database {database} to role {role}")
    assert number(local, use, f"create schema {database}.mine", f"drop schema {database}.mine") is None
