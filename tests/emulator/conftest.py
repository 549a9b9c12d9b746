"""A local Snowflake for the whole test run, and clients for it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session

ROOT = Path(__file__).resolve().parents[2]
_databases = count(1)


def environment() -> dict[str, str]:
    """The environment of the clients: byte code is kept, which makes `snow` three times as fast."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Local:
    """A server on a data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "emulator", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=ROOT, check=False)

    def start(self, *options: str) -> None:
        started = self.command("start", "--port", str(self.port), "--data", str(self.data), *options)
        assert started.returncode == 0, started.stderr + (self.data / "server.log").read_text()

    def stop(self) -> None:
        stopped = self.command("stop", "--data", str(self.data))
        assert stopped.returncode == 0, stopped.stderr

    def kill(self) -> None:
        os.kill(json.loads((self.data / "server.json").read_text())["pid"], signal.SIGKILL)

    def connect(self, **options: Any) -> snowflake.connector.SnowflakeConnection:
        return snowflake.connector.connect(
            account="local", user="local", password="x", host="127.0.0.1", port=self.port, protocol="http", **options
        )

    def query(self, *statements: str, **options: Any) -> list[tuple[Any, ...]]:
        """The rows of the last of the statements, run in a session of their own."""
        with closing(self.connect(**options)) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()  # type: ignore[return-value]

    def snow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("snow")), "--config-file", str(self.data / "config.toml")]
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, env=environment(), cwd=self.data, check=False
        )


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    server = Local(tmp_path_factory.mktemp("local"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(local: Local) -> str:
    """A database of the test's own."""
    name = f"T{next(_databases)}"
    local.query(f"create database {name}")
    return name


@pytest.fixture
def connection(local: Local, database: str) -> Iterator[snowflake.connector.SnowflakeConnection]:
    with closing(local.connect(database=database, schema="PUBLIC")) as connection:
        yield connection


@pytest.fixture
def cursor(connection: snowflake.connector.SnowflakeConnection) -> SnowflakeCursor:
    return connection.cursor()


@pytest.fixture
def session(local: Local, database: str) -> Iterator[Session]:
    connection = local.connect(database=database, schema="PUBLIC", paramstyle="qmark")
    session = Session.builder.configs({"connection": connection}).create()
    yield session
    session.close()
