"""Two operations at once, stopped and resumed at every pair of statements: one after the other, or one says no."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count as count_from
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from idr import overrides
from idr.config import store
from idr.errors import IdrError
from idr.run import approve, run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.reliability.dying import Counted
from tests.reliability.interleaving import END, Action, Actor, perform
from tests.reliability.scene import (
    CASES,
    CONFIG,
    FORGOTTEN,
    THEN,
    WIDER,
    Case,
    Operation,
    State,
    copy,
    disagreements,
    leftovers,
    opened,
    published,
)
from tests.reliability.tally import LONG, count

pytestmark = pytest.mark.timeout(0 if LONG else 120)
WHOLE = 24 if LONG else 1
PAIRS = 16 if LONG else 1
LATER = timedelta(hours=2)  # longer than a lease
REFUSALS = {
    "IDR-401",
    "IDR-402",
    "IDR-403",
    "IDR-404",
    "IDR-405",
    "IDR-407",
    "IDR-409",
    "IDR-410",
    "IDR-411",
    "IDR-412",
}
CONFLICT = "IDR-501"


def _arrive(wh: DuckDBWarehouse, now: datetime) -> None:
    """A row that a source gets while a run is at work."""
    wh.execute(
        "insert into shop.web values (99, 'd@x.org', '111', 'Zed', :now, false)", {"now": now + timedelta(minutes=1)}
    )


OTHERS: dict[str, Operation] = {
    "a row arrives": _arrive,
    "unlink the same": lambda wh, now: overrides.add(wh, overrides.UNLINK, "web:2", "web:5", "no", "bob", now),
    "link the forgotten": lambda wh, now: overrides.add(wh, overrides.LINK, FORGOTTEN, "web:5", "yes", "bob", now),
}


@dataclass
class Race:
    """Two operations on the database of `base`. The second is late by `late`; with `LATER` the first lost its lease."""

    first: str
    second: str
    base: Case = CASES["INCR"]
    late: timedelta = timedelta(0)
    may_both_lose: bool = False  # two decisions that contradict each other, stored at the same moment
    folder: Path = field(default_factory=Path)
    serial: dict[tuple[int, ...], State | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.first} || {self.second}" + (", the lease expired" if self.late else "")

    def operations(self) -> list[Operation]:
        known = {name: case.operation for name, case in CASES.items()} | OTHERS
        return [known[self.first], known[self.second]]

    def actions(self) -> list[Action]:
        def at(operation: Operation, now: datetime) -> Action:
            return lambda connection: operation(DuckDBWarehouse(connection), now)

        first, second = self.operations()
        return [at(first, THEN), at(second, THEN + self.late)]

    def prepare(self, folder: Path) -> None:
        self.folder = folder
        self.start = self.base.make(folder / "start.duckdb")
        self.lengths = [self._length(number) for number in (0, 1)]

    def _length(self, number: int) -> int:
        told: list[str] = []
        with closing(opened(copy(self.start, self.folder / "length.duckdb"))) as connection:
            self.actions()[number](Counted(connection, lambda _, sql: told.append(sql)))
        return len(told)

    def schedules(self) -> Iterator[list[tuple[int, int]]]:
        """The second as a whole within the first, at this or that statement; then both cut into two."""
        rng = random.Random(str(self))
        first, second = self.lengths
        inside = range(first + 1)
        for at in inside if LONG and first < WHOLE else sorted(rng.sample(inside, min(WHOLE, len(inside)))):
            yield [(0, at), (1, END)]
        for _ in range(PAIRS):
            yield [(0, rng.randrange(first + 1)), (1, rng.randrange(1, second + 1)), (0, END)]

    def serially(self, order: tuple[int, ...]) -> State | None:
        """What readers see when the operations are done one after the other; None when one refuses to come then."""
        if order not in self.serial:
            with closing(opened(copy(self.start, self.folder / "serial.duckdb"))) as connection, suppress(IdrError):
                for number in order:
                    self.actions()[number](connection)
                self.serial[order] = published(connection)
        return self.serial.setdefault(order, None)

    def anomalies(self, schedule: list[tuple[int, int]]) -> tuple[list[str], list[str]]:
        """What went wrong when they took turns like that; and how the operations ended."""
        with closing(opened(copy(self.start, self.folder / "race.duckdb"))) as connection:
            actors = [Actor(action, connection.cursor()) for action in self.actions()]
            ends = perform(actors, schedule)
            state = published(connection)
            found = [f"it ended with {end}" for end in ends if end != "done" and end not in {*REFUSALS, CONFLICT}]
            if "done" not in ends and not self.may_both_lose:
                found.append(f"nobody won: {ends}")
            winners = [number for number, end in enumerate(ends) if end == "done"]
            if not any(state == self.serially(order) for order in permutations(winners)):
                found.append(f"no order of {winners} gives what was published: {self._unlike(state, winners)}")
            found += disagreements(connection)
            now = THEN + 2 * LATER
            last = run(DuckDBWarehouse(connection), "INCR", clock=lambda: now)
            if last["status"] == "HELD":
                last = approve(DuckDBWarehouse(connection), last["run_id"], clock=lambda: now)
            check = run(DuckDBWarehouse(connection), "FULL", dry_run=True, clock=lambda: now)
            found += [f"the next run said {last}" for _ in [0] if not last["status"].startswith("SUCCESS")]
            found += [f"it lost {name}" for name in ("new", "moved", "removed") if check["counts"].get(name) != 0]
            found += leftovers(connection)
        return found, ends

    def _unlike(self, state: State, winners: list[int]) -> Any:
        orders = [one for order in permutations(winners) if (one := self.serially(order)) is not None]
        return [[name for name in state.keys() | one.keys() if state.get(name) != one.get(name)] for one in orders]


HELD = CASES["approve"]
PLANNED = CASES["publish a plan"]
RACES = [
    Race("INCR", "INCR"),
    Race("INCR", "INCR", late=LATER),
    Race("FULL", "INCR", late=LATER),
    Race("publish a plan", "INCR", base=PLANNED, late=LATER),
    Race("INCR", "dry run"),
    Race("dry run", "INCR", late=LATER),
    Race("approve", "approve", base=HELD),
    Race("approve", "approve", base=HELD, late=LATER),
    Race("INCR", "approve", base=HELD),
    Race("INCR", "approve", base=HELD, late=LATER),
    Race("approve", "link", base=HELD),
    Race("INCR", "configure"),
    Race("configure", "INCR"),
    Race("configure", "configure"),
    Race("approve", "configure", base=HELD),
    Race("INCR", "link"),
    Race("INCR", "revoke"),
    Race("link", "link", may_both_lose=True),
    Race("link", "unlink the same", may_both_lose=True),
    Race("INCR", "forget"),
    Race("INCR", "forget", late=LATER),
    Race("forget", "INCR", late=LATER),
    Race("forget", "forget"),
    Race("forget", "link the forgotten"),
    Race("INCR", "cleanup"),
    Race("INCR", "cleanup", late=LATER),
    Race("cleanup", "INCR", late=LATER),
    Race("INCR", "a row arrives"),
]
QUICK = ("INCR || INCR, the lease expired",)


@pytest.mark.parametrize(
    "race", [pytest.param(race, id=str(race), marks=() if str(race) in QUICK else pytest.mark.slow) for race in RACES]
)
def test_one_after_the_other_or_one_says_no(race: Race, fast: Path) -> None:
    race.prepare(fast)
    tried, refused, conflicts = 0, 0, 0
    wrong: dict[str, list[str]] = {}
    for schedule in race.schedules():
        found, ends = race.anomalies(schedule)
        tried += 1
        refused += any(end in REFUSALS for end in ends)
        conflicts += CONFLICT in ends
        if found:
            wrong[str(schedule)] = [*ends, *found]
    count("races", str(race), races=tried, refused=refused, conflicts=conflicts, anomalies=len(wrong))
    assert wrong == {}


def test_a_configuration_is_read_as_one(fast: Path) -> None:
    """Somebody applies another one between any two statements of reading it."""
    start = CASES["INCR"].make(fast / "start.duckdb")
    known = {CONFIG.fingerprint(), WIDER.fingerprint()}
    read: list[str] = []
    for at in count_from(0):
        with closing(opened(copy(start, fast / "race.duckdb"))) as connection:
            actors = [
                Actor(lambda cursor: store.load(DuckDBWarehouse(cursor)), connection.cursor()),
                Actor(lambda cursor: store.apply(DuckDBWarehouse(cursor), WIDER), connection.cursor()),
            ]
            perform(actors, [(0, at), (1, END)])
            read.append(actors[0].answer.fingerprint() if actors[0].outcome == "done" else actors[0].outcome)
            if actors[0].reached < at:
                break
    count("races", "reading a configuration", races=len(read), anomalies=sum(one not in known for one in read))
    assert set(read) == known
