from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from idr.bridges import bridges

edges = st.lists(st.tuples(st.integers(0, 11), st.integers(12, 20)), max_size=40)


def neighbours(graph: nx.Graph) -> dict[int, list[int]]:
    return {node: sorted(graph[node]) for node in sorted(graph)}


@given(edges)
def test_bridges_are_those_that_networkx_finds(pairs: list[tuple[int, int]]) -> None:
    graph = nx.Graph(pairs)
    _, found = bridges(neighbours(graph))
    assert {frozenset((item.near, item.far)) for item in found} == {frozenset(edge) for edge in nx.bridges(graph)}
    assert len(found) == len(list(nx.bridges(graph)))


@given(edges)
def test_the_far_side_is_what_falls_off(pairs: list[tuple[int, int]]) -> None:
    graph = nx.Graph(pairs)
    order, found = bridges(neighbours(graph))
    for bridge in found:
        graph.remove_edge(bridge.near, bridge.far)
        assert sorted(order[bridge.start : bridge.end]) == sorted(nx.node_connected_component(graph, bridge.far))
        graph.add_edge(bridge.near, bridge.far)


def test_a_long_chain_needs_no_stack() -> None:
    _, found = bridges(neighbours(nx.path_graph(100_000)))
    assert len(found) == 99_999
    assert max(bridge.end - bridge.start for bridge in found) == 99_999
