"""Two sessions of the local Snowflake call the application at once: one after the other, or one says no."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.emulator.conftest import Local
from tests.reliability.people_app import YAML, Application
from tests.reliability.tally import LONG, count

pytestmark = [
    pytest.mark.snowflake,
    pytest.mark.timeout(0),
    pytest.mark.skipif(not LONG, reason="left to ./scripts/test --long"),
]
TIMES = 6
OTHERS = {
    "idr_run": "idr_run('INCR')",
    "a FULL run": "idr_run('FULL')",
    "idr_configure": f"idr_configure($${YAML.replace('lease_minutes: 5', 'lease_minutes: <minutes>')}$$)",
    "idr_link": "idr_link('crm:<a>', 'crm:<b>', 'they said so')",
    "idr_cleanup": "idr_cleanup()",
}
REFUSALS = ("IDR-401", "IDR-403", "IDR-405", "IDR-409", "IDR-411")


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("races")
    local = Local(folder / "data")
    local.start()
    yield Application(local, folder)
    with suppress(AssertionError):
        local.stop()


@pytest.mark.parametrize("other", OTHERS)
def test_two_sessions_at_once(application: Application, other: str) -> None:
    rng = random.Random(other)
    figures = {"races": 0, "refused": 0, "anomalies": 0}
    wrong: list[str] = []
    for turn in range(TIMES):
        application.change(rng.randrange(12))
        a, b = rng.sample(range(12), 2)
        call = OTHERS[other].replace("<minutes>", str(10 + turn)).replace("<a>", str(a)).replace("<b>", str(b))
        answers: list[Any] = [None, None]

        def work(at: int, text: str, answers: list[Any] = answers) -> None:
            answers[at] = application.call(text)

        threads = [threading.Thread(target=work, args=pair) for pair in enumerate(("idr_run('INCR')", call))]
        threads[0].start()
        time.sleep(rng.uniform(0, 2))
        threads[1].start()
        for thread in threads:
            thread.join(120)
        codes = [((answer or {}).get("error") or {}).get("code") for answer in answers]
        figures["races"] += 1
        figures["refused"] += any(codes)
        found = [f"it ended with {code}" for code in codes if code not in (None, *REFUSALS)]
        found += [f"no answer from {at}" for at, answer in enumerate(answers) if answer is None]
        last = application.call("idr_run('INCR')")
        found += [] if last["status"].startswith("SUCCESS") else [f"the next run said {last}"]
        again = application.call("idr_run('FULL')")
        found += [f"it lost {name}" for name in ("new", "moved", "removed") if again["counts"].get(name) != 0]
        versions = application.local.query(
            "select version from idr.idr_out.run_history where version is not null order by started_at, version"
        )
        if [row[0] for row in versions] != list(range(1, len(versions) + 1)):
            found.append(f"versions are {versions}")
        found += application.disagreements()
        figures["anomalies"] += bool(found)
        wrong += [f"{turn}: {what}" for what in found]
    count("races in the local Snowflake", f"idr_run || {other}", **figures)
    assert wrong == []
