"""The local Snowflake: its server, its workers and its clients die during a CALL; readers see before or after."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.reliability import scene
from tests.reliability.people_app import PATIENCE, PEOPLE, Application, Identities, Mortal
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.snowflake, pytest.mark.timeout(0 if LONG else 300)]
only_long = pytest.mark.skipif(not LONG, reason="left to ./scripts/test --long")
TIMES = 8
RUN, DRY_RUN = "idr_run('INCR')", "idr_run('INCR', 30, true)"


class App(Application):
    local: Mortal


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("crash")
    local = Mortal(folder / "data")
    local.start()
    yield App(local, folder)
    local.stop()


class Findings:
    """What was found wrong, by the kind of promise that it breaks; counted at the end of the block, however it ends."""

    def __init__(self, application: App, part: str) -> None:
        self._application, self._part, self._former = application, part, application.cut_off()
        self._points = self._cut_off = 0
        self._wrong: dict[str, list[str]] = {"torn": [], "stuck": [], "unlike": []}
        self.mended = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        figures = {"cut off": self._cut_off} | {name: len(found) for name, found in self._wrong.items()}
        count("crash in the local Snowflake", self._part, points=self._points, **figures)
        if kind is None:
            assert self._wrong == {"torn": [], "stuck": [], "unlike": []}

    def judge(self, point: str, allowed: list[Identities], *, lease_passes: bool) -> None:
        """What readers see after a death, and what the next run makes of it."""
        application = self._application
        with application.tables() as connection:
            torn = scene.disagreements(connection)
            self.mended += bool(scene.leftovers(connection))
        torn += [] if application.published() in allowed else ["readers see neither before nor after"]
        with application.local.fate(**({"lease_passes": 0} if lease_passes else {})):
            result = application.call(RUN)
        unlike = [] if result["status"].startswith("SUCCESS") else [f"the next run said {result}"]
        unlike += [] if application.published() == application.expected() else ["the next run ends in another state"]
        with application.tables() as connection:
            unlike += scene.disagreements(connection)
            stuck = scene.leftovers(connection)
        for kind, found in (("torn", torn), ("stuck", stuck), ("unlike", unlike)):
            self._wrong[kind] += [f"after {point}: {what}" for what in found]
        self._points += 1
        self._cut_off = application.cut_off() - self._former


def _prepared(application: App, operation: str, person: int) -> tuple[str, list[Identities]]:
    """A change and the CALL that is about it; what readers may see when somebody dies during it."""
    application.change(person)
    before, after = application.published(), application.expected()
    if operation == "approve":
        return f"idr_approve('{application.call(DRY_RUN)['run_id']}')", [before, after]
    return (DRY_RUN, [before]) if operation == "dry run" else (RUN, [before, after])


def _server_dies_after(application: App, number: int, call: str) -> bool:
    """Whether it had such a statement."""
    local = application.local
    with local.fate(server_dies=number):
        thread, _ = application.started(call)
        while thread.is_alive() and not local.has_ended():
            time.sleep(0.01)
    has_died = local.has_ended()
    if has_died:
        local.start()
    return has_died


def _worker_dies_after(application: App, number: int, call: str) -> bool:
    """Whether it had such a statement."""
    with application.local.fate(worker_dies=number):
        try:
            application.call(call)
        except ProgrammingError as error:
            told = str(error)
        else:
            return False
    assert "ended without an answer (exit code -9)" in told
    return True


def _points(statements: list[str], who: str) -> Iterator[int]:
    """Every statement, or the one that publishes and, where no server has to start again, another."""
    if LONG:
        yield from range(len(statements))
        return
    publishing = max(at for at, text in enumerate(statements) if text == "commit")
    yield publishing
    if who == "worker":
        yield random.Random(who).randrange(publishing)


@pytest.mark.slow
@pytest.mark.parametrize(
    "operation", ["INCR", *(pytest.param(name, marks=only_long) for name in ("dry run", "approve"))]
)
@pytest.mark.parametrize("dies", [_server_dies_after, _worker_dies_after], ids=["server", "worker"])
def test_somebody_dies_after_a_statement(
    application: App, dies: Callable[[App, int, str], bool], operation: str
) -> None:
    who, rng = dies.__name__.split("_")[1], random.Random(f"{dies.__name__} {operation}")
    application.call(_prepared(application, operation, rng.randrange(PEOPLE))[0])
    statements = application.local.statements()
    with Findings(application, f"{operation}: {who} dies after a statement") as findings:
        for number in _points(statements, who):
            call, allowed = _prepared(application, operation, rng.randrange(PEOPLE))
            if not dies(application, number, call):
                assert number > len(statements) - 5, "the call had far fewer statements than the first one"
                break
            last = " ".join(application.local.statements()[-1].split()[:5])
            findings.judge(f"statement {number}, {last}", allowed, lease_passes=True)
    assert findings.mended, "no death left anything to mend"


def _server_dies(application: App, _: Any) -> None:
    os.kill(application.local.pid(), signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while not application.local.has_ended():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    application.local.start()


def _worker_dies(application: App, _: Any) -> None:
    worker = application.local.worker()
    if worker is not None:
        os.kill(worker, signal.SIGKILL)


def _client_goes(_: App, connection: Any) -> None:
    connection._rest = None  # it neither asks for the answer nor says good-bye


@only_long
@pytest.mark.parametrize("death", [_server_dies, _worker_dies, _client_goes], ids=["server", "worker", "client"])
def test_somebody_dies_at_any_moment(application: App, death: Callable[[App, Any], None]) -> None:
    rng = random.Random(death.__name__)
    part = death.__name__.strip("_").replace("_", " ")
    application.change(0)
    started = time.monotonic()
    application.call(RUN)
    usual = time.monotonic() - started
    with Findings(application, part) as findings:
        for _ in range(TIMES):
            _, allowed = _prepared(application, "INCR", rng.randrange(PEOPLE))
            thread, connection = application.started()
            moment = rng.uniform(0.05, 1.0) * usual
            time.sleep(moment)
            death(application, connection)
            thread.join(PATIENCE)
            findings.judge(f"{moment:.2f} s", allowed, lease_passes=death is not _client_goes)
