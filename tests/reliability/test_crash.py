"""kill -9 after every statement of every operation, and at any moment: before or after, and the next run mends."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.reliability.dying import ended, killed_after, killed_at, start, statements
from tests.reliability.scene import (
    CASES,
    Case,
    State,
    copy,
    disagreements,
    leftovers,
    look,
    opened,
    perform,
    published,
)  # fmt: skip
from tests.reliability.tally import LONG, count

pytestmark = pytest.mark.timeout(0 if LONG else 120)
MOMENTS = 200 if LONG else 3
QUICK = ("set up", "INCR")
MOMENT_CASES = ("INCR", "publish a plan", "forget", "cleanup")


def only(seen: State, wanted: State) -> State:
    """What was seen without columns that nobody wants: a run drops them after it published, for DDL would commit."""
    return {
        name: [
            columns,
            *sorted((tuple(dict(zip(head, row, strict=True))[c] for c in columns) for row in rows), key=repr),
        ]
        if name in wanted and set(columns := wanted[name][0]) <= set(head)
        else [head, *rows]
        for name, (head, *rows) in seen.items()
    }


class Twin:
    """An operation that nobody interrupts: the database before, what readers see before and after and one run later."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case, self.folder = case, folder
        self.start = case.make(folder / "start.duckdb")
        self.before = look(self.start)
        whole = copy(self.start, folder / "whole.duckdb")
        self.statements = statements(case, whole)
        self.publishing = max(
            (at for at, text in enumerate(self.statements) if "golden_profile_current" in text), default=0
        )
        self.after = look(whole)
        self.later = self.next_run(whole)

    def seconds(self) -> float:
        """Of a process that is not killed; as for the others, its statements were translated before."""
        file, started = self.fresh(), time.monotonic()
        assert ended(start(self.case, file))
        return time.monotonic() - started

    def fresh(self) -> Path:
        return copy(self.start, self.folder / "crash.duckdb")

    def next_run(self, file: Path) -> State:
        now = self.case.at + timedelta(minutes=1)
        with closing(opened(file)) as connection:
            result = run(DuckDBWarehouse(connection), "INCR", clock=lambda: now)
            assert result["status"].startswith("SUCCESS"), result
            return published(connection)

    def judged(self, file: Path) -> dict[str, list[str]]:
        """What a crash left, read by a new process; then the operation again, or the next run when it was done."""
        with closing(opened(file)) as connection:
            seen = published(connection)
            torn = disagreements(connection) if self.case.config else []
        is_after = only(seen, self.after) == self.after
        if seen != self.before and not is_after:
            torn.append("readers see neither before nor after")
        if not is_after or seen == self.before:
            perform(self.case, file)
            wanted, got = self.after, look(file)
        else:
            wanted, got = self.later, self.next_run(file)
        stuck: list[str] = []
        with closing(opened(file)) as connection:
            stuck = leftovers(connection)
            unlike = [name for name in wanted.keys() | got.keys() if wanted.get(name) != got.get(name)]
            unlike += disagreements(connection)
        return {"torn": torn, "stuck": stuck, "unlike": unlike}

    def points(self) -> Iterator[int]:
        """Every statement, or some of them: the last, those around COMMIT, and one between."""
        total = len(self.statements)
        if LONG:
            yield from range(total)
            return
        ends = [at + step for at, text in enumerate(self.statements) if text == "commit" for step in (0, 1)]
        between = random.Random(self.case.name).randrange(total)
        yield from sorted({total - 1, *ends[-2:], between} & set(range(total)))


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_killed_after_a_statement(name: str, fast: Path) -> None:
    twin = Twin(CASES[name], fast)
    wrong: dict[str, list[str]] = {"torn": [], "stuck": [], "unlike": []}
    tried = 0
    for point in twin.points():
        file = twin.fresh()
        assert killed_after(twin.case, file, point), f"it had no statement {point}"
        tried += 1
        for kind, found in twin.judged(file).items():
            wrong[kind] += [f"after statement {point}: {what}" for what in found]
    count("crash", name, points=tried, **{kind: len(found) for kind, found in wrong.items()})
    assert wrong == {"torn": [], "stuck": [], "unlike": []}


@pytest.mark.slow
@pytest.mark.parametrize("name", MOMENT_CASES)
def test_killed_at_any_moment(name: str, fast: Path) -> None:
    twin = Twin(CASES[name], fast)
    longest = 1.1 * twin.seconds()
    rng = random.Random(name)
    wrong: dict[str, list[str]] = {"torn": [], "stuck": [], "unlike": []}
    tried = 0
    for _ in range(MOMENTS):
        file, seconds = twin.fresh(), rng.uniform(0, longest)
        if killed_at(twin.case, file, seconds):
            tried += 1
        else:
            longest = seconds  # it was faster than the one that was measured
        for kind, found in twin.judged(file).items():
            wrong[kind] += [f"after {seconds:.3f} s: {what}" for what in found]
    count("crash", f"{name}, at any moment", points=tried, **{kind: len(found) for kind, found in wrong.items()})
    assert wrong == {"torn": [], "stuck": [], "unlike": []}
    assert tried


@pytest.mark.slow
def test_killed_again_and_again(fast: Path) -> None:
    """A run that is killed, taken over by one that is killed, and so on; the last one is left alone."""
    twin = Twin(CASES["INCR"], fast)
    rng = random.Random(1)
    file = twin.fresh()
    tried, torn = 0, []
    while tried < (100 if LONG else 8):
        killed_after(twin.case, file, rng.randrange(twin.statements.index("commit", twin.publishing)))
        tried += 1
        if look(file) != twin.before:
            torn.append(f"after kill {tried}")
    last = twin.judged(file)
    count(
        "crash", "again and again", points=tried, torn=len(torn), stuck=len(last["stuck"]), unlike=len(last["unlike"])
    )
    assert (torn, last) == ([], {"torn": [], "stuck": [], "unlike": []})
