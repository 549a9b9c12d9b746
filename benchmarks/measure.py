"""Contenders in turns, each in a process of its own, with its time and its peak memory.

As a program (`python -m benchmarks.measure module:function JSON`) it is such a process: it calls the function with the
keyword arguments in JSON and prints what it returns, a dictionary, together with `peak_mb`.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


def peak_megabytes() -> float:
    """The highest resident memory of this process; Linux only."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def written_megabytes() -> float:
    """What this process has sent to storage so far; Linux only."""
    counters = Path("/proc/self/io").read_text(encoding="utf-8")
    return int(re.findall(r"^write_bytes: (\d+)", counters, re.MULTILINE)[0]) / 2**20


def machine() -> Figures:
    """What the figures depend on besides the code; `load` is the mean number of busy processes of the last minute."""
    meminfo = Path("/proc/meminfo").read_text(encoding="utf-8")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(int(re.findall(r"MemTotal:\s+(\d+)", meminfo)[0]) / 2**20),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "duckdb": version("duckdb"),
    }


def measured(function: str, limit: float | None = None, **arguments: object) -> Figures | None:
    """The figures of `module:function` in a new process; None when it took longer than `limit` seconds."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.measure", function, json.dumps(arguments, default=str)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise SystemExit(f"{function} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def in_turns(calls: Mapping[str, tuple[str, Figures]], rounds: int, limit: float | None = None) -> dict[str, Figures]:
    """The medians of the figures of each call, (function, arguments) by name, called A, B, A, B, ...

    A call over the limit has no figures, and is not called again.
    """
    found: dict[str, list[Figures]] = {name: [] for name in calls}
    late: set[str] = set()
    for _ in range(rounds):
        for name, (function, arguments) in calls.items():
            figures = None if name in late else measured(function, limit, **arguments)
            if figures is None:
                late.add(name)
            else:
                found[name].append(figures)
    return {name: {} if name in late else medians(figures) for name, figures in found.items()}


def medians(figures: Iterable[Figures]) -> Figures:
    """The median of each number, also of those in dictionaries; of anything else the first."""
    rows = list(figures)
    return {key: _median([row[key] for row in rows if key in row]) for key in rows[0]}


def _median(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        return medians(values)
    is_number = isinstance(values[0], int | float) and not isinstance(values[0], bool)
    return statistics.median(values) if is_number else values[0]


def main() -> None:
    memory = machine()["memory_gb"] * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))  # a contender fails rather than the machine
    module, _, name = sys.argv[1].partition(":")
    figures = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    print(json.dumps({"peak_mb": round(peak_megabytes()), **figures}))


if __name__ == "__main__":
    main()
