"""INCR runs over a large retail base, beside the FULL run that made it: no change, 0.1 % and 1 % of the rows.

A change is one half updates of existing records, two fifths new records of known and of new people, one tenth
deletions; all are newer than the watermark. The publish of a plan that a dry run made is timed as well.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from benchmarks import retail
from benchmarks.counted import Counted
from benchmarks.measure import Figures, measured, medians, written_megabytes
from benchmarks.options import Options
from idr.warehouse.duckdb import DuckDBWarehouse

ROWS = 1_000_000


def bench(options: Options) -> list[Figures]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "retail.duckdb"
        written = retail.generate(base, options.rows, options.seed, options.shape)
        arguments = {"base": str(base), "rows": options.rows, "seed": options.seed, "rounds": options.rounds}
        found = measured("benchmarks.incr:runs", **arguments)
    if found is None:
        raise RuntimeError("a measurement without a limit always ends")
    full = found["runs"]["FULL"]["seconds"]
    rows = [
        {"contender": name, "rows": written, **figures, "ratio": figures["seconds"] / full}
        for name, figures in found["runs"].items()
    ]
    rows[0]["peak_mb"] = found["peak_mb"]
    return rows


def runs(base: str, rows: int, seed: int, rounds: int) -> Figures:
    """One FULL run, then all the others in turns on the same database, so that changes accumulate."""
    with duckdb.connect(base) as connection:
        counted = Counted(connection)
        wh = DuckDBWarehouse(counted)
        retail.configure(wh)

        def timed(mode: str, *, dry_run: bool = False) -> Figures:
            counted.reset()
            before = written_megabytes()
            seconds = retail.published(wh, mode, dry_run=dry_run)["duration_seconds"]
            return {"seconds": seconds, **counted.figures(), "written_mb": written_megabytes() - before}

        found: dict[str, list[Figures]] = {"FULL": [timed("FULL")]}
        for number in range(rounds):
            found.setdefault("INCR, no change", []).append(timed("INCR"))
            for place, (name, share) in enumerate((("0.1 %", 0.001), ("1 %", 0.01))):
                retail.change(connection, int(rows * share), seed + 10 * number + place)
                found.setdefault(f"INCR, {name}", []).append(timed("INCR"))
            retail.change(connection, rows // 1000, seed + 10 * number + 2)
            timed("INCR", dry_run=True)
            found.setdefault("publish of a 0.1 % plan", []).append(timed("INCR"))
    return {"runs": {name: medians(figures) for name, figures in found.items()}}
