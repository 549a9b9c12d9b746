from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from idr import schema
from idr.config import store
from idr.model import Config, Guardrails, Identifier, Rule, Source
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse

START = datetime(2026, 1, 1)  # noqa: DTZ001 - the tables hold timestamps without a zone
CONFIG = Config(
    sources={
        "crm": Source(
            "crm",
            "crm.people",
            "id",
            watermark="upd",
            detect_deletes=True,
            identifiers={"email": "email", "phone": "phone"},
            attributes={"name": "name"},
        )
    },
    identifiers={"email": Identifier("email", "email"), "phone": Identifier("phone", "digits")},
    rules={"email": Rule("email", ("email",), 1), "phone": Rule("phone", ("phone",), 2, max_group_size=3)},
    survivorship={},
    guardrails=Guardrails(None, 4, None, None, None, None, None, None),
)


class _Making:
    """Lives through five runs, the last of them held, and notes the ids that came and went."""

    def __init__(self, file: Path) -> None:
        self.connection = duckdb.connect(str(file))
        self.wh = DuckDBWarehouse(self.connection)
        self.now = START
        schema.install(self.wh)
        self.connection.execute("create schema crm")
        self.connection.execute(
            "create table crm.people (id integer, email varchar, phone varchar, name varchar, upd timestamp)"
        )
        store.apply(self.wh, CONFIG)

    def put(self, key: int, email: str | None, phone: str | None, name: str) -> None:
        self.connection.execute("delete from crm.people where id = ?", [key])
        self.now += timedelta(minutes=1)
        self.connection.execute("insert into crm.people values (?, ?, ?, ?, ?)", [key, email, phone, name, self.now])

    def run(self, mode: str) -> tuple[str, dict[str, str]]:
        self.now += timedelta(days=1)
        result = run(self.wh, mode, clock=lambda: self.now)
        rows = self.connection.execute(
            "select entity_key, resolved_id from idr_out.identity_resolved_membership_current"
        ).fetchall()
        return result["run_id"], dict(rows)

    def live(self) -> SimpleNamespace:
        self.put(1, "anna@x.org", "111", "Anna")
        self.put(2, "anna@x.org", "222", "Ann")
        self.put(8, "eight@z.org", None, "Eve")
        self.put(9, "info@z.org", "111", "Zoe")
        self.put(10, "other@z.org", "999", "Bob")
        self.put(11, "eleven@z.org", "111", "Cid")
        self.put(12, "twelve@z.org", "111", "Dan")
        first, ids = self.run("FULL")
        gone = ids["crm:8"]
        self.put(3, "ann@y.org", None, "A.")
        self.put(4, "four@y.org", None, "Anna B")
        self.connection.execute("delete from crm.people where id = 8")
        second, apart = self.run("INCR")
        self.put(4, "ann@y.org", None, "Anna B")
        third, _ = self.run("INCR")
        self.put(3, "ann@y.org", "222", "A.")
        self.put(4, "anna@x.org", "222", "Anna B")
        fourth, ids = self.run("INCR")
        self.put(13, "anna@x.org", None, "Annie")
        held, _ = self.run("INCR")
        self.connection.close()
        assert len({apart["crm:3"], apart["crm:4"], ids["crm:1"], gone}) == 4
        return SimpleNamespace(
            anna=ids["crm:1"],
            zoe=ids["crm:9"],
            merged={apart["crm:3"], apart["crm:4"]},
            gone=gone,
            runs=[first, second, third, fourth],
            held=held,
        )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimpleNamespace]:
    file = tmp_path_factory.mktemp("state") / "state.duckdb"
    return file, _Making(file).live()


@pytest.fixture
def names(made: tuple[Path, SimpleNamespace]) -> SimpleNamespace:
    """The ids that the runs gave: `anna` (crm:1 to 4), `zoe`, `merged`, `gone`, `runs`, `held`."""
    return made[1]


@pytest.fixture
def state_file(made: tuple[Path, SimpleNamespace], tmp_path: Path) -> Path:
    """A database file as five runs left it."""
    return Path(shutil.copy(made[0], tmp_path / "state.duckdb"))


@pytest.fixture
def state(state_file: Path) -> Iterator[DuckDBWarehouse]:
    wh = DuckDBWarehouse.open(state_file)
    yield wh
    wh.close()
