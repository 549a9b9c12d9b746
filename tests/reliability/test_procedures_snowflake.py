"""Hostile texts as arguments of the application's procedures in the local Snowflake: nothing runs, nothing shows up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import snowflake.connector

from tests.emulator.conftest import Local
from tests.reliability.hostile import SECRET, corpus
from tests.reliability.local_app import LocalApp, files_of_today
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.snowflake, pytest.mark.slow, pytest.mark.timeout(0 if LONG else 300)]
ROOT = Path(__file__).parents[2]
INTERNAL = 370001
PER_PLACE = 12 if LONG else 1
YAML = """
sources:
  crm: {table: shop.crm.people, key: id, identifiers: {email: email}, attributes: {email: email}}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
"""
USUAL = {
    "varchar": "crm:1", "mode": "INCR", "reason": "because", "yaml": YAML, "operation": "ADD", "ref_name": "people",
    "integer": 30, "boolean": True, "options": "object_construct()",
}  # fmt: skip
OPTIONS = ("schedule", "cron", "time_zone", "mode", "gate", "warehouse", "warehouse_size", "weekly_full", "notify", "x")
_SIGNATURE = re.compile(r"create or replace procedure core\.(\w+)\(([^)]*)\)")
Place = tuple[str, list[tuple[str, str]], int]


def places() -> list[Place]:
    """Every procedure of the application, its arguments (name, type), and which of them takes the hostile text."""
    found: list[Place] = []
    for file in sorted((ROOT / "setup/procedures").glob("*.sql")):
        for name, written in _SIGNATURE.findall(file.read_text(encoding="utf-8")):
            arguments = [(part.split()[0], part.split()[1]) for part in written.split(",") if part.strip()]
            found += [(name, arguments, at) for at, (_, kind) in enumerate(arguments) if kind in ("varchar", "object")]
    return found


class Trap:
    """The application beside a table that it may change, whose rows and whose file nobody may show or change."""

    ROWS = ((1, "secret of the table"), (2, "another one"))

    def __init__(self, local: Local, folder: Path) -> None:
        self.stolen, self.secret = folder / "stolen", folder / "secret.csv"
        self.secret.write_text(f"a\n{SECRET}\n", encoding="utf-8")
        self.app = LocalApp(local)
        self.app.create(files_of_today(folder / "bundle"))
        name = self.app.name
        local.query(
            "create database shop", "create schema shop.crm",
            "create table shop.crm.people (id integer, email varchar)",
            "insert into shop.crm.people values (1, 'a@x.org'), (2, 'a@x.org'), (3, 'b@x.org')",
            "create table shop.crm.canary (id integer, secret varchar)",
            *(f"insert into shop.crm.canary values ({key}, '{text}')" for key, text in self.ROWS),
            f"grant usage on database shop to application {name}",
            f"grant usage on schema shop.crm to application {name}",
            f"grant select on table shop.crm.people to application {name}",
            f"grant select, insert, update, delete on table shop.crm.canary to application {name}",
        )  # fmt: skip
        assert self.app.call(f"idr_configure($${YAML}$$)")["applied"]
        assert self.app.call("idr_run('FULL')")["status"] == "SUCCESS"
        self.partition = self.app.partition()
        self.connection = local.connect()
        self.bound = local.connect(paramstyle="qmark")

    def armed(self, text: str) -> str:
        filled = text.replace("CANARY", "shop.crm.canary").replace("FILE", str(self.stolen))
        return filled.replace("SECRET", str(self.secret))

    def call(self, place: Place, text: str, *, option: str = "", is_bound: bool = False) -> str:
        """The answer to a CALL with the text at that place, bound by the server or written by the client."""
        name, arguments, at = place
        mark = "?" if is_bound else "%s"
        marks, binds = [], []
        for number, (argument, kind) in enumerate(arguments):
            value: Any = text if number == at else USUAL.get(argument, USUAL.get(kind))
            if kind == "object":
                marks.append(f"object_construct({mark}, {mark})" if number == at else str(value))
                binds += [option, value] if number == at else []
            else:
                marks.append(mark)
                binds.append(value)
        cursor = (self.bound if is_bound else self.connection).cursor()
        return cursor.execute(f"call {self.app.name}.core.{name}({', '.join(marks)})", binds).fetchall()[0][0]

    def sprung(self) -> list[str]:
        found = ["the file was written"] if self.stolen.exists() else []
        rows = self.connection.cursor().execute("select * from shop.crm.canary order by id").fetchall()
        return found + ([] if tuple(rows) == self.ROWS else [f"the table has {rows}"])

    def shows(self, text: str) -> bool:
        return any(secret in text for secret in (SECRET, *(secret for _, secret in self.ROWS)))

    def kept(self) -> list[str]:
        """The tables of the application that hold a secret, or are not as they were."""
        cursor = self.connection.cursor()
        found = ["another partition is published"] if self.app.partition() != self.partition else []
        cursor.execute(f"show tables in database {self.app.name}")
        columns = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            told = dict(zip(columns, row, strict=True))
            if told["schema_name"] == "IDR_OUT":
                rows = cursor.execute(f"select * from {self.app.name}.idr_out.{told['name']}").fetchall()
                found += [f"{told['name']} shows a secret"] if self.shows(repr(rows)) else []
        return found


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    folder = tmp_path_factory.mktemp("procedures")
    local = Local(folder / "data")
    local.start()
    made = Trap(local, folder)
    yield made
    made.connection.close()
    made.bound.close()
    local.stop()


def test_hostile_texts_as_arguments(trap: Trap) -> None:
    texts = corpus()
    figures = {"tried": 0, "refused": 0, "data": 0, "executed": 0, "wrong": 0}
    wrong: list[str] = []
    tries = [(place, option) for place in places() for option in (OPTIONS if place[1][0][1] == "object" else ("",))]
    step = len(texts) // PER_PLACE
    for turn, (place, option) in enumerate(tries):
        for at in range(PER_PLACE):
            text = trap.armed(texts[(turn * 17 + at * step) % len(texts)])
            found, outcome = _tried(trap, place, text, option, is_bound=bool((turn + at) % 2))
            sprung = trap.sprung()
            figures["tried"] += 1
            figures[outcome] += 1
            figures["executed"] += bool(sprung)
            wrong += [f"{place[0]}, {option or place[1][place[2]][0]} = {text!r}: {what}" for what in found + sprung]
    wrong += trap.kept()
    figures["wrong"] = len(wrong)
    count("injections", "arguments of procedures", **figures)
    assert wrong == []
    assert figures["refused"] > figures["tried"] / 4
    assert len({place[0] for place in places()}) > 10


def _tried(trap: Trap, place: Place, text: str, option: str, *, is_bound: bool) -> tuple[list[str], str]:
    """What was wrong with the answer, and whether the text was refused or taken as data."""
    try:
        answer = trap.call(place, text, option=option, is_bound=is_bound)
    except snowflake.connector.errors.Error as error:
        found = [str(error)] if error.errno == INTERNAL else []
        return found + (["it shows a secret"] if trap.shows(str(error)) else []), "refused"
    found = ["it shows a secret"] if trap.shows(answer) else []
    try:
        told = json.loads(answer)
    except ValueError:
        return found, "data"
    if not isinstance(told, dict) or told.get("status") != "FAILED":
        return found, "data"
    return found + ([answer[:300]] if told["error"]["code"] in ("IDR-599", "IDR-501") else []), "refused"


def test_the_traps_work(trap: Trap) -> None:
    assert trap.sprung() == []
    assert trap.shows(f"x {SECRET} y")
    trap.connection.cursor().execute("update shop.crm.canary set secret = 'x' where id = 1")
    trap.stolen.touch()
    assert len(trap.sprung()) == 2
    trap.stolen.unlink()
    trap.connection.cursor().execute("update shop.crm.canary set secret = 'secret of the table' where id = 1")
