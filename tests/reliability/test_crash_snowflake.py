"""The local Snowflake: its server, its workers and its clients die during a CALL; readers see before or after."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Self

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.reliability import scene
from tests.reliability.app_decisions import Forget, Override
from tests.reliability.app_operations import RUN, Approve, Cleanup, DryRun, Operation, Run
from tests.reliability.app_settings import Configure, Schedule
from tests.reliability.conftest import in_memory
from tests.reliability.mortal import PATIENCE, Caller, Mortal
from tests.reliability.people_app import MortalApplication
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.snowflake, pytest.mark.timeout(0 if LONG else 300)]
only_long = pytest.mark.skipif(not LONG, reason="left to ./scripts/test --long")
TIMES = 8
OPERATIONS: dict[str, Callable[[MortalApplication, str], Operation]] = {
    "link": Override,
    "unlink": Override,
    "revoke": Override,
    "cleanup": Cleanup,
    "configure": Configure,
    "schedule": Schedule,
    "schedule anew": Schedule,
    "schedule without a gate": Schedule,
    "unschedule": Schedule,
    "dry run": DryRun,
    "approve": Approve,
    "INCR": Run,
    "FULL": Run,
    "forget": Forget,
}
QUICK = ("link", "cleanup", "configure", "schedule anew", "FULL", "forget")  # beside INCR


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalApplication]:
    with in_memory(tmp_path_factory.mktemp("crash")) as folder:
        local = Mortal(folder / "data")
        local.start()
        yield MortalApplication(local, folder)
        local.stop()


class Findings:
    """What was found wrong, by the kind of promise that it breaks; counted at the end of the block, however it ends."""

    def __init__(self, application: MortalApplication, operation: Operation, part: str) -> None:
        self._application, self._operation = application, operation
        self._part, self._former = part, application.cut_off()
        self._points = self._cut_off = 0
        self._wrong: dict[str, list[str]] = {"torn": [], "stuck": [], "unlike": []}
        self.mended = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        figures = {"cut off": self._cut_off} | {name: len(found) for name, found in self._wrong.items()}
        count("crash in the local Snowflake", self._part, points=self._points, **figures)
        print(self._part, self._points, self._wrong)  # also when it was interrupted
        if kind is None:
            assert self._wrong == {"torn": [], "stuck": [], "unlike": []}

    def judge(self, point: str, *, goes_on: bool) -> None:
        """What readers see after a death, and what the next run makes of it; `goes_on`: only the client had gone."""
        application, operation = self._application, self._operation
        with application.tables() as connection:
            torn = scene.disagreements(connection) + operation.broken(connection)
            self.mended += bool(scene.leftovers(connection))
        if application.published() not in operation.allowed[-1 if goes_on else 0 :]:
            torn.append("readers see neither before nor after")
        unlike, stuck = self._next_run(goes_on=goes_on) if operation.concerns_runs else ([], [])
        unlike += operation.again()
        for kind, found in (("torn", torn), ("stuck", stuck), ("unlike", unlike)):
            self._wrong[kind] += [f"after {point}: {what}" for what in found]
        self._points += 1
        self._cut_off = application.cut_off() - self._former

    def _next_run(self, *, goes_on: bool) -> tuple[list[str], list[str]]:
        """In what it differs from one before which nobody died, and what is left."""
        application = self._application
        with application.local.fate(**({} if goes_on else {"lease_passes": 0})):
            result = application.call(RUN)
        unlike = [] if result["status"].startswith("SUCCESS") else [f"the next run said {result}"]
        if application.published() != self._operation.wanted():
            unlike.append("the next run ends in another state")
        with application.tables() as connection:
            return unlike + scene.disagreements(connection), scene.leftovers(connection)


def _statements(application: MortalApplication, operation: Operation) -> list[str]:
    """Those of the operation when nobody dies."""
    application.call(operation.prepare())
    statements = application.local.statements()
    _nobody_died(application, operation)
    return statements


def _nobody_died(application: MortalApplication, operation: Operation) -> None:
    with application.tables() as connection:
        wrong = operation.broken(connection)
    if operation.concerns_runs:
        application.call(RUN)
    assert wrong + operation.again() == []


def _server_dies_after(application: MortalApplication, number: int, call: str) -> bool:
    """Whether it had such a statement."""
    local = application.local
    with local.fate(server_dies=number), closing(Caller(local, call)) as caller:
        if caller.has_answer():
            return False
        _wait(local.has_ended)
    local.start()
    return True


def _worker_dies_after(application: MortalApplication, number: int, call: str) -> bool:
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


def _client_goes_after(application: MortalApplication, number: int, call: str) -> bool:
    """Whether it had such a statement; the call goes on to its end."""
    local = application.local
    local.forget_statements()
    with closing(Caller(local, call)) as caller:
        while not local.has_had(number):
            if caller.has_answer(within=0.01):
                return False
    _wait(lambda: local.worker() is None)
    return True


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


DEATHS = {"server dies": _server_dies_after, "worker dies": _worker_dies_after, "client goes": _client_goes_after}


def _points(statements: list[str], who: str, operation: str) -> list[int]:
    """Every statement in some order, so that those of a test that is stopped are a sample; a few when nobody but the
    client is gone; or, in the small size, the one that publishes or another.
    """
    rng, total = random.Random(f"{who} {operation}"), len(statements)
    if LONG:
        return rng.sample(range(total), min(TIMES, total) if who == "client goes" else total)
    publishing = max((at for at, text in enumerate(statements) if text == "commit"), default=rng.randrange(total))
    return [publishing, rng.randrange(publishing)] if (who, operation) == ("worker dies", "INCR") else [publishing]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("who", "name"),
    [
        pytest.param(
            who, name, id=f"{who.split()[0]}-{name}",
            marks=() if name == "INCR" or (who == "worker dies" and name in QUICK) else only_long,
        )
        for name in OPERATIONS
        for who in DEATHS
    ],
)  # fmt: skip
def test_somebody_dies_after_a_statement(application: MortalApplication, who: str, name: str) -> None:
    operation = OPERATIONS[name](application, name)
    statements = _statements(application, operation)
    with closing(operation), Findings(application, operation, f"{name}: {who} after a statement") as findings:
        for number in _points(statements, who, name):
            if not DEATHS[who](application, number, operation.prepare()):
                is_near = number > len(statements) - 5 or who == "client goes"  # which may have its answer already
                assert is_near, "the call had far fewer statements than the first one"
                _nobody_died(application, operation)
                continue
            last = " ".join(application.local.statements()[number].split()[:5])
            findings.judge(f"statement {number}, {last}", goes_on=who == "client goes")
    assert findings.mended or not operation.cuts_runs or who == "client goes", "no death left anything to mend"


def _server_dies(application: MortalApplication, _: Caller) -> None:
    os.kill(application.local.pid(), signal.SIGKILL)
    _wait(application.local.has_ended)
    application.local.start()


def _worker_dies(application: MortalApplication, caller: Caller) -> None:
    worker = application.local.worker()
    if worker is not None:
        os.kill(worker, signal.SIGKILL)
    caller.has_answer()


def _client_goes(application: MortalApplication, caller: Caller) -> None:
    caller.close()
    _wait(lambda: application.local.worker() is None)


@only_long
@pytest.mark.parametrize("death", [_server_dies, _worker_dies, _client_goes], ids=["server", "worker", "client"])
def test_somebody_dies_at_any_moment(
    application: MortalApplication, death: Callable[[MortalApplication, Caller], None]
) -> None:
    rng = random.Random(death.__name__)
    operation = Run(application, "INCR")
    started = time.monotonic()
    application.call(operation.prepare())
    usual = time.monotonic() - started
    with Findings(application, operation, death.__name__.strip("_").replace("_", " ")) as findings:
        for _ in range(TIMES):
            moment = rng.uniform(0.05, 1.0) * usual
            with closing(Caller(application.local, operation.prepare())) as caller:
                time.sleep(moment)
                death(application, caller)
            findings.judge(f"{moment:.2f} s", goes_on=death is _client_goes)
