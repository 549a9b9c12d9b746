"""What explain and show tell agrees with the records, in random worlds and where links were cut."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import pytest

from idr import overrides
from idr.explain import explain
from idr.model import Guardrails
from idr.show import show
from tests.resolution.histories import World
from tests.resolution.shop import NOW, Shop


@pytest.mark.parametrize("seed", range(0, 24, 3))
def test_a_chain_is_told_exactly_where_two_records_are_one(seed: int) -> None:
    world = World(seed)
    for _ in range(3):
        world.step()
        world.run("INCR")
    at = world.membership()
    _, _, groups = world._evidence()
    linked = {frozenset((a, b)) for kind, a, b in world.overrides.values() if kind == "LINK"}
    pairs = list(combinations(sorted(at), 2))
    for a, b in world.rng.sample(pairs, min(40, len(pairs))):
        answer = explain(world.wh, a, b)
        assert answer["linked"] == (at[a] == at[b])
        if not answer["linked"]:
            assert answer["reason"]
            assert answer["cause"]["kind"] != "unpublished"
            continue
        ends = [a, *(step["to"] for step in answer["path"])]
        assert [step["from"] for step in answer["path"]] == ends[:-1]
        assert ends[-1] == b
        for step in answer["path"]:
            assert at[step["from"]] == at[a]
            shared = [
                members
                for key, members in groups.items()
                if key[0] == step["rule_id"] and step["from"] in members and step["to"] in members
            ]
            forced = frozenset((step["from"], step["to"])) in linked and step["override"] is not None
            assert shared or forced
            assert step["since_run_id"]
    world.connection.close()


@pytest.mark.parametrize("seed", range(1, 24, 3))
def test_without_a_weakest_link_as_many_fall_off_as_told(seed: int) -> None:
    world = World(seed)
    for _ in range(3):
        world.step()
        world.run("INCR")
    for resolved_id in sorted(set(world.membership().values())):
        told = show(world.wh, resolved_id, limit=1000)
        graph = nx.Graph()
        names = [row["entity_key"] for row in told["members"]]
        graph.add_nodes_from(names)
        for number, link in enumerate(told["links"]):
            if link["members"] <= 10:
                graph.add_edges_from((entity, number) for entity in link["sample"])
        if any(link["members"] > 10 for link in told["links"]):
            continue
        assert nx.number_connected_components(graph) == 1
        apart = set()
        for entity, key in nx.bridges(graph):
            graph.remove_edge(entity, key)
            side = {node for node in nx.node_connected_component(graph, entity) if isinstance(node, str)}
            graph.add_edge(entity, key)
            apart.add(frozenset((frozenset(side), frozenset(names) - side)))
        found = {min(sides, key=lambda side: (len(side), sorted(side))) for sides in apart}
        assert sorted(row["members"] for row in told["weakest"]) == sorted(len(side) for side in found)
    world.connection.close()


def test_a_cut_link_is_no_evidence() -> None:
    """3 and 4 share a phone with 2, but both holds are cut: between them the phone says nothing any more."""
    shop = Shop(guardrails=Guardrails(None, None, None, None, None, None, None, None))
    shop.add((1, "e@x.org", None, "a", NOW), (2, None, "555", "b", NOW))
    shop.add((3, "e@x.org", "555", "c", NOW), (4, "e@x.org", "555", "d", NOW))
    shop.run("FULL")
    assert len(show(shop.wh, "shop:1")["links"]) == 2
    overrides.add(shop.wh, "UNLINK", "shop:1", "shop:2", "no", "ann", shop.now)
    shop.run()
    told = show(shop.wh, "shop:1")
    assert [(row["rule_id"], row["sample"]) for row in told["links"]] == [("email", ["shop:1", "shop:3", "shop:4"])]
    assert [(row["action"], row["entity_key"]) for row in told["conflicts"]] == [("CUT", "shop:3"), ("CUT", "shop:4")]
    assert explain(shop.wh, "shop:2", "shop:3")["cause"]["kind"] == "cut"
