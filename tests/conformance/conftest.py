"""One local Snowflake with the package of the real application; each test installs an application of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from snowflake.connector.cursor import SnowflakeCursor

from tests.app.scheduled import bundle
from tests.emulator.conftest import Local

from .twins import Twins


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SnowflakeCursor]:
    folder = tmp_path_factory.mktemp("conformance")
    local = Local(folder / "data")
    local.start()
    try:
        with local.connect() as connection:
            cursor = connection.cursor()
            for statement in ("application package package", "schema package.src", "stage package.src.files"):
                cursor.execute(f"create {statement}")
            files = bundle(folder / "bundle")
            for below in sorted({file.parent for file in files.rglob("*") if file.is_file()}):
                target = f"@package.src.files/{below.relative_to(files).as_posix()}".removesuffix("/.")
                cursor.execute(f"put 'file://{below}/*.*' {target} auto_compress = false")
            yield cursor
    finally:
        local.stop()


@pytest.fixture
def twins(account: SnowflakeCursor) -> Iterator[Twins]:
    made = Twins(account)
    yield made
    made.close()
