"""Privileges on many objects, on future ones, with grant option; ownership; what SHOW GRANTS says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector import SnowflakeConnection

from .test_show import Client

pytestmark = pytest.mark.snowflake


class Roles(Client):
    """A client with roles A, B and C of the test's own that may enter schema S with tables T1 and T2 and view V."""

    def __init__(self, connection: SnowflakeConnection, database: str) -> None:
        super().__init__(connection)
        self.database = database
        self.a, self.b, self.c = (f"{letter}_{database}" for letter in "ABC")

    def prepare(self) -> None:
        self.run(
            "create schema s", "create table t1 (a int)", "create table t2 (a int)", "create view v as select 1 as a"
        )
        for role in (self.a, self.b, self.c):
            self.run(
                f"create role {role}",
                f"grant usage on database {self.database} to role {role}",
                f"grant usage, create table on schema s to role {role}",
            )

    def held(self, role: str, *kinds: str) -> list[tuple[str, str]]:
        """Privilege and plain name of what a role holds."""
        rows = self.show(f"show grants to role {role}")
        return sorted((row["privilege"], row["name"].split(".")[-1]) for row in rows if row["granted_on"] in kinds)

    def owner(self, table: str) -> str:
        [row] = self.show(f"show tables like '{table}' in schema {self.database}.s")
        return row["owner"]


@pytest.fixture
def roles(connection: SnowflakeConnection, database: str) -> Iterator[Roles]:
    roles = Roles(connection, database)
    roles.prepare()
    yield roles
    roles.run("use role accountadmin", *(f"drop role if exists {role}" for role in (roles.a, roles.b, roles.c)))


def test_all_and_on_all_are_written_out(roles: Roles) -> None:
    roles.run(f"grant all privileges on table t1 to role {roles.a}")
    everything = ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRUNCATE", "UPDATE"]
    assert roles.held(roles.a, "TABLE") == [(privilege, "T1") for privilege in everything]
    roles.run(f"grant select, insert on all tables in schema s to role {roles.b}")
    assert roles.held(roles.b, "TABLE", "VIEW") == [
        ("INSERT", "T1"), ("INSERT", "T2"), ("SELECT", "T1"), ("SELECT", "T2"),
    ]  # fmt: skip
    roles.run(f"grant select on all views in database {roles.database} to role {roles.b}")
    assert ("SELECT", "V") in roles.held(roles.b, "VIEW")
    roles.run(
        f"revoke insert on all tables in schema s from role {roles.b}", f"revoke all on table t1 from role {roles.a}"
    )
    assert roles.held(roles.b, "TABLE") == [("SELECT", "T1"), ("SELECT", "T2")]
    assert roles.held(roles.a, "TABLE") == []


def test_a_privilege_that_the_kind_does_not_have_is_refused(roles: Roles) -> None:
    roles.run("create task x schedule = '60 minutes' as select 1")
    of_database = f"create table on database {roles.database}"
    for grant in ("usage on table t1", "usage on view v", "select on schema s", of_database, "write on task x"):
        assert roles.error(f"grant {grant} to role {roles.a}") == 3008, grant


def test_future_grants_are_given_to_new_objects_only(roles: Roles) -> None:
    roles.run(
        f"grant select on future tables in schema s to role {roles.a}",
        f"grant usage on future procedures in schema s to role {roles.a}",
        "create table t3 (a int)",
        "create or replace table t2 (a int)",
        "create procedure p() returns int language sql as 'begin return 1; end'",
    )
    assert roles.held(roles.a, "TABLE", "PROCEDURE") == [("SELECT", "T2"), ("SELECT", "T3"), ("USAGE", "P()")]
    roles.run("comment on table t1 is 'touched'", f"revoke select on table t3 from role {roles.a}")
    roles.run("comment on table t3 is 'touched'")
    assert roles.held(roles.a, "TABLE") == [("SELECT", "T2")]
    roles.run(f"use role {roles.a}", "select * from t2", "use role accountadmin")
    roles.run(f"revoke select on future tables in schema s from role {roles.a}", "create table t4 (a int)")
    assert roles.held(roles.a, "TABLE") == [("SELECT", "T2")]


def test_future_grants_of_a_schema_go_before_those_of_its_database(roles: Roles) -> None:
    roles.run(
        f"grant select on future tables in database {roles.database} to role {roles.a}",
        f"grant usage on future schemas in database {roles.database} to role {roles.a}",
        f"grant insert on future tables in schema s to role {roles.b}",
        "create table t3 (a int)",
        "create schema elsewhere",
        "create table t4 (a int)",
    )
    assert roles.held(roles.a, "TABLE") == [("SELECT", "T4")]
    assert ("USAGE", "ELSEWHERE") in roles.held(roles.a, "SCHEMA")
    assert roles.held(roles.b, "TABLE") == [("INSERT", "T3")]


def test_future_ownership(roles: Roles) -> None:
    roles.run(f"grant ownership on future tables in schema s to role {roles.a}", "create table t3 (a int)")
    assert roles.owner("T3") == roles.a
    assert roles.held(roles.a, "TABLE") == [("OWNERSHIP", "T3")]


def test_future_grants_are_shown_and_need_who_manages_grants(roles: Roles) -> None:
    s = f"{roles.database}.S"
    roles.run(
        f"grant select on future tables in schema s to role {roles.a} with grant option",
        f"grant usage on future schemas in database {roles.database} to role {roles.a}",
    )
    keys = ("privilege", "grant_on", "name", "grant_to", "grantee_name", "grant_option")
    of_table = ("SELECT", "TABLE", f"{s}.<TABLE>", "ROLE", roles.a, "true")
    of_schema = ("USAGE", "SCHEMA", f"{roles.database}.<SCHEMA>", "ROLE", roles.a, "false")

    def shown(scope: str) -> list[tuple[str, ...]]:
        return [tuple(row[key] for key in keys) for row in roles.show(f"show future grants {scope}")]

    assert shown("in schema s") == [of_table]
    assert shown(f"in database {roles.database}") == [of_schema]
    assert shown(f"to role {roles.a}") == [of_schema, of_table]
    roles.run(f"use role {roles.a}")
    assert roles.error(f"grant select on future tables in schema {s} to role {roles.b}") == 3001
    roles.run("use role accountadmin", f"grant manage grants on account to role {roles.a}", f"use role {roles.a}")
    roles.run(f"grant select on future tables in schema {s} to role {roles.b}")
    roles.run("use role accountadmin", "drop schema s")
    assert shown(f"to role {roles.a}") == [of_schema]


def test_ownership_moves(roles: Roles) -> None:
    roles.run(f"use role {roles.a}", "create table mine (a int)")
    assert roles.owner("MINE") == roles.a
    roles.run(f"grant ownership on table mine to role {roles.b}")
    assert roles.error("select * from mine") == 2003
    roles.run(f"use role {roles.b}", "insert into mine values (1)", "drop table mine")


def test_ownership_of_a_schema_is_not_that_of_its_tables(roles: Roles) -> None:
    roles.run(f"grant ownership on schema s to role {roles.a} copy current grants", f"use role {roles.a}")
    roles.run("create view v2 as select 2 as a")
    assert roles.error("select * from t1") == 2003


def test_grants_in_the_way_of_ownership_are_copied_or_revoked(roles: Roles) -> None:
    roles.run(f"grant select on table t1 to role {roles.b}", f"grant select on table t2 to role {roles.b}")
    assert roles.error(f"grant ownership on table t1 to role {roles.a}") == 3036
    assert roles.owner("T1") == "ACCOUNTADMIN"
    roles.run(f"grant ownership on table t1 to role {roles.a} copy current grants")
    rows = roles.show("show grants on table t1")
    assert [(row["privilege"], row["grantee_name"], row["grant_option"], row["granted_by"]) for row in rows] == [
        ("OWNERSHIP", roles.a, "true", roles.a),
        ("SELECT", roles.b, "false", roles.a),
    ]
    roles.run(f"grant ownership on table t2 to role {roles.a} revoke current grants")
    assert [row["privilege"] for row in roles.show("show grants on table t2")] == ["OWNERSHIP"]
    roles.run(f"grant ownership on all tables in schema s to role {roles.c} copy current grants")
    assert [roles.owner("T1"), roles.owner("T2")] == [roles.c, roles.c]
    assert roles.error(f"revoke ownership on table t1 from role {roles.c}") == 3001


def test_ownership_of_a_task_suspends_it(roles: Roles) -> None:
    roles.run("create task x schedule = '60 minutes' as select 1", "alter task x resume")
    roles.run(f"grant ownership on task x to role {roles.a}")
    [task] = roles.show("show tasks")
    assert (task["owner"], task["state"]) == (roles.a, "suspended")


def test_what_a_dropped_role_owned_goes_to_who_dropped_it(roles: Roles) -> None:
    roles.run(f"grant ownership on table t1 to role {roles.a}", f"drop role {roles.a}")
    assert roles.owner("T1") == "ACCOUNTADMIN"
    assert roles.error("drop role public") == 3001


def test_grant_option_passes_a_privilege_on(roles: Roles) -> None:
    roles.run(f"grant select on table t1 to role {roles.a} with grant option", f"use role {roles.a}")
    assert roles.error(f"grant insert on table t1 to role {roles.b}") == 3001
    roles.run(f"grant select on table t1 to role {roles.b}", "use role accountadmin")
    rows = [row for row in roles.show("show grants on table t1") if row["privilege"] == "SELECT"]
    assert [(row["grantee_name"], row["grant_option"], row["granted_by"]) for row in rows] == [
        (roles.a, "true", "ACCOUNTADMIN"),
        (roles.b, "false", roles.a),
    ]
    assert roles.error(f"revoke select on table t1 from role {roles.a}") == 3036
    roles.run(f"revoke select on table t1 from role {roles.a} cascade")
    assert [row["privilege"] for row in roles.show("show grants on table t1")] == ["OWNERSHIP"]


def test_only_the_grant_option_is_revoked(roles: Roles) -> None:
    roles.run(f"grant select on table t1 to role {roles.a} with grant option")
    roles.run(
        f"revoke grant option for select on table t1 from role {roles.a}", f"use role {roles.a}", "select * from t1"
    )
    assert roles.error(f"grant select on table t1 to role {roles.b}") == 3001


def test_privileges_on_the_account_are_given_by_who_manages_grants(roles: Roles) -> None:
    roles.run(f"grant execute task on account to role {roles.a}", f"use role {roles.a}")
    assert roles.error(f"grant execute task on account to role {roles.b}") == 3001


def test_show_grants_to_of_and_without_more(roles: Roles) -> None:
    roles.run(f"grant role {roles.a} to role {roles.b}", f"grant role {roles.a} to user local_user")
    [row] = [row for row in roles.show(f"show grants to role {roles.b}") if row["granted_on"] == "ROLE"]
    assert (row["privilege"], row["name"], row["granted_to"], row["grantee_name"]) == (
        "USAGE",
        roles.a,
        "ROLE",
        roles.b,
    )
    of = [(row["role"], row["granted_to"], row["grantee_name"]) for row in roles.show(f"show grants of role {roles.a}")]
    assert of == [(roles.a, "ROLE", roles.b), (roles.a, "USER", "LOCAL_USER")]
    expected = ["ACCOUNTADMIN", roles.a]
    assert [row["role"] for row in roles.show("show grants to user local_user") if row["role"] in expected] == expected
    assert roles.show("show grants") == roles.show("show grants to user local_user")


def test_show_grants_on_what_the_role_does_not_see(roles: Roles) -> None:
    assert roles.show(f"show grants on database {roles.database}")[0]["privilege"] == "OWNERSHIP"
    roles.run(f"use role {roles.a}")
    assert roles.error(f"show grants on table {roles.database}.s.t1") == 2003
    assert roles.error(f"grant select on table {roles.database}.s.t1 to role {roles.b}") == 2003
