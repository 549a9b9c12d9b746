from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.emulator.conftest import Local
from tests.reliability.people_app import Application

MEMORY = Path("/dev/shm")
_ENOUGH = 2**30  # bytes


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what a killed process wrote is there in either."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < _ENOUGH:
        yield otherwise
        return
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    with in_memory(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    server = Local(tmp_path_factory.mktemp("local"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """The application over a table of people, in a local Snowflake of the module's own."""
    folder = tmp_path_factory.mktemp("people")
    local = Local(folder / "data")
    local.start()
    yield Application(local, folder)
    local.stop()
