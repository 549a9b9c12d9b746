"""What each statement of a round of components does, on random graphs, against the same in Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import duckdb
import pytest

from idr.model import Config
from idr.stages.context import RunContext
from idr.warehouse.duckdb import DuckDBWarehouse

PRIME = 2147483647
NOW = datetime(2024, 6, 1)  # noqa: DTZ001 - as every clock of a run
Pairs = set[tuple[int, int]]


class Round:
    """The tables of one round; nodes whose numbers differ by the prime stand at one place of any drawn order."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.connection = duckdb.connect(":memory:")
        self.ctx = RunContext(
            DuckDBWarehouse(self.connection), Config({}, {}, {}, {}), "x", NOW, version=1, is_full=True
        )
        self.nodes = [number + PRIME * turn for number in self.rng.sample(range(PRIME), 12) for turn in (0, 1, 7)]

    def put(self, table: str, columns: tuple[str, str], pairs: Iterable[tuple[int, int]]) -> None:
        name = f"{self.ctx.work_schema}.{table}_x"
        self.connection.execute(f"create table {name} ({' decimal(38, 0), '.join(columns)} decimal(38, 0))")
        self.connection.executemany(f"insert into {name} values (?, ?)", [*pairs])

    def made(self, file: str, table: str, binds: Mapping[str, int] | None = None) -> list[tuple[int, int]]:
        self.ctx.run_file(f"components/{file}", binds)
        rows = self.connection.execute(f"select * from {self.ctx.work_schema}.{table}_x order by all").fetchall()
        return [(int(a), int(b)) for a, b in rows]

    def edges(self, count: int = 30) -> Pairs:
        pairs = (self.rng.sample(self.nodes, 2) for _ in range(count))
        return {(max(pair), min(pair)) for pair in pairs}

    def hooks(self) -> dict[int, int]:
        return {node: self.rng.choice(self.nodes) for node in self.rng.sample(self.nodes, 20)}


def four_steps(edges: Pairs, order: Callable[[int], tuple[int, int]]) -> list[tuple[int, int]]:
    """Each node that has a neighbour before it goes to the first of these, and from there three times more."""
    hooks: dict[int, int] = {}
    for edge in edges:
        first, last = sorted(edge, key=order)
        hooks[last] = min(first, hooks.get(last, first), key=order)
    found = {node: node for node in hooks}
    for _ in range(4):
        found = {node: hooks.get(at, at) for node, at in found.items()}
    return sorted(found.items())


@pytest.mark.parametrize(("seed", "count"), [(0, 30), (1, 50), (2, 70)])
def test_a_node_hooks_to_its_smallest_neighbour_and_jumps_twice(seed: int, count: int) -> None:
    world = Round(seed)
    edges = world.edges(count)
    world.put("edge_in", ("u", "v"), edges)
    assert world.made("hook", "hook") == four_steps(edges, lambda node: (node, 0))


@pytest.mark.parametrize(("seed", "count"), [(0, 30), (1, 50), (2, 70)])
def test_in_a_drawn_order_a_node_hooks_to_the_first_of_its_neighbours_the_smaller_of_two_at_one_place(
    seed: int, count: int
) -> None:
    world = Round(seed)
    edges = world.edges(count)
    factor = world.rng.randrange(1, PRIME)
    shift = (PRIME - 1 - factor * world.nodes[0]) % PRIME  # its first node stands last
    world.put("edge_in", ("u", "v"), edges)
    found = world.made("hook_random", "hook", {"factor": factor, "shift": shift})
    assert found == four_steps(edges, lambda node: ((factor * (node % PRIME) + shift) % PRIME, node))


def test_a_contraction_joins_where_its_ends_went_each_pair_once() -> None:
    world = Round(1)
    edges, hooks = world.edges(90), world.hooks()
    world.put("edge_in", ("u", "v"), edges)
    world.put("hook", ("id", "r"), hooks.items())
    moved = {tuple(sorted((hooks.get(u, u), hooks.get(v, v)), reverse=True)) for u, v in edges}
    assert any(u == v for u, v in moved)
    assert len(moved) < len(edges)
    assert world.made("contract", "edge_out") == sorted(pair for pair in moved if pair[0] != pair[1])


def test_folding_sends_each_node_where_the_later_rounds_send_what_it_hooked_to() -> None:
    world = Round(2)
    hooks, later = world.hooks(), world.hooks()
    world.put("hook", ("id", "r"), hooks.items())
    world.put("map_in", ("id", "r"), later.items())
    expected = later | {node: later.get(at, at) for node, at in hooks.items()}
    assert world.made("fold", "map_out") == sorted(expected.items())
