"""FULL runs at growing sizes: the exponent of time over rows, by least squares on the logarithms, and memory beside its
goal of 0.5 GB and 300 bytes a row."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from benchmarks import retail
from benchmarks.measure import Figures, in_turns
from benchmarks.options import Options

ROWS = 3_000_000
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000)
_STEPS = 3


def bench(options: Options) -> list[Figures]:
    """One row per size: `rows` and the next smaller ones of SIZES, three in all."""
    sizes = [*[size for size in SIZES if size < options.rows], options.rows][-_STEPS:]
    rows: list[Figures] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder) / "retail.duckdb"
            written = retail.generate(base, size, options.seed, options.shape)
            call = ("benchmarks.full:idr", {"base": str(base), "memory": options.memory})
            [figures] = in_turns({"idr": call}, options.rounds).values()
        rows.append({"rows": written, **figures, "microseconds_a_row": figures["seconds"] / written * 1e6})
    for row in rows:
        row["exponent"] = exponent(rows)
        row["goal_mb"] = 512 + 300 * row["rows"] / 2**20
    return rows


def exponent(rows: list[Figures]) -> float:
    """The slope of log(seconds) over log(rows)."""
    logs = np.log([[row["rows"], row["seconds"]] for row in rows])
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
