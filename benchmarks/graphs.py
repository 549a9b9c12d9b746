"""Graphs with `nodes` nodes numbered from 0, as DuckDB tables `node(id)` and `edge(u, v)`; the same for the same seed.

Ids are shuffled but where a name says otherwise: in a real graph they are hashes. `*_ordered` number the nodes along
the structure, `chains`, `bit_reversed` and `zigzag` are the orders that are worst for algorithms which spread the
smallest label.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Edges = tuple[Ids, Ids]


def _shuffled(edges: Edges, nodes: int, rng: np.random.Generator) -> Edges:
    ids = rng.permutation(nodes)
    return ids[edges[0]], ids[edges[1]]


def _line(ids: Ids) -> Edges:
    return ids[:-1], ids[1:]


def path(nodes: int, rng: np.random.Generator) -> Edges:
    return _line(rng.permutation(nodes))


def path_ordered(nodes: int, _rng: np.random.Generator) -> Edges:
    return _line(np.arange(nodes))


def zigzag(nodes: int, _rng: np.random.Generator) -> Edges:
    """A path numbered 0, n-1, 1, n-2, ...: every second node is a local minimum."""
    step = np.arange(nodes)
    return _line(np.where(step % 2 == 0, step // 2, nodes - 1 - step // 2))


def bit_reversed(nodes: int, _rng: np.random.Generator) -> Edges:
    """A path on which about half of the nodes are local minima, and again after each contraction."""
    bits = max(1, int(np.ceil(np.log2(nodes))))
    step = np.arange(nodes)
    reversed_step = np.zeros(nodes, dtype=np.int64)
    for bit in range(bits):
        reversed_step |= ((step >> bit) & 1) << (bits - 1 - bit)
    return _line(np.argsort(np.argsort(reversed_step)))


def chains(nodes: int, _rng: np.random.Generator) -> Edges:
    """Chains of 100 nodes, numbered so that all first nodes come before all second ones, and so on."""
    length = min(100, nodes)
    count = nodes // length
    ids = np.arange(length)[None, :] * count + np.arange(count)[:, None]
    return ids[:, :-1].ravel(), ids[:, 1:].ravel()


def _grid(nodes: int) -> Edges:
    side = int(np.sqrt(nodes))
    ids = np.arange(side * side).reshape(side, side)
    right, down = (ids[:, :-1], ids[:, 1:]), (ids[:-1, :], ids[1:, :])
    return np.concatenate([right[0].ravel(), down[0].ravel()]), np.concatenate([right[1].ravel(), down[1].ravel()])


def grid(nodes: int, rng: np.random.Generator) -> Edges:
    return _shuffled(_grid(nodes), nodes, rng)


def grid_ordered(nodes: int, _rng: np.random.Generator) -> Edges:
    return _grid(nodes)


def star(nodes: int, rng: np.random.Generator) -> Edges:
    return _shuffled((np.zeros(nodes - 1, dtype=np.int64), np.arange(1, nodes)), nodes, rng)


def tree(nodes: int, rng: np.random.Generator) -> Edges:
    """A complete binary tree."""
    child = np.arange(1, nodes)
    return _shuffled((child, (child - 1) // 2), nodes, rng)


def power_law(nodes: int, rng: np.random.Generator) -> Edges:
    """1.2 edges a node; one end uniform, the other by weights with the exponent 2.3 (Chung and Lu, 2002)."""
    weights = np.cumsum(np.arange(1, nodes + 1) ** (-1 / 1.3))
    count = nodes * 12 // 10
    left = np.minimum(np.searchsorted(weights, rng.random(count) * weights[-1]), nodes - 1)
    return _shuffled((left, rng.integers(0, nodes, count)), nodes, rng)


def retail(nodes: int, rng: np.random.Generator) -> Edges:
    """Match keys of people: groups of 1 to 20 keys, 1.3 edges a key within them, 1 % of the people tied to the next."""
    sizes = np.array([1, 2, 3, 4, 5, 6, 8, 10, 15, 20])
    share = np.array([0.45, 0.22, 0.12, 0.07, 0.05, 0.035, 0.025, 0.015, 0.01, 0.005])
    size = rng.choice(sizes, nodes // 2, p=share / share.sum())
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    person = np.repeat(np.arange(len(size)), size)[:nodes]
    node = np.arange(len(person))
    place = node - first[person]
    inner = place > 0
    tree_edges = (node[inner], first[person[inner]] + (rng.random(inner.sum()) * place[inner]).astype(np.int64))
    more = rng.random(len(node)) < 0.3
    extra = (
        node[more],
        np.minimum(first[person[more]] + (rng.random(more.sum()) * size[person[more]]).astype(np.int64), nodes - 1),
    )
    tied = first[1:][(first[1:] < nodes) & (rng.random(len(first) - 1) < 0.01)]
    left, right = zip(tree_edges, extra, (tied, tied - 1), strict=True)
    return _shuffled((np.concatenate(left), np.concatenate(right)), nodes, rng)


GRAPHS: dict[str, Callable[[int, np.random.Generator], Edges]] = {
    graph.__name__: graph
    for graph in (
        retail, path, path_ordered, zigzag, bit_reversed, chains, grid, grid_ordered, star, tree, power_law,
    )
}  # fmt: skip


def write(name: str, nodes: int, seed: int, file: Path) -> int:
    """Write the graph to a new database file; return its edges. A grid has the next smaller square of nodes."""
    left, right = GRAPHS[name](nodes, np.random.default_rng(seed))
    apart = left != right
    with duckdb.connect(str(file)) as connection:
        connection.register("graph", {"u": left[apart], "v": right[apart]})
        connection.execute("create table edge as select u, v from graph")
        connection.execute("create table node as select range as id from range($nodes)", {"nodes": nodes})
    return int(apart.sum())
