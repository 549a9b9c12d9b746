"""Records that hold up to six match keys, some of them in groups over the cap, beside what networkx finds."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import networkx as nx
import pytest

from idr.model import Identifier, Rule
from tests.resolution.shop import NOW, UNLIMITED, WATCHED, Shop

CAP = 3
NAMES = ("a", "b", "c", "d", "e", "f")
Record = dict[str, str | None]


def shop_of_six() -> Shop:
    shop = Shop(
        guardrails=UNLIMITED,
        sources={
            "shop": replace(
                WATCHED["shop"], table="shop.six", identifiers={name: name for name in NAMES}, attributes={}
            )
        },
        identifiers={name: Identifier(name, "none") for name in NAMES},
        rules={name: Rule(name, (name,), rank, CAP) for rank, name in enumerate(NAMES)},
    )
    shop.query(f"create table shop.six (id bigint, {', '.join(f'{name} varchar' for name in NAMES)}, upd timestamp)")
    return shop


def drawn(rng: random.Random) -> Record:
    """Values of which some are shared by two or three records and some by more than the cap allows."""
    return {name: rng.choice((None, "often", *(f"{name}{rng.randrange(120)}" for _ in range(3)))) for name in NAMES}


def expected(records: dict[int, Record]) -> list[list[str]]:
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    graph = nx.Graph()
    for number, record in records.items():
        graph.add_node(f"shop:{number}")
        for name, value in record.items():
            if value is not None:
                holders[name, value].append(f"shop:{number}")
    for members in holders.values():
        if len(members) <= CAP:
            nx.add_path(graph, members)
    return sorted(sorted(part) for part in nx.connected_components(graph))


@pytest.mark.parametrize("seed", range(4))
def test_records_of_many_keys_are_joined_by_each_that_is_live_and_by_no_other(seed: int) -> None:
    rng = random.Random(seed)
    shop = shop_of_six()
    records = {number: drawn(rng) for number in range(60)}
    for turn in range(4):
        shop.query("delete from shop.six")
        upd = NOW + timedelta(days=turn)
        shop.connection.executemany(
            f"insert into shop.six values ({', '.join('?' * 8)})",
            [(number, *record.values(), upd) for number, record in records.items()],
        )
        assert shop.run("INCR" if turn else "FULL")["gate"] == "PASS"
        assert shop.clusters() == expected(records)
        for number in rng.sample(sorted(records), 8):
            del records[number]
        records |= {100 * (turn + 1) + number: drawn(rng) for number in range(8)}
