"""A FULL run without FSST, as it is, beside one with all compressions of DuckDB: seconds, and the size of its file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from benchmarks import retail
from benchmarks.measure import Figures, in_turns
from benchmarks.options import Options
from idr.warehouse.duckdb import DuckDBWarehouse

ROWS = 1_000_000
_DISABLED = {"without FSST": "fsst,dict_fsst", "all compressions": ""}


def bench(options: Options) -> list[Figures]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "retail.duckdb"
        rows = retail.generate(base, options.rows, options.seed, options.shape)
        calls = {
            name: ("benchmarks.compression:full", {"base": str(base), "disabled": disabled})
            for name, disabled in _DISABLED.items()
        }
        found = in_turns(calls, options.rounds)
    least = found["without FSST"]["seconds"]
    return [
        {"contender": name, "rows": rows, **figures, "ratio": figures["seconds"] / least}
        for name, figures in found.items()
    ]


def full(base: str, disabled: str) -> Figures:
    """A first FULL run on a copy of the base; `file_mb` is what the database has grown by."""
    with retail.copied(base) as path:
        before = path.stat().st_size
        with duckdb.connect(str(path)) as connection:
            wh = DuckDBWarehouse(connection)
            connection.execute(f"set disabled_compression_methods = '{disabled}'")
            retail.configure(wh)
            seconds = retail.published(wh, "FULL")["duration_seconds"]
        return {"seconds": seconds, "file_mb": (path.stat().st_size - before) / 2**20}
