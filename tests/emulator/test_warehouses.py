"""Warehouses: made, changed, used, shown, dropped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector import DictCursor, ProgrammingError, SnowflakeConnection

from .conftest import Local

pytestmark = pytest.mark.snowflake


@pytest.fixture
def warehouse(connection: SnowflakeConnection, database: str) -> Iterator[str]:
    name = f"WH_{database}"
    connection.cursor().execute(
        f"create warehouse {name} with warehouse_size = 'XLARGE' auto_suspend = 60 initially_suspended = true "
        "comment = 'mine'"
    )
    yield name
    connection.cursor().execute("use role accountadmin")
    connection.cursor().execute(f"drop warehouse if exists {name}")


def shown(connection: SnowflakeConnection, name: str) -> dict[str, object]:
    [row] = connection.cursor(DictCursor).execute(f"show warehouses like '{name}'").fetchall()  # type: ignore[union-attr]
    return row  # type: ignore[return-value]


def refused(connection: SnowflakeConnection, statement: str) -> int | None:
    with pytest.raises(ProgrammingError) as caught:
        connection.cursor().execute(statement)
    return caught.value.errno


def test_a_new_warehouse_is_current_and_has_its_properties(connection: SnowflakeConnection, warehouse: str) -> None:
    assert connection.cursor().execute("select current_warehouse()").fetchone() == (warehouse,)  # type: ignore[union-attr]
    row = shown(connection, warehouse)
    assert [row[key] for key in ("state", "type", "size", "auto_suspend", "auto_resume", "is_current", "comment")] == [
        "SUSPENDED", "STANDARD", "X-Large", 60, "true", "Y", "mine",
    ]  # fmt: skip
    assert refused(connection, f"create warehouse {warehouse}") == 2002
    assert refused(connection, "create warehouse w2 warehouse_size = 'huge'") == 1008


def test_a_warehouse_is_resumed_suspended_changed_and_renamed(connection: SnowflakeConnection, warehouse: str) -> None:
    run = connection.cursor().execute
    assert refused(connection, f"alter warehouse {warehouse} suspend") == 90064
    run(f"alter warehouse {warehouse} resume")
    assert shown(connection, warehouse)["state"] == "STARTED"
    assert refused(connection, f"alter warehouse {warehouse} resume") == 90063
    run(f"alter warehouse {warehouse} resume if suspended")
    run(f"alter warehouse {warehouse} set warehouse_size = medium, auto_suspend = 120")
    assert [shown(connection, warehouse)[key] for key in ("size", "auto_suspend")] == ["Medium", 120]
    run(f"alter warehouse {warehouse} rename to {warehouse}_2")
    assert refused(connection, f"describe warehouse {warehouse}") == 2003
    [described] = run(f"desc warehouse {warehouse}_2").fetchall()  # type: ignore[union-attr]
    assert described[1:] == (f"{warehouse}_2", "WAREHOUSE")  # type: ignore[index]
    run(f"drop warehouse {warehouse}_2")
    assert run("select current_warehouse()").fetchone() == (None,)  # type: ignore[union-attr]


def test_what_is_not_there_or_not_granted_cannot_be_used(
    local: Local, connection: SnowflakeConnection, warehouse: str, database: str
) -> None:
    assert refused(connection, "use warehouse no_such_warehouse") == 2043
    assert refused(connection, "drop warehouse no_such_warehouse") == 2003
    connection.cursor().execute("drop warehouse if exists no_such_warehouse")
    local.query(f"create role R_{database}")
    connection.cursor().execute(f"use role R_{database}")
    assert refused(connection, f"use warehouse {warehouse}") == 2043
    local.query(f"grant usage on warehouse {warehouse} to role R_{database}")
    connection.cursor().execute(f"use warehouse {warehouse}")
    assert refused(connection, f"alter warehouse {warehouse} suspend") == 3001
    assert refused(connection, f"drop warehouse {warehouse}") == 3001
