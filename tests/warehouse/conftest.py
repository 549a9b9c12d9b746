"""A Snowpark session on a local Snowflake, in a database of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from snowflake.snowpark import Session

from tests.emulator.conftest import Local


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    local = Local(tmp_path_factory.mktemp("warehouse"))
    local.start()
    yield local
    local.stop()


@pytest.fixture
def session(server: Local) -> Iterator[Session]:
    name = f"db_{uuid.uuid4().hex}".upper()
    connection = server.connect(paramstyle="qmark")
    connection.cursor().execute(f"create database {name}")
    opened = Session.builder.configs({"connection": connection}).create()
    yield opened
    connection.cursor().execute(f"drop database {name}")
    opened.close()
