"""The reply to COMMIT is lost, somebody presses Ctrl+C, the disk is full: told as it is, and the next run mends."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from idr.errors import IdrError
from idr.run import run
from idr.warehouse import duckdb as adapter
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.reliability.dying import Counted, start, statements
from tests.reliability.scene import CASES, Case, copy, disagreements, leftovers, look, opened, perform, published
from tests.reliability.tally import LONG, count

pytestmark = pytest.mark.timeout(0 if LONG else 120)
RUNS = ("INCR", "publish a plan", "approve", "dry run", "forget", "cleanup")


class Deaf:
    """A connection that carries out the `number`th COMMIT and then says that it failed."""

    def __init__(self, connection: Any, number: int) -> None:
        self._connection, self._left = connection, number

    def execute(self, sql: str, *values: Any) -> Any:
        done = self._connection.execute(sql, *values)
        if sql == "commit":
            self._left -= 1
            if self._left == 0:
                raise duckdb.IOException("the reply was lost")
        return done


@pytest.mark.parametrize(
    "name", [name if name == "INCR" else pytest.param(name, marks=pytest.mark.slow) for name in RUNS]
)
def test_a_lost_reply_to_commit(name: str, fast: Path) -> None:
    """What was committed is told as done; what was not, as not done."""
    case = CASES[name]
    before = case.make(fast / "start.duckdb")
    whole = copy(before, fast / "whole.duckdb")
    commits = statements(case, whole).count("commit")
    wrong = []
    for number in range(1, commits + 1):
        file = copy(before, fast / "lost.duckdb")
        with closing(opened(file)) as connection:
            try:
                told = case.operation(DuckDBWarehouse(Deaf(connection, number)), case.at)["status"]
            except IdrError as error:
                told = error.code
            seen, odd = published(connection), disagreements(connection)
        is_done = told in ("SUCCESS", "SUCCESS_WITH_WARNINGS", "DRY_RUN_COMPLETE", "DONE")
        if seen != (look(whole) if is_done else look(before)) or odd:
            wrong.append(f"COMMIT {number}: told {told}, {odd}")
        wrong += [f"COMMIT {number}: {left}" for left in _after_the_next(case, file)]
    count("losses", f"{name}: the reply to COMMIT", tried=commits, wrong=len(wrong))
    assert wrong == []
    assert commits


def _after_the_next(case: Case, file: Path) -> list[str]:
    """What is left after the next run."""
    with closing(opened(file)) as connection:
        run(DuckDBWarehouse(connection), "INCR", clock=lambda: case.at + timedelta(minutes=1))
        return leftovers(connection)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["INCR", "forget"])
def test_ctrl_c(name: str, fast: Path) -> None:
    """A run that somebody interrupts published or did not, says which, and the next one finds nothing in its way."""
    case = CASES[name]
    before = case.make(fast / "start.duckdb")
    whole = copy(before, fast / "whole.duckdb")
    total = len(statements(case, whole))
    states = [look(before), look(whole)]
    known = _runs(before)
    wrong, tried = [], 0
    for point in range(3, total, 5 if LONG else total // 5):

        def press(at: int, _: str, point: int = point) -> None:
            if at == point:
                signal.raise_signal(signal.SIGINT)

        file = copy(before, fast / "pressed.duckdb")
        child = start(case, file, lambda connection, press=press: Counted(connection, press))
        os.waitpid(child, 0)
        tried += 1
        with closing(opened(file)) as connection:
            seen = published(connection)
            found = disagreements(connection)
        told = [status for run_id, status in _runs(file).items() if run_id not in known]
        found += _after_the_next(case, file)
        published_it = [status.startswith("SUCCESS") for status in told]
        if seen not in states or found or any(published_it) != (seen == states[1]) or len(told) > 1:
            wrong.append(f"statement {point}: told {told}, {found}, one of two states: {seen in states}")
    count("losses", f"{name}: Ctrl+C", tried=tried, wrong=len(wrong))
    assert wrong == []


def _runs(file: Path) -> dict[str, str]:
    """The status of every run that told of itself."""
    with closing(opened(file)) as connection:
        return dict(connection.execute("select run_id, status from idr_out.run_history").fetchall())


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of so many bytes; skips the test where none can be mounted."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _fails_for_lack_of_room(case: Case, file: Path, limit: int | None = None) -> bool:
    """Perform the operation in a process of its own, whose files may not grow beyond the limit; True when it failed."""
    child = os.fork()
    if child == 0:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        adapter._PROCESS_TOKEN = uuid.uuid4().hex
        done = False
        with suppress(BaseException):
            done = perform(case, file)["status"].startswith("SUCCESS")
        os._exit(0 if done else 1)
    return os.waitpid(child, 0)[1] != 0


def _judge_full_disk(case: Case, start_file: Path, file: Path, more_room: Path) -> list[str]:
    """Before or after on the full disk; with room again the next run ends as if nothing had happened."""
    whole = copy(start_file, more_room / "whole.duckdb")
    perform(case, whole)
    states = [look(start_file), look(whole)]
    moved = copy(file, more_room / "moved.duckdb")
    seen = look(moved)
    wrong = [] if seen in states else ["readers see neither before nor after"]
    if seen == states[0]:
        perform(case, moved)
        wrong += [] if look(moved) == states[1] else ["the next run ends in another state"]
    with closing(opened(moved)) as connection:
        return wrong + disagreements(connection) + leftovers(connection)


@pytest.mark.slow
def test_a_full_disk(fast: Path) -> None:
    case = CASES["INCR"]
    before = case.make(fast / "start.duckdb")
    size = before.stat().st_size
    wrong, failed = [], 0
    rooms = [size + step * 8_000 for step in (range(1, 40) if LONG else (1, 6))]
    folder = Path(tempfile.mkdtemp())
    for room in rooms:
        with small_disk(folder, room) as disk:
            file = copy(before, disk / "full.duckdb")
            failed += _fails_for_lack_of_room(case, file)
            wrong += [f"{room} bytes: {what}" for what in _judge_full_disk(case, before, file, fast)]
    folder.rmdir()
    count("losses", "a full disk", tried=len(rooms), failed=failed, wrong=len(wrong))
    assert wrong == []
    assert failed


@pytest.mark.slow
def test_a_file_that_may_not_grow(fast: Path) -> None:
    case = CASES["INCR"]
    before = case.make(fast / "start.duckdb")
    wrong, failed = [], 0
    limits = [step * 2_000 for step in (range(1, 30) if LONG else (1, 6))]
    for limit in limits:
        file = copy(before, fast / "limited.duckdb")
        failed += _fails_for_lack_of_room(case, file, limit)
        wrong += [f"{limit} bytes: {what}" for what in _judge_full_disk(case, before, file, fast)]
    count("losses", "a file that may not grow", tried=len(limits), failed=failed, wrong=len(wrong))
    assert wrong == []
    assert failed
