"""Hostile values: in the documented normal form, which stays as it is, and resolved as an oracle resolves them."""

from __future__ import annotations

import csv
import random
import unicodedata
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import pytest

from idr import schema
from idr.config import store
from idr.model import Config, Exclusion, Identifier, Rule, Source, Survivorship
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.cli.command import idr
from tests.normalize.batch import normal_forms
from tests.reliability.hostile_values import KINDS, values
from tests.reliability.normal_forms import FORMS, trim
from tests.reliability.scene import disagreements, leftovers
from tests.reliability.tally import LONG, count
from tests.reliability.test_injections_outside import OBEYED
from tests.resolution.shop import UNLIMITED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
NOW = datetime(2024, 6, 1)  # noqa: DTZ001 - the tables hold timestamps without a zone
IDENTIFIERS = {
    name: Identifier(
        name.replace(" ", "_").lower(),
        "email" if name == "gmail" else name.split()[0],
        gmail=name == "gmail",
        region={"phone": "US", "phone GB": "GB"}.get(name),
    )
    for name in FORMS
}
SHOWN = 60 if LONG else 1  # keys of each kind whose commands are tried
MATCH = {"as_is": ("none",), "mail": ("email",), "person": ("name", "date"), "code": ("upper",), "call": ("phone",)}
USED = ("none", "email", "name", "date", "upper", "phone")
EXCLUDED = ("a'b", "O'Brien", "=1+1", "'; drop table idr_out.entity_current; --", "%s", "\U0001f600")
Partition = set[frozenset[str]]


@pytest.mark.parametrize("name", FORMS)
def test_every_value_has_its_documented_normal_form_which_stays(name: str) -> None:
    texts = values()
    found = normal_forms(IDENTIFIERS[name], texts)
    wrong = [text[:60] for text, form in zip(texts, found, strict=True) if form != FORMS[name](text)]
    moved = [text[:60] for text, a, b in _twice(name, texts, found) if a != b]
    count("hostile data", "values by normaliser", tried=2 * len(texts), wrong=len(wrong) + len(moved))
    assert (wrong, moved) == ([], [])
    assert normal_forms(IDENTIFIERS[name], [None]) == [None]


def _twice(name: str, texts: list[str], once: list[str | None]) -> list[tuple[str, str | None, str | None]]:
    return list(zip(texts, once, normal_forms(IDENTIFIERS[name], once), strict=True))


@pytest.mark.parametrize("name", FORMS)
def test_every_character_does_what_is_documented(name: str) -> None:
    """Each assigned character of the Basic Multilingual Plane, and each emoji, around and in the middle of a value."""
    step = 1 if LONG else 16
    codes = [*range(1 + len(name), 0xD800, step), *range(0xF900 + len(name), 0x10000, step), *range(0x1F10D, 0x1FAFF)]
    letters = [letter for letter in map(chr, codes) if unicodedata.category(letter) != "Cn"]
    shapes = ("{}Ann1{}Lee{}", "a{}n@x{}y.org", "2125{}550123", "2024-01-02{}")
    texts = [shape.replace("{}", letter) for shape in (shapes if LONG else shapes[:3]) for letter in letters]
    found = normal_forms(IDENTIFIERS[name], texts)
    wrong = [text for text, form in zip(texts, found, strict=True) if form != FORMS[name](text)]
    moved = [text for text, a, b in _twice(name, texts, found) if a != b]
    count("hostile data", "characters by normaliser", tried=2 * len(texts), wrong=len(wrong) + len(moved))
    assert (wrong, moved) == ([], [])


class World:
    """Two sources whose keys, identifiers and attributes are hostile values; the oracle is networkx on `FORMS`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, seed: int) -> None:
        self.connection, self.wh = connection, DuckDBWarehouse(connection)
        self.rng = random.Random(seed)
        self.now = NOW
        self.texts = [text for text in values() if len(text) < 1000]
        self.large = KINDS["large"]
        self.rows: dict[str, dict[str, str | None]] = {}
        schema.install(self.wh)
        connection.execute("create schema src")
        columns = ", ".join(f'"{name}" varchar' for name in ("key", *USED))
        sources = {}
        for source in ("left", "right"):
            connection.execute(f'create table src."{source}" ({columns}, upd timestamp)')
            sources[source] = Source(
                source, f'src."{source}"', '"key"', watermark="upd", identifiers={n: f'"{n}"' for n in USED},
                attributes={"full_name": '"name"', "email": '"email"', "code": '"upper"'},
            )  # fmt: skip
        store.apply(self.wh, self._config(sources))
        for source in sources:
            for text in self.texts if source == "left" else self.rng.sample(self.texts, 100):
                if text != "":
                    self.put(source, text)
        for text in self.large[:4]:
            self.put("left", text)

    def _config(self, sources: dict[str, Source]) -> Config:
        exclude = tuple(Exclusion("exact", text) for text in EXCLUDED)
        identifiers = {name: IDENTIFIERS[name] for name in USED}
        return Config(
            sources=sources,
            identifiers=identifiers | {"none": replace(IDENTIFIERS["none"], exclude=exclude)},
            rules={rule: Rule(rule, match, at) for at, (rule, match) in enumerate(MATCH.items(), start=1)},
            survivorship={"full_name": Survivorship("full_name", "longest")},
            guardrails=UNLIMITED,
        )

    def put(self, source: str, key: str) -> None:
        """A new or another row with that key."""
        row: dict[str, str | None] = {
            name: None if self.rng.random() < 0.5 else self.rng.choice(self.texts) for name in USED
        }
        if self.rng.random() < 0.03:
            row[self.rng.choice(USED)] = self.rng.choice(self.large)
        self.connection.execute(f'delete from src."{source}" where "key" = ?', [key])
        self.connection.execute(
            f'insert into src."{source}" values ({", ".join(["?"] * (2 + len(row)))})', [key, *row.values(), self.now]
        )
        self.rows[f"{source}:{key}"] = row

    def change(self) -> None:
        self.now += timedelta(minutes=1)
        for entity in self.rng.sample(sorted(self.rows), 60):
            source, _, key = entity.partition(":")
            self.put(source, key)

    def run(self, mode: str) -> dict[str, Any]:
        self.now += timedelta(minutes=1)
        result = run(self.wh, mode, clock=lambda: self.now)
        assert result["status"] == "SUCCESS", result
        return result

    def expected(self) -> Partition:
        graph = nx.Graph()
        graph.add_nodes_from(self.rows)
        for rule, match in MATCH.items():
            groups: dict[tuple[str | None, ...], list[str]] = {}
            for entity, row in self.rows.items():
                forms = tuple(None if (text := row[name]) is None else FORMS[name](text) for name in match)
                if None not in forms and not (rule == "as_is" and forms[0] in EXCLUDED):
                    groups.setdefault(forms, []).append(entity)
            for group in groups.values():
                if len(group) <= 100:
                    nx.add_path(graph, group)
        return {frozenset(part) for part in nx.connected_components(graph)}

    def published(self) -> Partition:
        groups: dict[str, set[str]] = {}
        for entity, resolved in self.membership():
            groups.setdefault(resolved, set()).add(entity)
        return {frozenset(group) for group in groups.values()}

    def membership(self) -> list[tuple[str, str]]:
        return self.connection.execute(
            "select entity_key, resolved_id from idr_out.identity_resolved_membership_current"
        ).fetchall()


@pytest.mark.parametrize("seed", range(20 if LONG else 1))
def test_records_of_hostile_values_are_resolved_as_the_oracle_resolves_them(seed: int) -> None:
    with closing(duckdb.connect(":memory:", config={"threads": 1})) as connection:
        world = World(connection, seed)
        world.run("FULL")
        wrong = [] if world.published() == world.expected() else ["FULL is unlike the oracle"]
        for _ in range(3):
            world.change()
            world.run("INCR")
            wrong += [] if world.published() == world.expected() else ["INCR is unlike the oracle"]
        assert len(world.expected()) < len(world.rows)
        before = world.membership()
        again = world.run("FULL")["counts"]
        wrong += [f"FULL: {again[name]} {name}" for name in ("moved", "new", "removed") if again[name]]
        wrong += [] if sorted(before) == sorted(world.membership()) else ["FULL is unlike INCR"]
        wrong += disagreements(connection) + leftovers(connection) + _profiles(world)
        count("hostile data", "records", tried=len(world.rows) + 180, wrong=len(wrong))
    assert wrong == []


def _profiles(world: World) -> list[str]:
    """Golden values that no member has, or that mean nothing."""
    wrong: list[str] = []
    held: dict[str, set[str | None]] = {}
    for entity, resolved in world.membership():
        held.setdefault(resolved, set()).update(world.rows[entity].values())
    rows = world.connection.execute("select resolved_id, full_name, email, code from idr_out.golden_profile_current")
    for resolved, *texts in rows.fetchall():
        wrong += [f"nobody has {text[:60]!r}" for text in texts if text is not None and text not in held[resolved]]
        wrong += ["an empty value survives" for text in texts if text == ""]
    return wrong


def test_what_the_commands_print_and_write_is_harmless(tmp_path: Path) -> None:
    """Each command on records with hostile keys: an answer about that record, and nothing that a terminal obeys."""
    database = tmp_path / "my.duckdb"
    with closing(duckdb.connect(str(database), config={"threads": 1})) as connection:
        world = World(connection, 1)
        run_id = world.run("FULL")["run_id"]
        members = dict(world.membership())
    wrong: list[str] = []
    tried = 0
    for kind, texts in KINDS.items():
        keys = [text for text in texts if f"left:{text}" in members and "\0" not in text and len(text) < 1000]
        for key in keys[:SHOWN]:
            entity = f"left:{key}"
            commands = {("show",): (entity,), ("show", "--show-values"): (entity,), ("explain",): (entity, "left:=1+1")}
            for command, keyed in commands.items():
                for flags in ((), ("--json",)):
                    done = idr(*command, "--db", database, *flags, "--", *keyed)
                    tried += 1
                    found = [f"prints {mark!r}" for mark in OBEYED.findall(done.stdout + done.stderr)[:2]]
                    if done.code or (flags and command[0] == "show" and done.json()["resolved_id"] != members[entity]):
                        found.append(f"exit code {done.code}: {done.stdout[:200]}{done.stderr[:200]}")
                    wrong += [f"{kind}, {command[0]} {key!r}: {what}" for what in found]
    target = tmp_path / "members.csv"
    assert idr("membership", "--as-of", run_id, "--output", target, "--db", database).code == 0
    with target.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)][1:]
    wrong += [f"a spreadsheet computes {row}" for row in rows if any(cell[:1] in "=+-@\t\r" for cell in row)]
    wrong += [] if sorted(rows) == sorted(members.items()) else ["the CSV is unlike the membership"]
    count("hostile data", "commands", tried=tried + len(rows), wrong=len(wrong))
    assert wrong == []


def test_blanks_of_keys_and_case_keep_records_apart() -> None:
    """A key is compared as it is: only the empty text is none."""
    with closing(duckdb.connect(":memory:")) as connection:
        world = World(connection, 3)
        connection.execute('delete from src."left"')
        connection.execute('delete from src."right"')
        keys = [
            "a",
            "A",
            "a ",
            " a",
            "a\u200b",
            "\u00e9",
            "e\u0301",
            " ",
            "\t",
            "\0",
            "a\0",
            "a\0b",
            "n/a",
            "0",
            "x" * 100_000,
        ]
        world.rows = {}
        for key in keys:
            world.put("left", key)
        world.run("FULL")
        assert {entity for entity, _ in world.membership()} == {f"left:{key}" for key in keys}
        assert trim("a\u200b") == "a"
