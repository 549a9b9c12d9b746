"""Ways to connected components: from the DuckDB tables `node(id)` and `edge(u, v)` to the table `label(id, label)`.

Nodes are numbered from 0 and edges have any direction. Everything from the first read to the last write is timed,
the import of libraries is not.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from benchmarks.counted import Counted
from benchmarks.measure import Figures, peak_megabytes
from idr.model import Config
from idr.stages.components import components
from idr.stages.context import RunContext
from idr.warehouse.duckdb import DuckDBWarehouse

Connection = duckdb.DuckDBPyConnection
_ENOUGH_ROUNDS = 10_000
_LIBRARIES = {
    "scipy": "scipy.sparse.csgraph",
    "splink": "splink.clustering",
    "igraph": "igraph",
    "networkx": "networkx",
}


def idr(connection: Connection) -> Figures:
    """Our own, on the numbers as they are."""
    return _own(connection, "")


def idr_wide(connection: Connection) -> Figures:
    """Our own, on 126-bit numbers as a run has them."""
    return _own(connection, "* cast(68719476767 as hugeint) * 274877906951")


def _own(connection: Connection, factor: str) -> Figures:
    counted = Counted(connection)
    now = datetime(2026, 1, 1)  # noqa: DTZ001 - as every clock of a run
    ctx = RunContext(DuckDBWarehouse(counted), Config({}, {}, {}, {}), "bench", now, version=1, is_full=True)
    counted.reset()
    counted.execute(
        f"create view {ctx.work_schema}.edge_0_bench as"
        f" select greatest(u, v) {factor} as u, least(u, v) {factor} as v from edge"
    )
    rounds = components(ctx, _ENOUGH_ROUNDS)
    first, later = (f"{ctx.work_schema}.{ctx.table_names[name]}_bench" for name in ("first_hook", "later_hook"))
    counted.execute(
        f"create table label as select n.id, coalesce(l.r, f.r, n.wide) as label"
        f" from (select id, id {factor} as wide from node) as n"
        f" left join {first} as f on n.wide = f.id left join {later} as l on coalesce(f.r, n.wide) = l.id"
    )
    return {"rounds": rounds, **counted.figures()}


def scipy(connection: Connection) -> Figures:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes, left, right = _arrays(connection)
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(nodes, nodes))
    _write(connection, connected_components(graph, directed=False)[1])
    return {}


def igraph(connection: Connection) -> Figures:
    from igraph import Graph

    nodes, left, right = _arrays(connection)
    graph = Graph(n=nodes, edges=np.column_stack([left, right]))
    _write(connection, np.array(graph.connected_components().membership))
    return {}


def networkx(connection: Connection) -> Figures:
    import networkx as nx

    nodes, left, right = _arrays(connection)
    graph = nx.empty_graph(nodes)
    graph.add_edges_from(zip(left.tolist(), right.tolist(), strict=True))
    labels = np.empty(nodes, dtype=np.int64)
    for number, members in enumerate(nx.connected_components(graph)):
        labels[list(members)] = number
    _write(connection, labels)
    return {}


def splink(connection: Connection) -> Figures:
    from splink import DuckDBAPI
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    api = DuckDBAPI(connection=connection)
    found = cluster_pairwise_predictions_at_threshold(
        api.register("node"),
        api.register("edge"),
        api,
        "id",
        edge_id_column_name_left="u",
        edge_id_column_name_right="v",
    )
    connection.execute(f"create table label as select id, cluster_id as label from {found.physical_name}")
    return {}


def using_key(connection: Connection) -> Figures:
    """The recursive CTE that DuckDB's documentation gives, with a minimum per node and round."""
    connection.execute("""
        create table label as
        with recursive
            both_ways as materialized (select u, v from edge union all select v, u from edge),
            found(id, label) using key (id) as (
                select id, id from node
                union
                select b.u, min(f.label)
                from found as f
                join both_ways as b on b.v = f.id
                join recurring.found as r on r.id = b.u
                where f.label < r.label
                group by b.u
            )
        select id, label from found
    """)
    return {}


def label_propagation(connection: Connection) -> Figures:
    """As most SQL projects write it: every node takes the smallest label around it until none changes."""
    counted = connection if isinstance(connection, Counted) else Counted(connection)
    counted.execute("create table label as select id, id as label from node")
    rounds, is_changing = 0, True
    while is_changing:
        rounds += 1
        counted.execute("""
            create table next_label as
            with both_ways as (select u, v from edge union all select v, u from edge),
            candidate as (
                select id, label from label
                union all
                select b.u, l.label from both_ways as b join label as l on l.id = b.v
            )
            select id, min(label) as label from candidate group by id
        """)
        changed = "select count(*) from label as a join next_label as b using (id) where a.label <> b.label"
        is_changing = counted.execute(changed).fetchall() != [(0,)]
        counted.execute("drop table label")
        counted.execute("alter table next_label rename to label")
    return {"rounds": rounds, **counted.figures()}


SOLVERS: dict[str, Callable[[Connection], Figures]] = {
    solver.__name__: solver for solver in (scipy, idr, idr_wide, splink, igraph, networkx, using_key, label_propagation)
}


def _arrays(connection: Connection) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    nodes = connection.execute("select count(*) from node").fetchall()[0][0]
    edges = connection.execute("select u, v from edge").fetchnumpy()
    return nodes, edges["u"], edges["v"]


def _write(connection: Connection, labels: NDArray[np.int64]) -> None:
    connection.register("labels", {"id": np.arange(len(labels)), "label": labels})
    connection.execute("create table label as select id, label from labels")


def solve(name: str, graph: str, folder: str) -> Figures:
    """Seconds, peak memory and a fingerprint of the partition that one solver finds for the graph in a file."""
    importlib.import_module(_LIBRARIES.get(name, "duckdb"))
    scratch = Path(folder) / "scratch.duckdb"
    scratch.unlink(missing_ok=True)
    with duckdb.connect(str(scratch)) as connection:
        connection.execute(f"attach '{graph}' as graph (read_only)")
        connection.execute("create view node as select id from graph.node")
        connection.execute("create view edge as select u, v from graph.edge")
        started, worked = time.perf_counter(), time.process_time()
        figures = SOLVERS[name](connection)
        figures |= {
            "seconds": time.perf_counter() - started,
            "cpu_seconds": time.process_time() - worked,
            "peak_mb": round(peak_megabytes()),
        }
        figures["partition"] = _fingerprint(connection)
    return figures


def _fingerprint(connection: Connection) -> str:
    """The number of nodes and components, and 128 bits that depend on nothing but who is with whom."""
    [row] = connection.execute("""
        with first as (select label, min(id) as first from label group by label)
        select count(*), count(distinct f.first), bit_xor(md5_number(l.id || '/' || f.first))
        from label as l join first as f using (label)
    """).fetchall()
    return " ".join(map(str, row))
