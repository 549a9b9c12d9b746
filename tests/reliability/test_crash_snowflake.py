"""The local Snowflake: its server, its workers and its clients die during a CALL; readers see before or after."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

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


@dataclass
class Findings:
    """What was found wrong, by the kind of promise that it breaks."""

    application: App
    points: int = 0
    torn: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cut_off = self.application.cut_off()

    def judge(self, point: str, allowed: list[Identities], lease_passes: bool) -> None:
        """What readers see after a death, and what the next run makes of it."""
        application = self.application
        self.points += 1
        with application.tables() as connection:
            torn = scene.disagreements(connection)
        torn += application.disagreements()
        torn += [] if application.published() in allowed else ["readers see neither before nor after"]
        with application.local.fate(**({"lease_passes": 0} if lease_passes else {})):
            result = application.call(RUN)
        unlike = [] if result["status"].startswith("SUCCESS") else [f"the next run said {result}"]
        unlike += [] if application.published() == application.expected() else ["the next run ends in another state"]
        with application.tables() as connection:
            unlike += scene.disagreements(connection)
            stuck = scene.leftovers(connection)
        for kind, found in ((self.torn, torn), (self.stuck, stuck), (self.unlike, unlike)):
            kind += [f"after {point}: {what}" for what in found]

    def tell(self, part: str) -> None:
        """Count what was found, and fail when it is anything."""
        wrong = {"torn": self.torn, "stuck": self.stuck, "unlike": self.unlike}
        count(
            "crash in the local Snowflake", part, points=self.points,
            **{"cut off": self.application.cut_off() - self._cut_off},
            **{kind: len(found) for kind, found in wrong.items()},
        )  # fmt: skip
        assert wrong == {"torn": [], "stuck": [], "unlike": []}


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


def _points(statements: list[str], seed: str) -> Iterator[int]:
    """Every statement, or two of them: the one that publishes and another."""
    if LONG:
        yield from range(len(statements))
        return
    publishing = max(at for at, text in enumerate(statements) if text == "commit")
    yield from (random.Random(seed).randrange(publishing), publishing)


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
    findings, were_left = Findings(application), 0
    for number in _points(statements, operation):
        call, allowed = _prepared(application, operation, rng.randrange(PEOPLE))
        if not dies(application, number, call):
            assert number > len(statements) - 5, "the call had far fewer statements than the first one"
            break
        with application.tables() as connection:
            were_left += bool(scene.leftovers(connection))
        last = application.local.statements()[-1].split(" ", 5)[:5]
        findings.judge(f"statement {number}, {' '.join(last)}", allowed, lease_passes=True)
    assert were_left, "no death left anything to mend"
    findings.tell(f"{operation}: {who} dies after a statement")


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
    findings = Findings(application)
    application.change(0)
    started = time.monotonic()
    application.call(RUN)
    usual = time.monotonic() - started
    for _ in range(TIMES):
        _, allowed = _prepared(application, "INCR", rng.randrange(PEOPLE))
        thread, connection = application.started()
        moment = rng.uniform(0.05, 1.0) * usual
        time.sleep(moment)
        death(application, connection)
        thread.join(PATIENCE)
        findings.judge(f"{moment:.2f} s", allowed, lease_passes=death is not _client_goes)
    findings.tell(death.__name__.strip("_").replace("_", " "))
