"""A cost model for Snowflake, from the statement logs of real runs. Nothing here was measured on Snowflake.

    seconds = statements * latency + (bytes read / scan rate + bytes written / write rate) / speed of the warehouse

Bytes come from the logs of three sizes: what a run takes with a row more is the slope between the last two. The rates
are fitted to the seconds of the statements of the two smaller sizes; `error` tells how far they miss the seconds of the
largest one, given its bytes, and the costs below it are worth no more than that. How fast a node of Snowflake is beside
this machine is a guess between two ends: a load that Snowflake published, and eight cores against two.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from scipy.optimize import nnls

from benchmarks import retail
from benchmarks.measure import Figures, measured
from benchmarks.options import Options
from benchmarks.statement_log import Sent, StatementLog
from idr.warehouse.duckdb import DuckDBWarehouse

ROWS = 1_000_000
RECORDS = (10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000)
WAREHOUSES = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
"""Each with twice the credits of the one before, from 1 an hour: docs.snowflake.com/user-guide/warehouses-overview."""

TOLD = ("FULL", "INCR, 0.1 %")
_SMALL = 100_000
_REGULAR_LOAD = 28.8e9 / 614 / 32
"""Rows a second and node: 28.8 billion of STORE_SALES from Parquet in 614 s on 32 nodes of a 2X-Large:
snowflake.com/en/engineering-blog/loading-terabytes-into-snowflake-speeds-feeds-techniques."""


@dataclass(frozen=True)
class Volume:
    """What a run is, to the model. Bytes before compression; `requests` are statements, those that only define too."""

    requests: float
    read: float
    written: float
    rewritten: float

    def at(self, rows: int, larger: Volume, more_rows: int, wanted: int) -> Volume:
        """The straight line through two sizes, at a third one; statements stay as they are at the larger one."""
        share = (wanted - rows) / (more_rows - rows)
        here, there = (self.read, self.written, self.rewritten), (larger.read, larger.written, larger.rewritten)
        return Volume(larger.requests, *(max(a + share * (b - a), 0.0) for a, b in zip(here, there, strict=True)))


@dataclass(frozen=True)
class Rates:
    """Seconds a statement, and bytes a second."""

    latency: float
    scan: float
    write: float

    def seconds(self, volume: Volume, *, rewrites: bool = False) -> float:
        written = volume.written + (volume.rewritten if rewrites else 0.0)
        read = volume.read + (volume.rewritten if rewrites else 0.0)
        return volume.requests * self.latency + read / self.scan + written / self.write


@dataclass(frozen=True)
class Node:
    """A guess at Snowflake: seconds a statement, one node beside this machine, and what a doubling of nodes gives."""

    latency: float
    speed: float
    doubling: float

    def seconds(self, volume: Volume, rates: Rates, size: int) -> float:
        work = Volume(0.0, volume.read, volume.written, volume.rewritten)
        return volume.requests * self.latency + rates.seconds(work, rewrites=True) / self.speed / self.doubling**size


def bench(options: Options) -> list[Figures]:
    sizes = [options.rows // 9, options.rows // 3, options.rows]
    logs = [_logged(size, options.seed, options.shape) for size in sizes]
    rates = fitted([sent for log in logs[:2] for run in log["runs"].values() for sent in run])
    copied = measured("benchmarks.scale:load_rate")
    cautious = Node(1.0, _REGULAR_LOAD / (copied or {})["rows_a_second"], 1.5)
    hopeful = Node(0.3, 8 / 2, 1.9)
    rows: list[Figures] = []
    for name in logs[2]["runs"]:
        small, large = (volume(log["runs"][name]) for log in logs[1:])
        seconds = sum(sent.seconds for sent in logs[2]["runs"][name])
        expected = rates.seconds(small.at(logs[1]["rows"], large, logs[2]["rows"], logs[2]["rows"]))
        rows.append(
            {
                "contender": name,
                "records": logs[2]["rows"],
                **_figures(large),
                "measured seconds": f"{seconds:.2f}",
                "model": f"{expected:.2f}",
                "error": f"{expected / seconds - 1:+.0%}",
                "parts": _slopes(logs[1], logs[2], name),
            }
        )
    for name in TOLD:
        small, large = (volume(log["runs"][name]) for log in logs[1:])
        for records in RECORDS:
            needed = small.at(logs[1]["rows"], large, logs[2]["rows"], records)
            costs = {
                size: _cost(hopeful.seconds(needed, rates, place), cautious.seconds(needed, rates, place), 2**place)
                for place, size in enumerate(WAREHOUSES)
            }
            rows.append({"contender": name, "records": records, **_figures(needed), **costs})
    told = {
        "scan MB/s": rates.scan / 1e6,
        "write MB/s": rates.write / 1e6,
        "latency ms": rates.latency * 1e3,
        "cautious node": cautious.speed,
    }
    print(", ".join(f"{name} {value:.2f}" for name, value in told.items()))
    return rows


def _cost(least: float, most: float, credits_an_hour: int) -> str:
    """Minutes and credits; a start is billed for a minute at least."""
    bills = [max(seconds, 60.0) / 3600 * credits_an_hour for seconds in (least, most)]
    return f"{least / 60:,.1f} to {most / 60:,.1f} min, {bills[0]:,.2f} to {bills[1]:,.2f}"


def _figures(found: Volume) -> Figures:
    told = {"read": found.read, "written": found.written, "rewritten": found.rewritten}
    return {"requests": found.requests, **{f"GB {name}": f"{value / 1e9:,.2f}" for name, value in told.items()}}


def volume(run: list[Sent]) -> Volume:
    """The sum of a log; the drops of work tables are one request on Snowflake."""
    drops = sum(sent.text.startswith("drop table") for sent in run)
    return Volume(
        len(run) - drops + bool(drops),
        sum(sent.read for sent in run),
        sum(sent.written for sent in run),
        sum(sent.rewritten for sent in run),
    )


def fitted(sent: list[Sent]) -> Rates:
    """Latency from the statements that move nearly nothing, the rates from all, by least squares."""
    latency = float(np.median([item.seconds for item in sent if item.read + item.written < _SMALL]))
    bytes_moved = np.array([[item.read, item.written] for item in sent])
    left = np.array([max(item.seconds - latency, 0.0) for item in sent])
    seconds_a_byte, _ = nnls(bytes_moved, left)
    scan, write = (1 / max(value, 1e-12) for value in seconds_a_byte)
    return Rates(latency, scan, write)


def _slopes(small: Figures, large: Figures, run: str) -> dict[str, float]:
    """Bytes read and written a row more, of the statements that move the most."""
    found: dict[str, float] = defaultdict(float)
    for log, sign in ((small, -1), (large, 1)):
        for sent in log["runs"][run]:
            found[" ".join(sent.text.split())[:70]] += sign * (sent.read + sent.written)
    more = large["rows"] - small["rows"]
    return {text: moved / more for text, moved in sorted(found.items(), key=lambda item: -item[1])[:12]}


def _logged(rows: int, seed: int, shape: str) -> Figures:
    """The rows, and the log of each run over a base of that size."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "retail.duckdb"
        retail.generate(base, rows, seed, shape)
        found = measured("benchmarks.scale:logs", base=str(base), rows=rows, seed=seed)
    if found is None:
        raise RuntimeError("a measurement without a limit always ends")
    return found | {"runs": {name: [Sent(*sent) for sent in run] for name, run in found["runs"].items()}}


def logs(base: str, rows: int, seed: int) -> Figures:
    """Runs one after the other on one database: what each sent, as the fields of `Sent`."""
    with duckdb.connect(base) as connection:
        log = StatementLog(connection)
        wh = DuckDBWarehouse(log)
        retail.configure(wh)
        records = connection.execute("select count(*) from truth").fetchall()[0][0]

        def run(mode: str, *, dry_run: bool = False) -> list[tuple[object, ...]]:
            log.reset()
            retail.published(wh, mode, dry_run=dry_run)
            return [(sent.text, sent.seconds, sent.read, sent.written, sent.rewritten) for sent in log.sent]

        found = {"first FULL": run("FULL"), "INCR, no change": run("INCR")}
        for place, (name, share) in enumerate((("0.1 %", 0.001), ("1 %", 0.01))):
            retail.change(connection, int(rows * share), seed + place)
            found[f"INCR, {name}"] = run("INCR")
        retail.change(connection, rows // 1000, seed + 2)
        run("INCR", dry_run=True)
        found["publish of a 0.1 % plan"] = run("INCR")
        retail.change(connection, rows // 100, seed + 3)
        found["FULL"] = run("FULL")
    return {"rows": records, "runs": found}


def load_rate(rows: int = 3_000_000, columns: int = 23) -> Figures:
    """Rows a second that this machine loads from Parquet, of the shape of TPC-DS STORE_SALES: 23 numbers a row."""
    with tempfile.TemporaryDirectory() as folder:
        file, base = Path(folder) / "sales.parquet", Path(folder) / "base.duckdb"
        numbers = ", ".join(
            f"cast(hash(i, {number}) % {10 ** (2 + number % 6)} as integer) as n{number}" for number in range(columns)
        )
        with duckdb.connect(str(base)) as connection:
            connection.execute(f"copy (select {numbers} from range({rows}) as r (i)) to '{file}'")
            started = time.perf_counter()
            connection.execute(f"create table sales as select * from '{file}'")
            connection.execute("checkpoint")
            return {"rows_a_second": rows / (time.perf_counter() - started)}
