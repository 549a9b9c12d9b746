"""A pytest plugin: which files of SQL and which lines of the package each test uses, and how long it takes.

Asked for by `-p tests.mutation.touched --touched FILE`; the lines by `--touched-lines`, which takes twice as long.
What a fixture uses counts for every test of its module: it may be made once for all of them.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from functools import _lru_cache_wrapper
from pathlib import Path
from typing import Any

import coverage
import pytest

KEPT = {"to_duckdb"}  # its result depends on the text alone


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--touched", required=True, help="the JSON file to write")
    parser.addoption("--touched-lines", action="store_true", help="note the lines of the package as well")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Touched(config))


def _forget() -> None:
    """Empty the package's caches, so that a test reads the files that it depends on."""
    for module in [module for name, module in sys.modules.items() if name.startswith("idr.")]:
        for name, found in vars(module).items():
            if isinstance(found, _lru_cache_wrapper) and name not in KEPT:
                found.cache_clear()


class _Touched:
    def __init__(self, config: pytest.Config) -> None:
        self.target, self.root = Path(config.getoption("--touched")), config.rootpath
        self.with_lines = config.getoption("--touched-lines")
        self.seconds: dict[str, float] = defaultdict(float)
        self.used: dict[str, set[tuple[str, str]]] = defaultdict(set)  # file: (test, phase)
        self.failed: set[str] = set()
        self.now: tuple[str, str] | None = None
        self.coverage = coverage.Coverage(data_file=None, source=[str(self.root / "procedures")], config_file=False)
        self.read_text = Path.read_text

    def pytest_sessionstart(self) -> None:
        def read_text(path: Path, *args: Any, **options: Any) -> str:
            if self.now and path.suffix == ".sql" and path.is_relative_to(self.root):
                self.used[path.relative_to(self.root).as_posix()].add(self.now)
            return self.read_text(path, *args, **options)

        Path.read_text = read_text  # ty: ignore
        if self.with_lines:
            self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Any:
        return (yield from self._phase(item, "setup"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Any:
        return (yield from self._phase(item, "call"))

    def _phase(self, item: pytest.Item, phase: str) -> Any:
        if phase == "setup":
            _forget()
        self.now = item.nodeid, phase
        if self.with_lines:
            self.coverage.switch_context(f"{item.nodeid}|{phase}")
        try:
            return (yield)
        finally:
            self.now = None
            if self.with_lines:
                self.coverage.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        Path.read_text = self.read_text
        self.target.write_text(
            json.dumps(
                {
                    "seconds": {test: spent for test, spent in self.seconds.items() if test not in self.failed},
                    "sql": {file: self._tests(tests) for file, tests in self.used.items()},
                    "lines": self._lines() if self.with_lines else {},
                }
            )
        )

    def _lines(self) -> dict[str, dict[int, list[str]]]:
        self.coverage.stop()
        data = self.coverage.get_data()
        lines: dict[str, dict[int, list[str]]] = {}
        for file in data.measured_files():
            name = Path(file).relative_to(self.root).as_posix()
            found = data.contexts_by_lineno(file)
            lines[name] = {
                line: self._tests(tuple(context.rsplit("|", 1)) for context in contexts if context)
                for line, contexts in found.items()
            }
        return lines

    def _tests(self, used: Any) -> list[str]:
        """The tests that passed of those named, and every test of a module whose fixture is named."""
        tests: set[str] = set()
        for test, phase in used:
            module = test.split("::")[0]
            tests |= {name for name in self.seconds if name.startswith(f"{module}::")} if phase == "setup" else {test}
        return sorted(tests - self.failed)
