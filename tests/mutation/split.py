"""Tries mutants of SQL where they first make a difference: many in one run of a test.

While a test runs, each statement that mutants change is asked in their words as well, on the rows that it meets there. Where
the answer is another one, a fork goes on with the mutant until the end of the test; the test itself goes on without. So a
test without a difference is not repeated, and of one with a difference only what follows.
"""

from __future__ import annotations

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

from idr.statement import work_table, work_tokens
from idr.warehouse import Binds
from idr.warehouse import duckdb as adapter
from idr.warehouse.translate import to_duckdb
from tests.mutation.mutant import Mutant

ENOUGH = 2  # tests that a difference may pass unnoticed
LOOKS = 30  # times that a statement is asked in the words of one mutant, and then now and then
_CREATE = re.compile(r"create or replace (?:transient )?table \S+ as\s+(?=select|with)", re.IGNORECASE)
_INSERT = re.compile(r"insert into \S+\s*(?:\([^)]*\))?\s*(?=select|with)", re.IGNORECASE)
_DELETE = re.compile(r"delete from (\S+)(?=\s+where|\s*$)", re.IGNORECASE)
_EMBEDDED = ("sql/compare/", "sql/past/identity.sql")
_BIND = re.compile(r"(?<!:):(\w+)")


@dataclass
class Change:
    """One mutant of one statement: the statement's text with it, None where it is left out, and what asks for its rows."""

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
            if mutant.operator == "drop the statement":
                text = None
            else:
                text = after[at]
            query = text and rows_of(text)
            self.changes[before[at]].append(Change(mutant, text, query))
            asked = rows_of(before[at])
            self.originals[before[at]] = asked
            if mutant.file.startswith(_EMBEDDED):
                self.embedded[before[at]] = mutant.file
        self.run = adapter.DuckDBWarehouse._run  # noqa: SLF001
        self.translated: dict[str, str | None] = {}

    def files(self) -> set[str]:
        return {change.mutant.file for changes in self.changes.values() for change in changes if self.is_open(change)}

    def is_open(self, change: Change) -> bool:
        return len(change.passed) < ENOUGH

    def install(self) -> None:
        split = self

        def run(self: Any, sql: str, binds: Binds | None, rename: Mapping[str, str] | None) -> Any:
            return split.statement(self, sql, binds, rename)

        adapter.DuckDBWarehouse._run = run  # noqa: SLF001  # ty: ignore

    def statement(self, wh: Any, sql: str, binds: Binds | None, rename: Mapping[str, str] | None) -> Any:
        if self.active:
            original, change = self.active
            found = self._within(original, sql) if original != sql else [(original, lambda text: text)]
            for _, put in found:
                if change.text is None:
                    return wh._connection.execute("select 0")  # noqa: SLF001
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
        return json.loads(told) if told and told != "timeout" else {"different": [c.mutant.id for c in waiting], "broken": None}

    def _rows(self, wh: Any, sql: str, binds: Any, rename: Any) -> Any:
        try:
            found = self.run(wh, sql, binds, rename).fetchall()
        except Exception:  # noqa: BLE001
            return None
        rows = [*map(repr, found)]
        return ("rows", rows if re.search(r"order by[^)]*$", sql, re.IGNORECASE) else sorted(rows))

    def _works(self, wh: Any) -> bool:
        try:
            wh._connection.execute("select 1")  # noqa: SLF001
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
        if failed:
            print("FAILS WITHOUT A MUTANT", self.test, flush=True)
