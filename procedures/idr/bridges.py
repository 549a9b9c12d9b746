"""Bridges of a graph: the edges without which it falls into two.

Low-link numbers of a depth-first search, in time linear in nodes and edges: Tarjan, "A note on finding the bridges of
a graph" (1974). Iterative, because an identity may be a chain longer than Python's stack.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Bridge(Generic[Node]):
    """An edge that alone joins two parts: what hangs on `far` is `order[start:end]` of the search."""

    near: Node
    far: Node
    start: int
    end: int


def bridges(neighbours: Mapping[Node, Sequence[Node]]) -> tuple[list[Node], list[Bridge[Node]]]:
    """The nodes in the order of the search, and the bridges of a simple undirected graph.

    `neighbours` lists every edge from both ends. The part on the far side of a bridge is a run of the order, so that
    the parts of all bridges take no more room than the nodes.
    """
    order: list[Node] = []
    entered: dict[Node, int] = {}
    low: dict[Node, int] = {}
    found: list[Bridge[Node]] = []

    def enter(node: Node) -> Iterator[Node]:
        low[node] = entered[node] = len(order)
        order.append(node)
        return iter(neighbours[node])

    for root in neighbours:
        if root in entered:
            continue
        path: list[tuple[Node, Node | None, Iterator[Node]]] = [(root, None, enter(root))]
        while path:
            node, parent, waiting = path[-1]
            other = next(waiting, None)
            if other is None:
                path.pop()
                if parent is not None:
                    low[parent] = min(low[parent], low[node])
                    if low[node] > entered[parent]:
                        found.append(Bridge(parent, node, entered[node], len(order)))
            elif other not in entered:
                path.append((other, node, enter(other)))
            elif other != parent:
                low[node] = min(low[node], entered[other])
    return order, found
