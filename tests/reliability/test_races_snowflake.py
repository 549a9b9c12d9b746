"""Two sessions of the local Snowflake use the application at once: one after the other, or one says no."""

from __future__ import annotations

import random
import threading
import time

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.reliability.mortal import PATIENCE
from tests.reliability.people_app import YAML, Application
from tests.reliability.tally import LONG, count

pytestmark = [
    pytest.mark.snowflake,
    pytest.mark.timeout(0),
    pytest.mark.skipif(not LONG, reason="left to ./scripts/test --long"),
]
TIMES = 6
RUN, FORGET, APPROVE = "idr_run('INCR')", "idr_forget('crm:<new>')", "idr_approve('<plan>')"
UPGRADE = "alter application idr upgrade using @package.src.files"
RACES = {
    "idr_run || idr_run": (RUN, RUN),
    "idr_run || a FULL run": (RUN, "idr_run('FULL')"),
    "idr_run || idr_configure": (
        RUN, f"idr_configure($${YAML.replace('lease_minutes: 5', 'lease_minutes: <minutes>')}$$)",
    ),
    "idr_run || idr_link": (RUN, "idr_link('crm:<a>', 'crm:<b>', 'they said so')"),
    "idr_run || idr_cleanup": (RUN, "idr_cleanup()"),
    "idr_approve || idr_run": (APPROVE, RUN),
    "idr_approve || idr_approve": (APPROVE, APPROVE),
    "idr_forget || idr_run": (FORGET, RUN),
    "idr_forget || idr_forget": (FORGET, FORGET),
    "an upgrade || idr_run": (UPGRADE, RUN),
    "an upgrade || an upgrade": (UPGRADE, UPGRADE),
}  # fmt: skip
IN_USE = "002002"
REFUSALS = ("IDR-401", "IDR-403", "IDR-404", "IDR-405", "IDR-409", "IDR-411", "IDR-412", IN_USE)


def _placed(application: Application, text: str, turn: int, rng: random.Random) -> dict[str, str]:
    """What the placeholders of a race stand for, after a change that it is about."""
    newcomer = 100 + turn
    if "<new>" in text:
        application.change(newcomer)
        application.call(RUN)
    application.change(rng.randrange(12))
    a, b = rng.sample(range(12), 2)
    plan = application.call("idr_run('INCR', 30, true)")["run_id"] if "<plan>" in text else ""
    return {"<minutes>": str(10 + turn), "<a>": str(a), "<b>": str(b), "<new>": str(newcomer), "<plan>": plan}


def _codes(application: Application, texts: list[str], pause: float) -> list[str | None]:
    """How two statements or calls end of which the second starts so many seconds after the first."""
    codes: list[str | None] = ["no answer"] * len(texts)

    def work(at: int, text: str) -> None:
        try:
            if text.startswith("idr_"):
                codes[at] = (application.call(text).get("error") or {}).get("code")
            else:
                application.local.query(text)
                codes[at] = None
        except ProgrammingError as error:
            codes[at] = f"{error.errno:06} {error.msg}" if error.errno != int(IN_USE) else IN_USE

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(texts)]
    threads[0].start()
    time.sleep(pause)
    threads[1].start()
    for thread in threads:
        thread.join(PATIENCE)
    return codes


def _wrong_afterwards(application: Application) -> list[str]:
    """What does not fit together, and what later runs tell."""
    last = application.call(RUN)
    found = [] if last["status"].startswith("SUCCESS") else [f"the next run said {last}"]
    again = application.call("idr_run('FULL')")
    found += [f"it lost {name}" for name in ("new", "moved", "removed") if again["counts"].get(name) != 0]
    versions = application.local.query(
        "select version from idr.idr_out.run_history where version is not null order by started_at, version"
    )
    if [row[0] for row in versions] != list(range(1, len(versions) + 1)):
        found.append(f"versions are {versions}")
    return found + application.disagreements()


@pytest.mark.parametrize("race", RACES)
def test_two_sessions_at_once(application: Application, race: str) -> None:
    rng = random.Random(race)
    figures = {"races": 0, "refused": 0, "anomalies": 0}
    wrong: list[str] = []
    for turn in range(TIMES):
        texts = list(RACES[race])
        for placeholder, value in _placed(application, " ".join(texts), turn, rng).items():
            texts = [text.replace(placeholder, value) for text in texts]
        codes = _codes(application, texts, rng.uniform(0, 2))
        figures["races"] += 1
        figures["refused"] += any(codes)
        found = [f"it ended with {code}" for code in codes if code not in (None, *REFUSALS)]
        found += _wrong_afterwards(application)
        forgotten = {f"crm:{100 + turn}"} if any(map(_is_done_forgetting, texts, codes)) else set()
        found += [f"it did not forget {key}" for _, members in application.published() for key in forgotten & members]
        figures["anomalies"] += bool(found)
        wrong += [f"{turn}: {what}" for what in found]
    count("races in the local Snowflake", race, **figures)
    assert wrong == []


def _is_done_forgetting(text: str, code: str | None) -> bool:
    return text.startswith("idr_forget") and code is None


def test_two_sessions_install_one_application(application: Application) -> None:
    rng = random.Random(7)
    wrong: list[str] = []
    for turn in range(TIMES):
        text = f"create application second_{turn} from application package package using @package.src.files"
        codes = _codes(application, [text, text], rng.uniform(0, 2))
        wrong += [] if sorted(codes, key=str) == [IN_USE, None] else [f"{turn}: they ended with {codes}"]
        [(answer,)] = application.local.query(f"call second_{turn}.core.idr_status()")
        wrong += [] if '"last_run"' in answer else [f"{turn}: it answers {answer}"]
        application.local.query(f"drop application second_{turn}")
    wrong += _wrong_afterwards(application)
    count(
        "races in the local Snowflake",
        "an installation || an installation",
        races=TIMES,
        refused=TIMES,
        anomalies=len(wrong),
    )
    assert wrong == []
