"""A FULL run beside the floor: what DuckDB alone needs to read, normalise and write with the components given.

Both work on copies of one generated database, in turns (A, B, A, B), each in a process of its own; medians are shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from idr import run, schema
from idr.config import store, yaml_file
from idr.warehouse.duckdb import DuckDBWarehouse

HERE = Path(__file__).parent


def generate(path: Path, rows: int, seed: int) -> None:
    """Write the retail sources and the truth to a new database file."""
    with duckdb.connect(str(path)) as connection:
        for statement in (HERE / "retail.sql").read_text(encoding="utf-8").split(";\n"):
            values = {name: value for name, value in {"rows": rows, "seed": seed}.items() if f"${name}" in statement}
            if statement.strip():
                connection.execute(statement, values)


def pipeline(path: Path) -> dict[str, float]:
    """A first FULL run; seconds in all and per stage."""
    wh = DuckDBWarehouse.open(path)
    schema.install(wh)
    store.apply(wh, yaml_file.load_file(HERE / "retail.yml"))
    stages: dict[str, float] = {}
    result = run.run(wh, "FULL", progress=lambda stage, _rows, seconds: stages.update({stage: seconds}))
    if result["status"] not in ("SUCCESS", "SUCCESS_WITH_WARNINGS"):
        raise SystemExit(json.dumps(result, indent=2))
    wh.close()
    return {"total": result["duration_seconds"], **stages}


def floor(path: Path) -> dict[str, float]:
    """The statements of `floor.sql`; seconds in all and per statement."""
    times: dict[str, float] = {}
    with duckdb.connect(str(path)) as connection:
        connection.execute("set preserve_insertion_order = false")
        for statement in (HERE / "floor.sql").read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                started = time.perf_counter()
                connection.execute(statement)
                times[statement[statement.index("floor") :].split()[0]] = time.perf_counter() - started
    return {"total": sum(times.values()), **times}


def peak_megabytes() -> float:
    """The highest resident memory of this process; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def measured(what: str, path: Path) -> dict[str, float]:
    """One contender in a process of its own, on its own copy."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / "copy.duckdb"
        shutil.copy(path, copy)
        done = subprocess.run([sys.executable, __file__, what, str(copy)], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def give_components(path: Path) -> None:
    """Leave in the database, for the floor, the components that the pipeline finds."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        solved = Path(folder) / "solved.duckdb"
        shutil.copy(path, solved)
        pipeline(solved)
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"attach '{solved}' as solved (read_only)")
            connection.execute(
                "create table idr_given as select entity_key, resolved_id"
                " from solved.idr_out.identity_resolved_membership_current"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["compare", "floor", "pipeline"], nargs="?", default="compare")
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    if args.path:
        times = {"floor": floor, "pipeline": pipeline}[args.what](args.path)
        times["peak_mb"] = peak_megabytes()
        print(json.dumps(times))
        return
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        base = Path(folder) / "retail.duckdb"
        generate(base, args.rows, args.seed)
        give_components(base)
        rounds = [(measured("floor", base), measured("pipeline", base)) for _ in range(args.rounds)]
    for name, index in (("floor", 0), ("pipeline", 1)):
        print(f"{name}: {args.rows} rows, medians of {args.rounds}")
        for part in rounds[0][index]:
            print(f"  {part:<20} {statistics.median(item[index][part] for item in rounds):8.3f}")
    ratio = statistics.median(ours["total"] / least["total"] for least, ours in rounds)
    print(f"pipeline / floor: {ratio:.2f}")


if __name__ == "__main__":
    main()
