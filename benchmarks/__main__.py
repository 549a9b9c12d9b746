"""Runs benchmarks by name: prints a table, writes build/bench/<name>.json, draws plots, writes docs/performance.md."""

from __future__ import annotations

import argparse
import importlib
import sys
from datetime import UTC, datetime
from typing import Any

from benchmarks import measure, report, retail
from benchmarks.measure import Figures
from benchmarks.options import Options

_CHOICES = ("graphs", "solvers", "contenders")
NAMES = ("full", "incr", "growth", "components", "accuracy", "compression", "snowflake", "scale", "spark")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--rows", type=int, help="rows of the sources, or nodes of a graph")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3, help="of which the medians are told")
    parser.add_argument("--limit", type=float, default=60, help="seconds after which a contender is given up")
    parser.add_argument("--memory", default="", help="growth: DuckDB's memory_limit, for example 500MB")
    parser.add_argument(
        "--shape", choices=retail.SHAPES, default="retail", help="of the retail base: benchmarks/retail.sql"
    )
    parser.add_argument("--graphs", help="components: graphs by name, separated by commas")
    parser.add_argument("--solvers", help="components: solvers by name, separated by commas; scipy is the reference")
    parser.add_argument("--contenders", help="full: contenders by name, separated by commas; floor is the reference")
    parser.add_argument("--save-as", help="the name of the file in build/bench, when not that of the benchmark")
    parser.add_argument("--docs", action="store_true", help="write the results in build/bench to docs/performance.md")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in NAMES]
    if unknown or not (args.names or args.docs):
        parser.error(f"name one or more of {', '.join(NAMES)}, or --docs; unknown: {', '.join(unknown) or 'none'}")
    for name in args.names:
        module = importlib.import_module(f"benchmarks.{name}")
        options = Options(args.rows or module.ROWS, args.seed, args.rounds, args.limit, args.memory, args.shape)
        chosen = {key: tuple(value.split(",")) for key in _CHOICES if (value := getattr(args, key))}
        found = _bench(name, module, options, chosen)
        print(report.text(found))
        report.save(args.save_as or name, found)
    if args.docs:
        report.write_docs()


def _bench(name: str, module: Any, options: Options, chosen: dict[str, tuple[str, ...]]) -> Figures:
    before = measure.machine()
    results = module.bench(options, **chosen)
    return {
        "benchmark": name,
        "command": " ".join(
            ["./scripts/bench", name, *(word for word in sys.argv[1:] if word not in (*NAMES, "--docs"))]
        ),
        "rows": options.rows,
        "seed": options.seed,
        "rounds": options.rounds,
        "results": results,
        "machine": before | {"load_after": measure.machine()["load"]},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


if __name__ == "__main__":
    main()
