"""Tables that a consumer binds to the application instead of granting them by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.app.scheduled import YAML, Scheduled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HANDLE = "system$reference('TABLE', 'vault.crm.leads', 'PERSISTENT', 'SELECT')"
BOTH = YAML.replace(
    "identifiers:\n  email",
    "  web: {table: vault.crm.leads, key: id, identifiers: {email: email}}\nidentifiers:\n  email",
)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduled]:
    app = Scheduled(tmp_path_factory.mktemp("references"))
    yield app
    app.close()


@pytest.fixture
def idr(application: Scheduled) -> Iterator[Scheduled]:
    """The application beside a database of which it has no privilege at all."""
    application.sql(
        "create database vault",
        "create schema vault.crm",
        "create table vault.crm.leads (id integer, email varchar)",
        "insert into vault.crm.leads values (7, 'ann@x.org')",
    )
    yield application
    registered(application, "CLEAR", "''")
    application.call("idr_configure(%s)", YAML)
    application.sql("drop database vault")


def registered(idr: Scheduled, operation: str, handle: str, name: str = "source_tables") -> str:
    return idr.sql(f"call idr.core.register_reference('{name}', '{operation}', {handle})")[0][0]


def test_a_bound_table_is_a_source_by_its_own_name_until_it_is_unbound(idr: Scheduled) -> None:
    idr.add("ann@x.org", "bob@x.org")
    refused = idr.call("idr_configure(%s)", BOTH)
    assert refused["error"]["code"] == "IDR-104"
    assert "grant usage on database vault" in refused["message"].lower()

    assert registered(idr, "ADD", HANDLE) == "ADD source_tables: done"
    assert idr.call("idr_configure(%s)", BOTH)["applied"]
    assert idr.call("idr_run('FULL', 30, false)")["status"] == "SUCCESS"
    assert idr.partition() == {frozenset({"crm:1", "web:7"}), frozenset({"crm:2"})}

    assert registered(idr, "CLEAR", "''") == "CLEAR source_tables: done"
    failed = idr.call("idr_run('INCR', 30, false)")
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "IDR-104")
    assert idr.partition() == {frozenset({"crm:1", "web:7"}), frozenset({"crm:2"})}, "nothing published was lost"


def test_the_first_privilege_that_a_table_by_name_lacks_is_told(idr: Scheduled) -> None:
    for lacking in (
        "grant usage on database vault to application IDR",
        "grant usage on schema vault.crm to application IDR",
        "grant select on table vault.crm.leads to application IDR",
    ):
        refused = idr.call("idr_configure(%s)", BOTH)
        assert (refused["error"]["code"], len(refused["problems"])) == ("IDR-104", 1)
        assert refused["problems"][0]["fix"].endswith(f"type: {lacking}")
        idr.sql(lacking)
    assert idr.call("idr_configure(%s)", BOTH)["applied"]


def test_one_of_several_is_unbound_by_its_alias(idr: Scheduled) -> None:
    idr.sql("create table vault.crm.more as select * from vault.crm.leads")
    registered(idr, "ADD", HANDLE)
    registered(idr, "ADD", HANDLE.replace("leads", "more"))
    bound = {row[6]: row[9] for row in idr.sql("show references in application idr") if row[9]}
    assert set(bound) == {"LEADS", "MORE"}
    registered(idr, "REMOVE", f"'{bound['MORE']}'")
    assert [row[6] for row in idr.sql("show references in application idr") if row[9]] == ["LEADS"]


def test_an_operation_that_snowflake_does_not_know_is_refused(idr: Scheduled) -> None:
    with pytest.raises(Exception, match="unknown operation RENAME"):
        registered(idr, "RENAME", HANDLE)
