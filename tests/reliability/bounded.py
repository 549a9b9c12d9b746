"""A run in a process of its own within a limit of memory: `python -m tests.reliability.bounded FILE MODE MEGABYTES`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse

ROOT = Path(__file__).parents[2]
PROCESS = 150  # megabytes that a process has besides what DuckDB counts


@dataclass(frozen=True)
class Bounded:
    """What a run answered, and the most memory that its process held, in megabytes."""

    answer: dict[str, Any]
    peak: int
    limit: int

    def wrong(self) -> list[str]:
        found = [] if self.answer["status"] in ("SUCCESS", "SUCCESS_WITH_WARNINGS", "HELD") else [str(self.answer)]
        return found + ([f"{self.peak} MB, more than {self.limit}"] if self.peak > self.limit else [])


def bounded(file: Path, mode: str, rows: int, texts: int = 0) -> Bounded:
    """A run with a memory_limit, to be kept within the goal of docs/performance.md: 0.5 GB, 300 bytes a row; and texts.

    `texts` is what values of a megabyte may take beyond that, in bytes.
    """
    more = texts // 2**20
    goal = 512 + 300 * rows // 2**20 + more
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.bounded", str(file), mode, str(goal - PROCESS)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Bounded(told["answer"], told["peak"], goal)


def main(file: str, mode: str, megabytes: str) -> None:
    connection = duckdb.connect(file, config={"memory_limit": f"{megabytes}MB", "threads": 2})
    answer = run(DuckDBWarehouse(connection), mode)
    connection.close()
    [held] = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))  # not the parent's
    peak = int(held) // 1024
    print(json.dumps({"answer": answer, "peak": peak}, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
