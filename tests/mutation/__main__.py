"""`./scripts/mutate sql|python`: a campaign in a copy of the checkout, and its figures into docs/reliability.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutation.campaign import ROOT, count
from tests.mutation.report import write
from tests.mutation.trial import copied

NAMES = {"sql": "SQL", "python": "Python"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./scripts/mutate")
    parser.add_argument("kind", choices=NAMES)
    parser.add_argument("--sample", type=int, default=400, help="how many mutants of Python (all of SQL are tried)")
    parser.add_argument(
        "--file", default="", help="only files whose name has this in it; the docs are left as they are"
    )
    parser.add_argument("--fresh", type=int, metavar="SEED", help="as many of Python that the usual sample leaves out")
    parser.add_argument("--again", action="store_true", help="try only the mutants that the last campaign left alive")
    options = parser.parse_args()
    output = ROOT / "output" / "mutation"
    output.mkdir(parents=True, exist_ok=True)
    results, touched = output / f"{options.kind}.jsonl", output / "touched.json"
    if not options.again:
        results.unlink(missing_ok=True)
        touched.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(ROOT, Path(folder) / "idr")
        command = [sys.executable, "-m", "tests.mutation.campaign", options.kind, "--file", options.file]
        command += ["--sample", str(options.sample), "--results", str(results), "--touched", str(touched)]
        environment = os.environ | {"PYTHONPATH": f"{copy / 'procedures'}:{copy}", "IDR_HISTORIES": "8"}
        command += [] if options.fresh is None else ["--fresh", str(options.fresh)]
        subprocess.run([*command, *(["--again"] if options.again else [])], cwd=copy, env=environment, check=True)
    if not options.file and options.fresh is None:
        write(NAMES[options.kind], results, count(options.kind))


if __name__ == "__main__":
    main()
