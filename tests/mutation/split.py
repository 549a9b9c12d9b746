"""Tries mutants of SQL where they first make a difference: many of them in one run of a test.

While a test runs, each statement that mutants change is asked in their words as well, on the rows that it meets there.
Where the answer is another one, a fork goes on with the mutant until the end of the test; the test itself goes on
without. So a test in which a mutant makes no difference is not repeated for it, and of one in which it does only what
follows.

What lives through this, and what is not a statement of its own (views, normalisers, strategies), is left to `trial.py`.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import re
import resource
import select
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from _pytest.runner import runtestprotocol

from idr.statement import work_table, work_tokens
from idr.warehouse import Binds
from idr.warehouse import duckdb as adapter
from idr.warehouse.translate import to_duckdb
from tests.mutation.mutant import Mutant
from tests.mutation.sql_mutants import sql_files, sql_mutants
from tests.mutation.trial import QUIET, SEEDS, first_failure_suffices, read_touched

ROOT = Path(__file__).parents[2]
ENOUGH = 2  # tests that a difference may pass unnoticed
LOOKS = 15  # times that a statement is asked in the words of one mutant; afterwards one in ten
QUICK = 3.0  # seconds of a test that is worth it
PARTS = re.compile("sql/(normalize|survivorship)/|setup/")  # these are not sent as they are
_CREATE = re.compile(r"create or replace (?:transient )?table \S+ as\s+(?=select|with)", re.IGNORECASE)
_INSERT = re.compile(r"insert into \S+\s*(?:\([^)]*\))?\s*(?=select|with)", re.IGNORECASE)
_DELETE = re.compile(r"delete from (\S+)(?=\s+where|\s*$)", re.IGNORECASE)
_EMBEDDED = ("sql/compare/", "sql/past/identity.sql")  # they are sent within a longer statement
_BIND = re.compile(r"(?<!:):(\w+)")
# a fork of a thread ends with it; a fixture of a module is no part of the seconds of its tests
_UNFIT = re.compile("test_histories|test_schedule_hours|test_budget|test_accuracy")


@dataclass
class Change:
    """One mutant of one statement: the statement with it, None where it is left out, and a query for its rows."""

    mutant: Mutant
    text: str | None
    query: str | None
    looks: int = 0
    passed: list[str] = field(default_factory=list)


def parts(text: str) -> list[str]:
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return [work_tokens(part.strip()) for part in kept.strip().rstrip(";").split(";\n") if part.strip()]


def rows_of(sql: str) -> str | None:
    """A query for the rows that a statement reads, deletes or puts in; None where there is no simple one."""
    if re.match("select|with", sql, re.IGNORECASE):
        return sql
    for pattern in (_CREATE, _INSERT):
        if pattern.match(sql):
            return pattern.sub("", sql, count=1)
    return _DELETE.sub(r"select * from \1", sql, count=1) if _DELETE.match(sql) else None


class Split:
    """The mutants that live still, by the text of the statement that they change."""

    def __init__(self, root: Path, found: list[Mutant], killed: Callable[[Mutant, str, float], None]) -> None:
        self.killed = killed
        self.changes: dict[str, list[Change]] = defaultdict(list)
        self.originals: dict[str, str | None] = {}
        self.embedded: dict[str, str] = {}
        self.active: tuple[str, Change] | None = None
        self.writer = -1
        self.test = ""
        self.done_here: set[str] = set()
        for mutant in found:
            before, after = parts((root / mutant.file).read_text(encoding="utf-8")), parts(mutant.text)
            at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), len(after))
            text = None if mutant.operator == "drop the statement" else after[at]
            query = text and rows_of(text)
            self.changes[before[at]].append(Change(mutant, text, query))
            asked = rows_of(before[at])
            self.originals[before[at]] = asked
            if mutant.file.startswith(_EMBEDDED):
                self.embedded[before[at]] = mutant.file
        self.run = adapter.DuckDBWarehouse._run
        self.translated: dict[str, str | None] = {}

    def living(self) -> dict[str, float]:
        """Per file how much is to be hoped for: less of what was looked at often, or lived through a difference."""
        found: dict[str, float] = defaultdict(float)
        for change in (change for changes in self.changes.values() for change in changes):
            if self.is_open(change):
                found[change.mutant.file] += 1 / (1 + len(change.passed)) / (1 + change.looks / 40)
        return found

    def is_open(self, change: Change) -> bool:
        return len(change.passed) < ENOUGH

    def install(self) -> None:
        split = self

        def run(self: Any, sql: str, binds: Binds | None, rename: Mapping[str, str] | None) -> Any:
            return split.statement(self, sql, binds, rename)

        adapter.DuckDBWarehouse._run = run  # ty: ignore
        gc.collect()
        gc.freeze()  # a fork that collects what its parent holds copies all of it

    def statement(self, wh: Any, sql: str, binds: Binds | None, rename: Mapping[str, str] | None) -> Any:
        if self.active:
            original, change = self.active
            found = self._within(original, sql) if original != sql else [(original, lambda text: text)]
            for _, put in found:
                if change.text is None:
                    return wh._connection.execute("select 0")
                return self.run(wh, put(change.text), binds, rename)
            return self.run(wh, sql, binds, rename)
        if sql in self.changes:
            self._split(wh, sql, lambda text: text, binds, rename)
        else:
            for original in self.embedded:
                for _, put in self._within(original, sql):
                    self._split(wh, original, put, binds, rename)
        if self.active:
            return self.statement(wh, sql, binds, rename)
        return self.run(wh, sql, binds, rename)

    def _within(self, original: str, sql: str) -> Iterator[tuple[str, Callable[[str], str]]]:
        """How a text takes the place of the original in a longer statement, where that is in it."""
        if original not in self.embedded:
            return
        for side in ("_a", "_b", ""):
            told = _BIND.sub(rf":\1{side}", original)
            if told in sql:
                yield told, lambda text, told=told, side=side: sql.replace(told, _BIND.sub(rf":\1{side}", text))
                return
        table = work_table("membership_change")
        match = table in original and re.search(re.escape(original).replace(re.escape(table), r"(idr_work\.\w+)"), sql)
        if match:
            yield match[0], lambda text: sql.replace(match[0], text.replace(table, match[1]))

    def _split(
        self, wh: Any, original: str, put: Callable[[str], str], binds: Binds | None, rename: Mapping[str, str] | None
    ) -> None:
        waiting = []
        for change in self.changes[original]:
            if change.mutant.id in self.done_here or not self.is_open(change):
                continue
            change.looks += 1
            if change.looks <= LOOKS or change.looks % 10 == 0:
                waiting.append(change)
        asked = self.originals[original]
        for change in waiting:  # here, once for all forks
            for text in filter(None, (change.query, change.text)):
                with suppress(Exception):
                    to_duckdb(put(text))
        while waiting:
            told = self._differing(wh, asked and put(asked), waiting, put, binds, rename)
            different, broken = told["different"], told["broken"]
            for change in [change for change in waiting if change.mutant.id in different]:
                self.done_here.add(change.mutant.id)
                if self._fork(original, change):
                    return
            if broken is None:
                break
            waiting = waiting[broken + 1 :]

    def _differing(self, wh: Any, asked: str | None, waiting: list[Change], put: Any, binds: Any, rename: Any) -> dict:
        """Which of the changes give other rows here; found in a fork, whose connection may break."""

        def look(writer: int) -> None:
            different: list[str] = []
            broken = None
            plain = asked is not None and self._rows(wh, asked, binds, rename)
            for number, change in enumerate(waiting):
                if not plain or change.query is None:
                    different.append(change.mutant.id)
                    continue
                if self._rows(wh, put(change.query), binds, rename) != plain:
                    different.append(change.mutant.id)
                    if not self._works(wh):
                        broken = number
                        break
            os.write(writer, json.dumps({"different": different, "broken": broken}).encode())

        told = self._in_fork(look, 30)
        return (
            json.loads(told)
            if told and told != "timeout"
            else {"different": [c.mutant.id for c in waiting], "broken": None}
        )

    def _rows(self, wh: Any, sql: str, binds: Any, rename: Any) -> Any:
        try:
            found = self.run(wh, sql, binds, rename).fetchall()
        except Exception:  # noqa: BLE001
            return None
        rows = [*map(repr, found)]
        return ("rows", rows if re.search(r"order by[^)]*$", sql, re.IGNORECASE) else sorted(rows))

    def _works(self, wh: Any) -> bool:
        try:
            wh._connection.execute("select 1")
        except duckdb.Error:
            return False
        return True

    def _in_fork(self, work: Callable[[int], None], seconds: float) -> str | None:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds)))
            try:
                work(writer)
            finally:
                os._exit(0)
        os.close(writer)
        told = b""
        ready, _, _ = select.select([reader], [], [], 20 * seconds)
        while ready and (piece := os.read(reader, 65536)):
            told += piece
        os.close(reader)
        if not ready:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if not ready or os.WIFSIGNALED(status):
            return told.decode() or "timeout"
        return told.decode() or None

    def _fork(self, original: str, change: Change) -> bool:
        """True in the child, which goes on with the mutant; the parent waits for what the test says."""
        started = time.monotonic()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (25, 25))
            self.active, self.writer = (original, change), writer
            return True
        os.close(writer)
        ready, _, _ = select.select([reader], [], [], 400)
        told = os.read(reader, 1000).decode() if ready else "timeout"
        os.close(reader)
        if not ready or told:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        # a connection that is closed in a fork may break, at the end of a test
        if told == "passed" or (not told and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSEGV):
            change.passed.append(self.test)
        elif not told and not os.WIFSIGNALED(status):
            pass  # a thread that ended by itself: nothing is known
        else:
            self.killed(change.mutant, self.test if told else "timeout", time.monotonic() - started)
            change.passed = ["killed"] * 99
        return False

    def begin(self, test: str) -> None:
        self.test, self.done_here = test, set()

    def end(self, *, failed: bool) -> None:
        """In a child: tell the parent and stop. In the parent: a test that fails without a mutant is told."""
        if self.active:
            os.write(self.writer, b"failed" if failed else b"passed")
            os._exit(0)

    def host(self, test: str, work: Callable[[], bool]) -> None:
        """Run a test; `work` tells whether it failed."""
        self.begin(test)
        try:
            failed = work()
        except Exception:  # noqa: BLE001  (whatever it is, the original has none)
            failed = True
        self.end(failed=failed)


class _Hosts:
    """Runs the tests that use what mutants change, those first in which most of them live still."""

    def __init__(self, split: Split, touched: dict[str, Any]) -> None:
        self.split, self.seconds = split, touched["seconds"]
        self.files: dict[str, set[str]] = defaultdict(set)
        for file, tests in touched["sql"].items():
            for test in tests:
                self.files[test].add(file)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Any:
        """A fork tells at once how a test ended: what follows may close the connection, and break."""
        try:
            return (yield)
        except BaseException:
            self.split.end(failed=True)
            raise

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Any:
        try:
            result = yield
        except BaseException:
            self.split.end(failed=True)
            raise
        self.split.end(failed=False)
        return result

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        from tests.resolution.test_histories import live_through

        def live(seed: int) -> bool:
            live_through(seed)
            return False

        def passes(item: pytest.Item) -> bool:
            return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))

        self.split.install()
        for seed in SEEDS:
            self.split.host(f"history {seed}", lambda seed=seed: live(seed))
        items = {item.nodeid: item for item in session.items}
        left = {test for test in items if self.seconds.get(test, QUICK) < QUICK and not _UNFIT.search(test)}
        while left:
            living = self.split.living()
            promise = {
                test: sum(living.get(file, 0.0) for file in self.files[test]) / (0.2 + self.seconds[test])
                for test in left
            }
            best = max(left, key=lambda test: promise[test])
            if not promise[best]:
                break
            left.remove(best)
            self.split.host(best, lambda item=items[best]: passes(item))
        return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--touched", type=Path, required=True)
    parser.add_argument("--file", default="")
    options = parser.parse_args()
    done = set()
    if options.results.exists():
        done = {row["id"] for row in map(json.loads, options.results.read_text().splitlines())}

    def killed(mutant: Mutant, test: str, seconds: float) -> None:
        row = mutant.row(killed_by=test, tests=1, seconds=seconds)
        with options.results.open("a", encoding="utf-8") as results:
            results.write(json.dumps(row) + "\n")
        print(f"{time.strftime('%H:%M:%S')} {mutant.file} {mutant.id} {test}", flush=True)

    files = [path for path in sql_files(ROOT) if not PARTS.match(path.relative_to(ROOT).as_posix())]
    found = [mutant for path in files for mutant in sql_mutants(ROOT, path) if mutant.id not in done]
    chosen = [mutant for mutant in found if re.search(options.file, mutant.file)]
    first_failure_suffices()
    touched = read_touched(options.touched)
    arguments = [*QUIET, "-s", "-p", "no:cov", "-p", "no:faulthandler"]
    modules = sorted({test.split("::")[0] for test in touched["seconds"]})
    pytest.main([*arguments, *modules], plugins=[_Hosts(Split(ROOT, chosen, killed), touched)])


if __name__ == "__main__":
    main()
