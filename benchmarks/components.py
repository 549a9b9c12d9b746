"""Connected components: our stage beside its peers, on graphs of every shape; each partition must be that of scipy.

The rounds of our loop must not exceed 2 log2 of the nodes. Solvers that need more than the limit are left out.
"""

from __future__ import annotations

import tempfile
from math import log2
from pathlib import Path

from benchmarks.graphs import GRAPHS, write
from benchmarks.measure import Figures, in_turns
from benchmarks.options import Options
from benchmarks.solvers import SOLVERS

ROWS = 100_000
_SMALL = 1_000_000  # nodes up to which Python's own objects are tried


def bench(
    options: Options, graphs: tuple[str, ...] = tuple(GRAPHS), solvers: tuple[str, ...] = tuple(SOLVERS)
) -> list[Figures]:
    """One row per graph and solver. Raises ValueError when a partition is wrong or the rounds are too many."""
    rows: list[Figures] = []
    for name in graphs:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "graph.duckdb"
            edges = write(name, options.rows, options.seed, file)
            used = [solver for solver in solvers if solver != "networkx" or options.rows <= _SMALL]
            calls = {
                solver: ("benchmarks.solvers:solve", {"name": solver, "graph": str(file), "folder": folder})
                for solver in used
            }
            found = in_turns(calls, options.rounds, options.limit)
        rows += [_row(name, options.rows, edges, solver, figures, found["scipy"]) for solver, figures in found.items()]
    return rows


def _row(graph: str, nodes: int, edges: int, solver: str, figures: Figures, reference: Figures) -> Figures:
    row: Figures = {"graph": graph, "nodes": nodes, "edges": edges, "solver": solver}
    if not figures:
        return row
    if figures["partition"] != reference["partition"]:
        raise ValueError(f"{solver} finds another partition of {graph} with {nodes} nodes than scipy")
    if solver.startswith("idr") and figures["rounds"] > 2 * log2(nodes):
        raise ValueError(f"{solver} needs {figures['rounds']} rounds for {graph} with {nodes} nodes")
    return row | figures | {"ratio": figures["seconds"] / reference["seconds"]}
