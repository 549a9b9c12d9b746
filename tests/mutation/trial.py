"""Tries mutants: each is written into a copy of the checkout and meets the tests that use what it changes.

A trial is a fork of a process that has the libraries loaded already; it ends at the first test that fails. Tests that
killed other mutants of the same file come first, then the quick ones.
"""

from __future__ import annotations

import compileall
import contextlib
import importlib
import json
import math
import os
import py_compile
import re
import resource
import select
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from tests.mutation.mutant import Mutant

COPIED = ("app", "benchmarks", "docs", "emulator", "procedures", "scripts", "setup", "sql", "tests")
LIBRARIES = ("duckdb", "hypothesis", "networkx", "sqlglot", "typer", "rich", "yaml", "pandas")
# Of the tests that were not yet seen to kill: those that look at results, rather than at words and ways to fail.
_PRIOR = {
    "test_histories": 30.0,
    "resolution": 5.0,
    "stewardship": 5.0,
    "normalize": 3.0,
    "cli": 0.3,
    "reliability": 0.1,
}
SEEDS = (4, 7, 1, 2)  # of random histories
_STEM = 5  # letters that the name of a file and that of a test about it share
_FIRST = 2.5  # seconds of tests in the first of two forks
QUIET = (
    "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=0",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip
_BROKEN = "pytest did not work"
_EXPECTED = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.INTERRUPTED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)
_PATIENCE = 3.0  # how many times more than usual a fork may compute
_BUSY = 100  # how many times longer it may last than it computes


@dataclass(frozen=True)
class Verdict:
    """`killed_by` is a test, "timeout", or None for a survivor; `tests` is how many it met."""

    killed_by: str | None
    tests: int
    seconds: float


def copied(root: Path, target: Path) -> Path:
    """A copy of the checkout without what is built or installed; its .venv is that of the checkout."""
    for name in COPIED:
        shutil.copytree(root / name, target / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in root.iterdir():
        if path.is_file():
            shutil.copy2(path, target / path.name)
    (target / ".venv").symlink_to((root / ".venv").resolve())
    # a mutant may have the size and the second of the file that it stands for: only the hash tells them apart
    compileall.compile_dir(
        target / "procedures", quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
    )
    return target


class Trials:
    """Tries mutants in the copy at `root`. `touched` is what `touched.py` wrote about the tests there."""

    def __init__(self, root: Path, touched: dict[str, Any], limit: float, *, preload: bool) -> None:
        self.root, self.touched, self.limit, self.preload = root, touched, limit, preload
        self.kills: dict[str, Counter[str]] = {}
        self.sound: set[str] = set()
        for name in LIBRARIES:
            importlib.import_module(name)
        first_failure_suffices()
        self._fork([], 600)
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        if preload:
            if self._fork_for(_live_through, 60):
                raise SystemExit("the histories fail without a mutant")
            with _silent():
                pytest.main([*QUIET, "--collect-only", *self._modules()])
            self._translate()

    def _translate(self) -> None:
        """Translate here, once for all forks, what a fork finds that tests of runs send to DuckDB."""
        from idr.warehouse import duckdb as adapter

        translate, texts = adapter.to_duckdb, self.root / "texts.json"
        seen: dict[str, None] = {}

        def noted(sql: str) -> str:
            if sql not in seen:
                seen[sql] = None
                texts.write_text(json.dumps(list(seen)))
            return translate(sql)

        adapter.to_duckdb = noted
        by_time = sorted(self.touched["seconds"].items(), key=lambda found: -found[1])
        chosen = {test.split("::")[0]: test for test, _ in by_time if re.search("resolution|steward", test)}
        self._fork([*chosen.values()], 300)
        adapter.to_duckdb = translate
        for sql in json.loads(texts.read_text()):
            translate(sql)

    def _modules(self) -> list[str]:
        return sorted({test.split("::")[0] for test in self.touched["seconds"]})

    def tests_of(self, mutant: Mutant, lines: range) -> list[str]:
        """The tests that use what the mutant changes, those first that probably kill it soonest."""
        if mutant.file.endswith(".sql"):
            found = set(self.touched["sql"].get(mutant.file, ()))
        else:
            by_line = self.touched["lines"].get(mutant.file, {})
            found = {test for line in lines for test in by_line.get(str(line), ())}
            found = found or {test for tests in by_line.values() for test in tests}
        seconds = self.touched["seconds"]
        here, all_kills = self.kills.get(mutant.file, Counter()), sum(self.kills.values(), Counter())

        names = [word[:_STEM] for word in re.findall("[a-z]+", mutant.file.partition("/")[2]) if len(word) >= _STEM]

        def promise(test: str) -> float:
            prior = max((weight for name, weight in _PRIOR.items() if name in test), default=1.0)
            prior += 5 * sum(name in test for name in names)
            return (prior + 20 * here[test] + 2 * all_kills[test]) / (0.2 + seconds[test])

        return sorted((test for test in found if test in seconds), key=promise, reverse=True)

    def of(self, mutant: Mutant, lines: range = range(0)) -> Verdict:
        """Try one mutant; the file is as before afterwards."""
        started = time.monotonic()
        path = self.root / mutant.file
        original = path.read_bytes()
        met = 0
        try:
            path.write_text(mutant.text, encoding="utf-8")
            if self.preload and any("test_histories" in test for test in self.touched["sql"].get(mutant.file, ())):
                killer = self._fork_for(_live_through, 30)
                if killer:
                    return Verdict(killer, 1, time.monotonic() - started)
            for chunk, seconds in self._chunks(self.tests_of(mutant, lines)):
                met += len(chunk)
                path.write_text(mutant.text, encoding="utf-8")
                killer = self._fork(chunk, 5 + _PATIENCE * seconds)
                if killer == "timeout":  # or the machine stood still
                    killer = self._fork(chunk, 5 + _PATIENCE * seconds)
                path.write_bytes(original)
                if killer and not self._is_sound(killer):
                    return self.of(mutant, lines)
                if killer:
                    self.kills.setdefault(mutant.file, Counter())[killer] += 1
                    return Verdict(killer, met, time.monotonic() - started)
            return Verdict(None, met, time.monotonic() - started)
        finally:
            path.write_bytes(original)

    def _is_sound(self, killer: str) -> bool:
        """Whether the test passes without the mutant; asked once for each test, which is used no more if not."""
        seconds = self.touched["seconds"]
        if killer in self.sound or killer not in seconds:
            return True
        if self._fork([killer], 5 + _PATIENCE * seconds[killer]):
            del seconds[killer]
            return False
        self.sound.add(killer)
        return True

    def _chunks(self, tests: list[str]) -> Iterator[tuple[list[str], float]]:
        seconds = self.touched["seconds"]
        chunk: list[str] = []
        spent = total = 0.0
        first = True
        for test in tests:
            if total + seconds[test] > self.limit and total:
                continue
            chunk.append(test)
            spent += seconds[test]
            total += seconds[test]
            if first and spent > _FIRST:
                yield chunk, spent
                chunk, spent, first = [], 0.0, False
        if chunk:
            yield chunk, spent

    def _fork(self, tests: list[str], seconds: float) -> str | None:
        """Run those tests in a fork until one fails; the one that failed, "timeout", or None. Collects all for none."""

        def run(writer: int) -> None:
            modules = sorted({test.split("::")[0] for test in tests}) or ["--collect-only", *self._modules()]
            code = pytest.main([*QUIET, "-x", *modules], plugins=[_Watch(writer, tests)])
            if code not in _EXPECTED:
                os.write(writer, f"{_BROKEN} {tests[:3]}: {code}".encode())

        return self._fork_for(run, seconds)

    def _fork_for(self, work: Callable[[int], None], seconds: float) -> str | None:
        """Do the work in a fork; what it writes into the pipe that it is given, "timeout", or None."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            # a clock of its own: on a busy machine time passes while nothing is done
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))
            os.close(reader)
            os.chdir(self.root)
            with _silent():
                work(writer)
                os._exit(0)
        os.close(writer)
        ready, _, _ = select.select([reader], [], [], _BUSY * seconds)
        told = os.read(reader, 1000).decode() if ready else "timeout"
        os.close(reader)
        if told:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if told.startswith(_BROKEN):
            raise SystemExit(told)
        return told or ("timeout" if os.WIFSIGNALED(status) else None)


def _live_through(writer: int) -> None:
    """A few random histories without pytest around them: most mutants do not outlive the first."""
    from tests.resolution import histories
    from tests.resolution.test_histories import live_through

    histories.duckdb = SimpleNamespace(connect=_unoptimized)
    for seed in SEEDS:
        try:
            live_through(seed)
        except Exception as error:  # noqa: BLE001  (whatever it is, the original has none)
            os.write(writer, f"history {seed}: {type(error).__name__}".encode())
            return


def _unoptimized(database: str) -> duckdb.DuckDBPyConnection:
    """Of a handful of rows a plan costs less to carry out than to improve."""
    connection = duckdb.connect(database)
    connection.execute("pragma disable_optimizer")
    return connection


class _Watch:
    """Lets the wanted tests run in their order, and tells the parent of the first that fails."""

    def __init__(self, writer: int, tests: list[str]) -> None:
        self.writer, self.rank = writer, {test: rank for rank, test in enumerate(tests)}

    def tell(self, what: str) -> None:
        os.write(self.writer, what.encode()[:1000])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        wanted = [item for item in items if item.nodeid in self.rank]
        if self.rank and not wanted:
            self.tell(f"{_BROKEN}: it finds none of {self.rank.keys()}")
        items[:] = sorted(wanted, key=lambda item: self.rank[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.tell(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.tell(f"{report.nodeid} (import)")


def first_failure_suffices() -> None:
    """Hypothesis looks for no smaller example, remembers none, and minds no busy machine."""
    from hypothesis import HealthCheck, Phase, settings

    options = {"database": None, "deadline": None, "suppress_health_check": [*HealthCheck]}
    settings.register_profile("mutation", phases=(Phase.explicit, Phase.generate), **options)
    settings.load_profile("mutation")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Everything that is printed goes nowhere, from programs that are started as well."""
    kept = os.dup(1), os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        for number, copy in enumerate(kept, start=1):
            os.dup2(copy, number)
            os.close(copy)
        os.close(sink)


def read_touched(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))
