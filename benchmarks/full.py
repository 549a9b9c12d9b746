"""A FULL run beside the floor and beside what most SQL projects do, on copies of one retail base.

The floor is what DuckDB alone needs to read, normalise in the plainest way and write membership, clusters and golden
profiles with the components given; `floor_same_forms` normalises as a run does, so that it writes the same values.
`propagation` is the floor that finds the components itself, by label propagation over numbered records. `usual` writes
what a run writes, as most SQL projects do: label propagation over the records' own keys, upserts, the engine as it
comes. `idr` does everything: provenance, diff, events, evidence, gate, one transaction; `idr_bounded` does it in
bounded memory.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks import retail
from benchmarks.counted import Counted
from benchmarks.measure import Figures, in_turns, written_megabytes
from benchmarks.options import Options
from benchmarks.solvers import label_propagation
from idr.stages.source_query import Reading, described, records_query
from idr.warehouse import Binds, Warehouse
from idr.warehouse.duckdb import DuckDBWarehouse

ROWS = 1_000_000
CONTENDERS = ("floor", "floor_same_forms", "idr", "propagation", "usual", "idr_bounded")
_GIVEN = (
    "create table idr_given as select r.entity_key, l.label as resolved_id"
    " from node_record as r join label as l using (id)"
)


def bench(options: Options, contenders: tuple[str, ...] = CONTENDERS) -> list[Figures]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "retail.duckdb"
        rows = retail.generate(base, options.rows, options.seed, options.shape)
        _give_components(base)
        calls = {name: (f"benchmarks.full:{name}", {"base": str(base)}) for name in contenders}
        if "idr_bounded" in calls:
            calls["idr_bounded"] = ("benchmarks.full:idr", {"base": str(base), "memory": bounded(rows)})
        found = in_turns(calls, options.rounds, options.limit)
    floors = {
        column: found[name]["seconds"]
        for column, name in (("ratio", "floor"), ("to_same_forms", "floor_same_forms"))
        if name in found
    }
    return [
        {
            "contender": name.replace("_", " "),
            "rows": rows,
            **figures,
            **({key: figures["seconds"] / least for key, least in floors.items()} if figures else {}),
        }
        for name, figures in found.items()
    ]


def bounded(rows: int) -> str:
    """A `memory_limit` with which the process keeps to 0.5 GB and 300 bytes a row: Python and the engine add to it."""
    return f"{350 + rows * 250 // 10**6}MB"


def idr(base: str, memory: str = "") -> Figures:
    """A first FULL run, with DuckDB's `memory_limit` when one is given; seconds in all and per stage."""
    config = {"memory_limit": memory} if memory else {}
    with retail.copied(base) as path, duckdb.connect(str(path), config=config) as connection:
        counted = Counted(connection)
        wh = DuckDBWarehouse(counted)
        retail.configure(wh)
        counted.reset()
        before = written_megabytes()
        started = time.perf_counter()
        retail.published(wh, "FULL")
        seconds = time.perf_counter() - started
        figures = {**counted.figures(), "written_mb": written_megabytes() - before}
        parts = dict(connection.execute("select stage, seconds from idr_out.stage_metrics").fetchall())
        parts["publish and the rest"] = seconds - sum(parts.values())
        return {"seconds": seconds, **figures, "parts": parts}


def floor(base: str) -> Figures:
    """The statements of `floor.sql`; seconds in all and per statement."""
    with retail.copied(base) as path, duckdb.connect(str(path)) as connection:
        counted = _plain(connection)
        before = written_megabytes()
        parts = {_target(statement): _seconds(counted, statement) for statement in retail.statements("floor")}
        figures = {**counted.figures(), "written_mb": written_megabytes() - before}
        return {"seconds": sum(parts.values()), **figures, "parts": parts}


def floor_same_forms(base: str) -> Figures:
    """`floor`, but the values are normalised as a run does: what is written is the same."""
    with retail.copied(base) as path, duckdb.connect(str(path)) as connection:
        counted = Counted(connection)
        wh = DuckDBWarehouse(counted)
        retail.configure(wh)
        query, binds = _reading(wh)
        schema, _, *outputs = retail.statements("floor")
        counted.execute(schema)
        counted.reset()
        before = written_megabytes()
        started = time.perf_counter()
        wh.execute(f"create table floor.record as {query}", binds)
        parts = {"floor.record": time.perf_counter() - started}
        parts |= {_target(statement): _seconds(counted, statement) for statement in outputs}
        figures = {**counted.figures(), "written_mb": written_megabytes() - before}
        return {"seconds": sum(parts.values()), **figures, "parts": parts}


def _reading(wh: Warehouse) -> tuple[str, Binds]:
    """What a FULL run reads, with the floor's names of columns."""
    config, types = retail.configured(wh)
    readings = [Reading(source, None) for source in config.sources.values()]
    query, binds = records_query(
        config, readings, [described(wh, one, types[one.source.source_id]) for one in readings]
    )
    attributes = ", ".join(f"a_{name} as {name}" for name in config.attributes)
    identifiers = ", ".join(f"i_{name}" for name in sorted(config.identifiers))
    return f"select entity_key, {identifiers}, {attributes}, record_ts as updated_at from ({query}) as r", binds


def propagation(base: str) -> Figures:
    """The same with the components found by label propagation over a star of records per value."""
    with retail.copied(base) as path, duckdb.connect(str(path)) as connection:
        counted = _plain(connection)
        before = written_megabytes()
        counted.execute("drop table idr_given")
        schema, record, *outputs = retail.statements("floor")
        parts = {"floor.record": _seconds(counted, schema) + _seconds(counted, record)}
        parts["edges"] = sum(_seconds(counted, statement) for statement in retail.statements("propagation"))
        started = time.perf_counter()
        label_propagation(counted)
        parts["components"] = time.perf_counter() - started
        parts["components"] += _seconds(counted, _GIVEN)
        parts |= {_target(statement): _seconds(counted, statement) for statement in outputs}
        figures = {**counted.figures(), "written_mb": written_megabytes() - before}
        return {"seconds": sum(parts.values()), **figures, "parts": parts}


def usual(base: str) -> Figures:
    """All outputs of a run, around a label propagation over the records' own keys, with the engine's own options."""
    with retail.copied(base) as path, duckdb.connect(str(path)) as connection:
        counted = Counted(connection)
        before = written_megabytes()
        schema, record, *_ = retail.statements("floor")
        parts = {"floor.record": _seconds(counted, schema) + _seconds(counted, record)}
        parts["edges"] = sum(_seconds(counted, statement) for statement in retail.statements("usual_edges"))
        parts["components"] = _propagate(counted)
        parts["outputs"] = sum(_seconds(counted, statement) for statement in retail.statements("usual_outputs"))
        figures = {**counted.figures(), "written_mb": written_megabytes() - before}
        return {"seconds": sum(parts.values()), **figures, "parts": parts}


def _propagate(counted: Counted) -> float:
    """Rounds of `usual_round.sql` until no label changes; the seconds that they take."""
    started = time.perf_counter()
    [statement] = retail.statements("usual_round")
    changed = (
        "select count(*) from floor.label as a join floor.next_label as b using (entity_key) where a.label <> b.label"
    )
    while True:
        counted.execute(statement)
        is_done = counted.execute(changed).fetchall() == [(0,)]
        counted.execute("drop table floor.label")
        counted.execute("alter table floor.next_label rename to label")
        if is_done:
            return time.perf_counter() - started


def _plain(connection: duckdb.DuckDBPyConnection) -> Counted:
    """A connection with the engine's options that a run sets as well."""
    DuckDBWarehouse(connection)
    return Counted(connection)


def _target(statement: str) -> str:
    return statement[statement.index("floor") :].split(maxsplit=1)[0]


def _seconds(counted: Counted, statement: str) -> float:
    started = time.perf_counter()
    counted.execute(statement)
    return time.perf_counter() - started


def _give_components(base: Path) -> None:
    """Leave in the database, for the floor, the components that a run finds."""
    with retail.copied(base) as solved:
        with duckdb.connect(str(solved)) as connection:
            wh = DuckDBWarehouse(connection)
            retail.configure(wh)
            retail.published(wh, "FULL")
        with duckdb.connect(str(base)) as connection:
            connection.execute(f"attach '{solved}' as solved (read_only)")
            connection.execute(
                "create table idr_given as select entity_key, resolved_id"
                " from solved.idr_out.identity_resolved_membership_current"
            )
