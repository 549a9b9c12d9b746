"""A campaign within a copy of the checkout: which tests use what, then mutant by mutant; one line of JSON for each."""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.mutation.mutant import Mutant
from tests.mutation.sql_mutants import sql_files, sql_mutants
from tests.mutation.trial import Trials, read_touched

SEED = 20240601
ROOT = Path(__file__).parents[2]
# what reads the text of files, builds archives, or starts servers says nothing about what a statement does
LEFT_OUT = (
    "tests/emulator", "tests/mutation", "tests/test_repository.py", "tests/app/test_build.py",
    "tests/app/test_bundle.py", "tests/reliability/test_crash_snowflake.py",
)  # fmt: skip


def touch(target: Path, *, lines: bool) -> None:
    """Run the suite once and write which files of SQL, and which lines if asked, each of its tests uses."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow and not snowflake"]
    command += ["-p", "no:randomly", "-p", "no:cov", "-p", "no:cacheprovider"]
    command += ["-p", "tests.mutation.touched", "--touched", str(target), *(["--touched-lines"] if lines else [])]
    subprocess.run([*command, *(f"--ignore={path}" for path in LEFT_OUT)], cwd=ROOT, check=False)


def count(kind: str) -> int:
    """All mutants of that kind, whether in the sample or not."""
    if kind == "sql":
        return sum(1 for path in sql_files(ROOT) for _ in sql_mutants(ROOT, path))
    from tests.mutation.python_mutants import modules, places

    return sum(1 for module in modules(ROOT) for _ in places(module))


def mutants(kind: str, pattern: str, sample: int | None, fresh: int | None = None) -> list[tuple[Mutant, range]]:
    if kind == "sql":
        found = [(mutant, range(0)) for path in sql_files(ROOT) for mutant in sql_mutants(ROOT, path)]
    else:
        from tests.mutation.python_mutants import fresh_mutants, sampled_mutants

        found = sampled_mutants(ROOT, sample) if fresh is None else fresh_mutants(ROOT, sample, fresh)
    chosen = [pair for pair in found if re.search(pattern, pair[0].file)]
    random.Random(SEED).shuffle(chosen)  # a campaign that is cut off is a fair sample
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["sql", "python"])
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--touched", type=Path, required=True)
    parser.add_argument("--file", default="")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--limit", type=float, default=12.0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--fresh", type=int)
    options = parser.parse_args()
    if not options.touched.exists():
        touch(options.touched, lines=options.kind == "python")
    if options.kind == "sql" and not options.again:  # most die there, in a twentieth of the time
        command = [sys.executable, "-m", "tests.mutation.split", "--file", options.file]
        command += ["--results", str(options.results), "--touched", str(options.touched)]
        subprocess.run(command, cwd=ROOT, check=True)
    done: dict[str, dict] = {}
    if options.results.exists():
        done = {row["id"]: row for row in map(json.loads, options.results.read_text().splitlines())}
    todo = mutants(options.kind, options.file, options.sample, options.fresh)
    lived = {name for name, row in done.items() if not row["killed_by"]}
    todo = [pair for pair in todo if (pair[0].id in lived if options.again else pair[0].id not in done)]
    touched = read_touched(options.touched)
    if options.kind == "sql":
        attempt(Trials(ROOT, touched, options.limit, preload=True), todo, options.results)
    else:
        from tests.mutation.grafts import Grafts, in_session

        files = sorted({test.split("::")[0] for test in touched["seconds"]})
        in_session(
            ROOT, files, lambda items: attempt(Grafts(ROOT, touched, options.limit, items), todo, options.results)
        )


def attempt(trials: Trials, todo: list[tuple[Mutant, range]], file: Path) -> None:
    """Try each, and write a line about it."""
    with file.open("a", encoding="utf-8") as results:
        for number, (mutant, lines) in enumerate(todo, start=1):
            verdict = trials.of(mutant, lines)
            row = mutant.row(killed_by=verdict.killed_by, tests=verdict.tests, seconds=verdict.seconds)
            results.write(json.dumps(row) + "\n")
            results.flush()
            print(f"{time.strftime('%H:%M:%S')} {number}/{len(todo)} {mutant.file} {mutant.id} {verdict}", flush=True)


if __name__ == "__main__":
    main()
