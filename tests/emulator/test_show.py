"""SHOW: which objects, in which columns, for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from snowflake.connector import DictCursor, ProgrammingError, SnowflakeConnection

from .apps import App
from .conftest import Local

pytestmark = pytest.mark.snowflake

TERSE = ["created_on", "name", "kind", "database_name", "schema_name"]


class Client:
    """One session whose rows are read by their columns' names."""

    def __init__(self, connection: SnowflakeConnection) -> None:
        self._connection = connection

    def run(self, *statements: str) -> None:
        for statement in statements:
            self._connection.cursor().execute(statement)

    def show(self, statement: str) -> list[dict[str, Any]]:
        return self._connection.cursor(DictCursor).execute(statement).fetchall()  # type: ignore[union-attr, return-value]

    def names(self, statement: str) -> list[str]:
        return [row["name"] for row in self.show(statement)]

    def columns(self, statement: str) -> list[str]:
        return [column.name for column in self._connection.cursor().execute(statement).description]  # type: ignore[union-attr]

    def error(self, statement: str) -> int | None:
        with pytest.raises(ProgrammingError) as caught:
            self.run(statement)
        return caught.value.errno


@pytest.fixture
def client(connection: SnowflakeConnection, database: str) -> Client:
    """Stands in a schema with tables A1, A2 (transient) and B, a view, a task, a stage, a procedure; C is elsewhere."""
    client = Client(connection)
    client.run(
        "create schema s",
        "create table a1 (a int) comment = 'first'",
        "insert into a1 values (1), (2)",
        "create transient table a2 (a int)",
        "create table b (a int)",
        "create view v as select * from b",
        "create task t schedule = '60 minutes' as select 1",
        "create stage st",
        "create procedure p() returns int language sql as 'begin return 1; end'",
        "create schema other",
        "create table c (a int)",
        "use schema s",
    )
    return client


@pytest.fixture
def looker(client: Client, database: str) -> Iterator[Client]:
    """The same session in a role that may enter the schema and read one table."""
    role = f"LOOKER_{database}"
    client.run(
        f"create role {role}",
        f"grant usage on database {database} to role {role}",
        f"grant usage on schema {database}.s to role {role}",
        f"grant select on table {database}.s.b to role {role}",
        f"use role {role}",
    )
    yield client
    client.run("use role accountadmin", f"drop role {role}")


def test_tables_are_listed_with_snowflakes_columns(client: Client, database: str) -> None:
    [first, second] = client.show("show tables like 'a_'")
    assert [first["name"], second["name"]] == ["A1", "A2"]
    assert [first["kind"], second["kind"]] == ["TABLE", "TRANSIENT"]
    assert [first["rows"], second["rows"]] == [2, 0]
    assert [first["comment"], second["comment"]] == ["first", ""]
    assert (first["database_name"], first["schema_name"]) == (database, "S")
    assert (first["owner"], first["owner_role_type"]) == ("ACCOUNTADMIN", "ROLE")
    assert datetime.now(UTC) - first["created_on"] < timedelta(minutes=1)
    assert list(first)[:11] == [
        "created_on", "name", "database_name", "schema_name", "kind", "comment", "cluster_by", "rows", "bytes", "owner",
        "retention_time",
    ]  # fmt: skip


def test_views_and_objects_are_listed(client: Client) -> None:
    [view] = client.show("show views")
    assert (view["name"], view["is_secure"], view["is_materialized"]) == ("V", "false", "false")
    assert view["text"].lower() == "create view v as select * from b"
    found = client.show("show objects")
    assert [(row["name"], row["kind"]) for row in found] == [
        ("A1", "TABLE"),
        ("A2", "TABLE"),
        ("B", "TABLE"),
        ("V", "VIEW"),
    ]


def test_comments_and_names_change(client: Client) -> None:
    client.run("comment on table b is 'second'", "alter table a1 set comment = 'new'", "alter table a1 rename to a3")
    assert [(row["name"], row["comment"]) for row in client.show("show tables")] == [
        ("A2", ""),
        ("A3", "new"),
        ("B", "second"),
    ]


def test_the_scope_may_be_named_in_every_way(client: Client, database: str) -> None:
    assert client.names("show tables in schema other") == ["C"]
    assert client.names(f"show tables in {database}.other") == ["C"]
    assert client.names("show tables in other") == ["C"]
    assert client.names(f"show tables in {database}") == ["C", "A1", "A2", "B"]
    assert client.names(f"show tables in database {database}") == ["C", "A1", "A2", "B"]
    assert client.names("show tables in schema") == ["A1", "A2", "B"]
    assert set(client.names("show tables in account")) >= {"A1", "A2", "B", "C"}
    for scope in ("schema nothing", "database nothing", "nothing", "nothing.nothing"):
        assert client.error(f"show tables in {scope}") == 2043


def test_starts_with_and_limit_cut_the_list(client: Client) -> None:
    assert client.names("show tables starts with 'A'") == ["A1", "A2"]
    assert client.names("show tables starts with 'a'") == []
    assert client.names("show tables limit 2") == ["A1", "A2"]
    assert client.names("show tables limit 5 from 'A1'") == ["A2", "B"]
    assert client.names("show tables like '%' in schema s starts with 'A' limit 1 from 'A1'") == ["A2"]


def test_terse_leaves_five_columns(client: Client) -> None:
    of_schemas = ["tables", "views", "objects"]
    for kind in [*of_schemas, "databases", "schemas", "warehouses", "applications", "application packages"]:
        assert client.columns(f"show terse {kind}") == TERSE, kind


def test_terse_tasks_have_schedule_and_state(client: Client) -> None:
    assert client.columns("show terse tasks") == [*TERSE, "schedule", "state"]
    assert [(row["name"], row["state"]) for row in client.show("show terse tasks")] == [("T", "suspended")]


def test_history_adds_a_column(client: Client) -> None:
    for kind in ("databases", "schemas", "tables"):
        assert client.columns(f"show {kind} history") == [*client.columns(f"show {kind}"), "dropped_on"]
        assert {row["dropped_on"] for row in client.show(f"show {kind} history")} == {None}


def test_databases_and_schemas_have_real_times_and_owners(client: Client, database: str) -> None:
    [row] = client.show(f"show databases like '{database}' in account")
    assert (row["is_current"], row["owner"], row["kind"]) == ("Y", "ACCOUNTADMIN", "STANDARD")
    assert datetime.now(UTC) - row["created_on"] < timedelta(minutes=1)
    schemas = {row["name"]: row for row in client.show(f"show schemas in {database}")}
    assert sorted(schemas) == ["INFORMATION_SCHEMA", "OTHER", "PUBLIC", "S"]
    assert [schemas[name]["owner"] for name in sorted(schemas)] == ["", "ACCOUNTADMIN", "ACCOUNTADMIN", "ACCOUNTADMIN"]
    assert all(datetime.now(UTC) - row["created_on"] < timedelta(minutes=1) for row in schemas.values())
    assert client.names("show schemas like 'o%'") == ["OTHER"]


def test_roles_keep_the_time_of_their_creation(client: Client) -> None:
    assert client.show("show roles") == client.show("show roles in account")


def test_a_role_lists_what_it_may_see(looker: Client, database: str) -> None:
    assert looker.names("show databases") == [database]
    assert looker.names("show schemas") == ["INFORMATION_SCHEMA", "S"]
    assert looker.names(f"show tables in database {database}") == ["B"]
    assert looker.names("show tables in account") == ["B"]
    assert looker.names("show objects") == ["B"]
    for kind in ("views", "tasks", "stages", "procedures"):
        assert looker.names(f"show {kind} in account") == []
    assert looker.error(f"show tables in schema {database}.other") == 2043
    assert looker.names("show warehouses") == ["COMPUTE_WH", "LOCAL_WH"]


def test_applications_and_packages_are_listed_to_who_holds_something_of_them(
    local: Local, looker: Client, database: str, tmp_path: Path
) -> None:
    app = App(local, tmp_path, 2001)
    app.install()
    try:
        role = f"LOOKER_{database}"
        assert [looker.names("show applications"), looker.names("show application packages")] == [[], []]
        assert app.name not in looker.names("show databases")
        local.query(f"grant application role {app.name}.reader to role {role}")
        assert looker.names("show applications") == [app.name]
        assert looker.names(f"show tables in application {app.name}") == ["SEEN"]
        assert looker.names(f"show procedures in application {app.name}") == ["VERSION"]
        [seen] = looker.show(f"show tables in {app.name}.state")
        assert (seen["owner"], seen["owner_role_type"]) == (app.name, "APPLICATION")
    finally:
        local.query(f"drop application {app.name}", f"drop application package {app.package}")


def test_undrop_is_refused(client: Client) -> None:
    client.run("drop table b")
    with pytest.raises(ProgrammingError, match="Unsupported feature 'UNDROP TABLE'"):
        client.run("undrop table b")
