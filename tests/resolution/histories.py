"""Random histories of a small world of sources, and an oracle for who is one that shares no code with IDR."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import duckdb
import networkx as nx

from idr import overrides, schema
from idr.config import store
from idr.errors import IdrError
from idr.model import Config, Identifier, Rule, Source, Survivorship
from idr.run import forget, run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.resolution.shop import UNLIMITED

START = datetime(2024, 1, 1)  # noqa: DTZ001 - the tables hold timestamps without a zone
COLUMNS = ("e", "p", "n", "d")


@dataclass(frozen=True)
class Cut:
    """A record's hold on a shared value that is cut, and the two sides that it would have joined."""

    entity: str
    key: tuple
    side: set
    other_side: set
    is_vetoed: bool

    @property
    def rule_id(self) -> str:
        return self.key[0] or "_link"


@dataclass(frozen=True)
class Expected:
    """Who is one, by which values, which links are cut, and of each torn chain's records the chain's smallest key."""

    partition: set[frozenset[str]]
    graph: nx.Graph
    cuts: list[Cut]
    torn: dict[str, str]


def _records(nodes: set) -> frozenset[str]:
    return frozenset(node for node in nodes if isinstance(node, str))


@dataclass
class World:
    """The sources' rows, the configuration, and the database that holds both."""

    seed: int
    rng: random.Random = field(init=False)
    now: datetime = START
    rows: dict[str, dict[int, dict]] = field(default_factory=dict)
    overrides: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set threads = 1")
        self.wh = DuckDBWarehouse(self.connection)
        schema.install(self.wh)
        self.connection.execute("create schema src")
        self.pool = {"e": self.rng.choice([8, 16, 30]), "p": self.rng.choice([8, 16, 30]), "n": 4, "d": 5}
        sources = {}
        for number in range(self.rng.randint(2, 4)):
            sources |= self._new_source(f"s{number}")
        cap = self.rng.choice([2, 3, 4, 100])
        self.config = Config(
            sources=sources,
            identifiers={name: Identifier(name, "lower") for name in COLUMNS}
            | {
                "p": Identifier("p", "lower", max_per_identity=self.rng.choice([None, 1, 2]), on_conflict="cut"),
                "d": Identifier("d", "lower", max_per_identity=(None, 1, 2)[self.seed % 3]),
            },
            rules={
                "by_e": Rule("by_e", ("e",), 1, cap),
                "by_p": Rule("by_p", ("p",), 2, self.rng.choice([3, 100])),
                "by_nd": Rule("by_nd", ("n", "d"), 3, 100),
            },
            survivorship={
                "e": Survivorship("e", self.rng.choice(["most_recent", "longest", "most_frequent", "min"])),
                "n": Survivorship("n", self.rng.choice(["earliest", "max", "source_priority"])),
            },
            guardrails=UNLIMITED,
        )
        store.apply(self.wh, self.config)
        for _ in range(self.rng.randint(0, 50)):
            self.change_row()

    def _new_source(self, name: str) -> dict[str, Source]:
        self.connection.execute(
            f"create table src.{name}"
            " (id bigint, e varchar, p varchar, n varchar, d varchar, upd timestamp, del boolean)"
        )
        self.rows[name] = {}
        watermark = self.rng.choice(["upd", "upd", None])
        return {
            name: Source(
                name,
                f"src.{name}",
                "id",
                watermark=watermark,
                lookback_minutes=self.rng.choice([0, 5]),
                deleted_when="del",
                detect_deletes=True,
                trust=self.rng.randint(1, 3),
                identifiers={column: column for column in COLUMNS},
                attributes={"e": "e", "n": "n"},
            )
        }

    def _value(self, column: str) -> str | None:
        if self.rng.random() < 0.45:
            return None
        text = f"{column}{self.rng.randrange(self.pool[column])}"
        return text.upper() if self.rng.random() < 0.2 else text

    def _write(self, name: str, key: int, row: dict | None) -> None:
        self.connection.execute(f"delete from src.{name} where id = ?", [key])
        if row is None:
            self.rows[name].pop(key, None)
            return
        self.rows[name][key] = row
        self.connection.execute(
            f"insert into src.{name} values (?, ?, ?, ?, ?, ?, ?)",
            [key, *(row[column] for column in COLUMNS), row["upd"], row["del"]],
        )

    def change_row(self) -> None:
        name = self.rng.choice(sorted(self.config.sources))
        present = sorted(self.rows[name])
        kind = self.rng.random()
        if kind < 0.5 or not present:
            key, row = (
                max(present, default=0) + self.rng.randrange(1, 3),
                {column: self._value(column) for column in COLUMNS},
            )
        else:
            key = self.rng.choice(present)
            if kind > 0.9:
                self._write(name, key, None)
                return
            row = dict(self.rows[name][key])
            column = self.rng.choice(COLUMNS)
            row[column] = self._value(column)
        row["upd"] = None if self.rng.random() < 0.05 else self.now
        row["del"] = self.rng.random() < 0.12
        self._write(name, key, row)

    def _change_configuration(self) -> None:
        kind = self.rng.randrange(4)
        sources, rules = dict(self.config.sources), dict(self.config.rules)
        if kind == 0:
            rules["by_e"] = replace(rules["by_e"], max_group_size=self.rng.choice([2, 3, 5, 100]))
        elif kind == 1 and "by_nd" in rules:
            del rules["by_nd"]
        elif kind == 2:
            name = f"s{len(self.rows)}"
            sources |= self._new_source(name)
        elif len(sources) > 2:
            del sources[self.rng.choice(sorted(sources))]
        self.config = replace(self.config, sources=sources, rules=rules)
        store.apply(self.wh, self.config)

    def change_overrides(self) -> None:
        if self.overrides and self.rng.random() < 0.4:
            override_id = self.rng.choice(sorted(self.overrides))
            del self.overrides[override_id]
            overrides.revoke(self.wh, override_id, "somebody", self.now)
            return
        entities = sorted(self.membership())
        if len(entities) < 2:
            return
        a, b = sorted(self.rng.sample(entities, 2))
        kind = self.rng.choice(["LINK", "UNLINK", "UNLINK"])
        shared = [sorted(members) for members in self.partition() if len(members) > 1]
        if kind == "UNLINK" and shared and self.rng.random() < 0.7:
            a, b = sorted(self.rng.sample(self.rng.choice(sorted(shared)), 2))
        try:
            override_id = overrides.add(self.wh, kind, a, b, "because", "somebody", self.now)["override_id"]
        except IdrError:
            if self.rng.random() < 0.5:
                return
            override_id = self._edit_by_hand(kind, a, b)
        self.overrides[override_id] = (kind, a, b)

    def _edit_by_hand(self, kind: str, a: str, b: str) -> str:
        """What no command lets through: an override that contradicts or repeats another."""
        override_id = f"hand{len(self.overrides)}_{self.now:%H%M%S}"
        self.connection.execute(
            "insert into idr_meta.identity_override (override_id, kind, entity_a, entity_b) values (?, ?, ?, ?)",
            [override_id, kind, a, b],
        )
        return override_id

    def _forget(self) -> None:
        entities = sorted(self.membership())
        if not entities:
            return
        gone = self.rng.choice(entities)
        result = forget(self.wh, gone, clock=lambda: self.now)
        assert result["status"] == "SUCCESS", result
        self.forgotten.add(gone)
        self.overrides = {name: row for name, row in self.overrides.items() if gone not in row}

    def step(self) -> None:
        """A minute passes; rows, the configuration or decisions change, now and then a record is erased."""
        self.now += timedelta(minutes=1)
        if self.rng.random() < 0.5:
            self.change_overrides()
        if self.rng.random() < 0.12:
            self._forget()
        for _ in range(self.rng.choice([0, 1, 5, 12, 24])):
            self.change_row()
        if self.rng.random() < 0.15:
            self._change_configuration()

    def run(self, mode: str, *, dry_run: bool = False) -> dict:
        self.now += timedelta(seconds=1)
        result = run(self.wh, mode, 30, dry_run, clock=lambda: self.now)
        assert result["status"] in ("SUCCESS", "SUCCESS_WITH_WARNINGS", "DRY_RUN_COMPLETE"), result
        return result

    def _evidence(self) -> tuple[nx.Graph, dict[str, str], dict[tuple, list[str]]]:
        """The live records as a graph without edges, their phones, and who shares the values of each rule."""
        graph = nx.Graph()
        phone: dict[str, str] = {}
        groups: dict[tuple, list[str]] = {}
        for entity, row in self.live().items():
            graph.add_node(entity)
            if row["p"]:
                phone[entity] = row["p"].lower()
            for rule in self.config.rules.values():
                values = tuple(row[column] and row[column].lower() for column in rule.match)
                if all(values):
                    groups.setdefault((rule.rule_id, *values), []).append(entity)
        return graph, phone, groups

    def live(self) -> dict[str, dict]:
        """The rows of the records that are neither deleted nor erased."""
        rows = ((f"{name}:{key}", row) for name in self.config.sources for key, row in self.rows[name].items())
        return {entity: row for entity, row in rows if not row["del"] and entity not in self.forgotten}

    def groups(self) -> dict[tuple, list[str]]:
        """Per rule and values the live records that hold them."""
        return self._evidence()[2]

    def expected(self) -> Expected:
        """The partition of the live records by networkx: links by strength, each kept unless it breaks a decision."""
        graph, phone, groups = self._evidence()
        strong: list[tuple] = []
        for (rule_id, *values), members in groups.items():
            rule = self.config.rules[rule_id]
            if 1 < len(members) <= rule.max_group_size:
                strong.append((rule.priority, len(members), sorted(members), rule_id, *values))
        vetoes = [(a, b) for kind, a, b in self.overrides.values() if kind == "UNLINK" and a in graph and b in graph]
        for override_id, (kind, a, b) in self.overrides.items():
            if kind == "LINK" and a in graph and b in graph:
                strong.append((-1, 2, sorted((a, b)), "", override_id))
        limit = self.config.identifiers["p"].max_per_identity or len(phone) + 1
        whole = graph.copy()
        cuts: list[Cut] = []
        for _, _, members, *key in sorted(strong):
            for member in members:
                sides = [nx.node_connected_component(graph, n) if n in graph else set() for n in (member, tuple(key))]
                before = [len({phone[e] for e in side if e in phone}) for side in sides]
                graph.add_edge(member, tuple(key))
                whole.add_edge(member, tuple(key))
                joined = nx.node_connected_component(graph, member)
                together = len({phone[e] for e in joined if e in phone})
                too_many = key[0] != "" and together > max(limit, *before)
                vetoed = any(a in joined and b in joined for a, b in vetoes)
                if too_many or vetoed:
                    graph.remove_edge(member, tuple(key))
                    cuts.append(Cut(member, tuple(key), *sides, is_vetoed=vetoed))
        torn = {
            entity: min(records)
            for records in map(_records, nx.connected_components(whole))
            if any(a in records and b in records for a, b in vetoes)
            or len({phone[e] for e in records if e in phone}) > limit
            for entity in records
        }
        return Expected({part for part in map(_records, nx.connected_components(graph)) if part}, graph, cuts, torn)

    def membership(self) -> dict[str, str]:
        rows = self.connection.execute(
            "select entity_key, resolved_id from idr_out.identity_resolved_membership_current"
        ).fetchall()
        assert len(rows) == len(dict(rows)), "an entity has two membership rows"
        return dict(rows)

    def partition(self) -> set[frozenset[str]]:
        clusters: dict[str, set[str]] = {}
        for entity, resolved in self.membership().items():
            clusters.setdefault(resolved, set()).add(entity)
        return {frozenset(members) for members in clusters.values()}

    def replayed(self) -> dict[str, str]:
        """The membership that the event log tells, from empty."""
        membership: dict[str, str] = {}
        events = self.connection.execute(
            "select event_type, entity_key, resolved_id from idr_out.identity_event"
            " where event_type in ('LEFT', 'JOINED') order by version, event_type desc"
        ).fetchall()
        for event, entity, resolved in events:
            if event == "LEFT":
                assert membership.pop(entity) == resolved
            else:
                assert entity not in membership
                membership[entity] = resolved
        return membership
