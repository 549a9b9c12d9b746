"""INCR runs over a large base, beside the FULL run that made it: an empty change, 0.1 % and 1 % of the rows.

A change is one half updates of existing records, two fifths new records of known and of new people, one tenth
deletions; all are newer than the watermark. The publish of a plan that a dry run made is timed as well.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from full_run import HERE, generate, peak_megabytes

from idr import run, schema
from idr.config import store, yaml_file
from idr.warehouse.duckdb import DuckDBWarehouse

CHANGE = (HERE / "change.sql").read_text(encoding="utf-8")


def change(connection: duckdb.DuckDBPyConnection, rows: int, seed: int) -> None:
    """Change about so many rows of the sources."""
    connection.execute(f"set variable changed = {rows}; set variable seed = {seed}")
    connection.execute(CHANGE)


def seconds_of(result: dict[str, Any]) -> float:
    if result["status"] not in ("SUCCESS", "SUCCESS_WITH_WARNINGS", "DRY_RUN_COMPLETE"):
        raise SystemExit(f"{result['status']}: {result['message']} {result['reasons']} {result['error']}")
    return result["duration_seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        base = Path(folder) / "retail.duckdb"
        generate(base, args.rows, args.seed)
        connection = duckdb.connect(str(base))
        wh = DuckDBWarehouse(connection)
        schema.install(wh)
        store.apply(wh, yaml_file.load_file(HERE / "retail.yml"))
        full = seconds_of(run.run(wh, "FULL"))
        times: dict[str, list[float]] = {"empty": [], "0.1 %": [], "1 %": [], "publish of a 0.1 % plan": []}
        for number in range(args.rounds):
            times["empty"].append(seconds_of(run.run(wh, "INCR")))
            for name, share in (("0.1 %", 0.001), ("1 %", 0.01)):
                change(connection, int(args.rows * share), args.seed + 10 * number)
                times[name].append(seconds_of(run.run(wh, "INCR")))
            change(connection, args.rows // 1000, args.seed + 10 * number + 1)
            seconds_of(run.run(wh, "INCR", dry_run=True))
            times["publish of a 0.1 % plan"].append(seconds_of(run.run(wh, "INCR")))
        connection.close()
    print(f"{args.rows} rows, medians of {args.rounds}, {os.cpu_count()} cores; load {os.getloadavg()[0]:.1f}")
    print(f"  {'FULL':<26} {full:8.2f} s   peak {peak_megabytes():.0f} MB")
    for name, found in times.items():
        print(f"  {name:<26} {statistics.median(found):8.2f} s   {statistics.median(found) / full:6.1%} of FULL")


if __name__ == "__main__":
    main()
