"""Decisions of people through CALL: what is refused says why and changes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.scheduled import Scheduled

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TABLES = (
    "idr_meta.identity_override",
    "idr_out.identity_resolved_membership_current",
    "idr_out.identity_event",
    "idr_out.run_history",
)


@pytest.fixture
def idr(tmp_path: Any) -> Iterator[Scheduled]:
    app = Scheduled(tmp_path)
    yield app
    app.close()


def everything(idr: Scheduled) -> list[list[str]]:
    return [sorted(map(repr, idr.sql(f"select * from idr.{name}"))) for name in TABLES]


def test_what_is_unknown_or_contradicts_a_decision_changes_nothing(idr: Scheduled) -> None:
    idr.add("ann@x.org", "Ann@x.org", "bob@x.org", "cyd@x.org")
    first = idr.call("idr_run('FULL', 30, false)")
    assert first["status"] == "SUCCESS"
    assert idr.call("idr_unlink('crm:1', 'crm:3', 'father and son')")["kind"] == "UNLINK"
    assert idr.call("idr_link('crm:3', 'crm:4', 'same passport')")["kind"] == "LINK"
    before = everything(idr)
    for call, code in (
        ("idr_explain('crm:1', 'crm:99')", "IDR-407"),
        ("idr_show('0123456789abcdef')", "IDR-407"),
        ("idr_show('crm:99', 'current')", "IDR-407"),
        ("idr_show('crm:1', 'no run')", "IDR-413"),
        ("idr_link('crm:1', 'crm:99', 'x')", "IDR-407"),
        ("idr_unlink('crm:99', 'crm:1', 'x')", "IDR-407"),
        ("idr_link('crm:1', 'crm:3', 'one after all')", "IDR-411"),
        ("idr_unlink('crm:3', 'crm:4', 'two after all')", "IDR-411"),
        ("idr_link('crm:1', 'crm:4', 'by way of crm:3')", "IDR-411"),
        ("idr_link('crm:1', 'crm:4', null)", "IDR-406"),
        ("idr_revoke('nothing')", "IDR-410"),
        ("idr_forget('crm:99')", "IDR-407"),
    ):
        answer = idr.call(call)
        assert (answer["status"], answer["error"]["code"]) == ("FAILED", code), call
        assert answer["problems"][0]["fix"], call
    assert everything(idr) == before
    past = idr.call("idr_show(%s, %s)", "crm:1", first["run_id"])
    assert [row["entity_key"] for row in past["members"]] == ["crm:1", "crm:2"]


def test_nothing_is_erased_while_a_run_is_on(idr: Scheduled) -> None:
    idr.add("ann@x.org")
    assert idr.call("idr_run('FULL', 30, false)")["status"] == "SUCCESS"
    idr.sql(
        "insert into shop.crm.people select seq4() + 100, 'p' || seq4() || '@x.org', 'P', '2025-01-01'"
        " from table(generator(rowcount => 60000))"
    )
    run = threading.Thread(target=lambda: idr.local.query("call idr.core.idr_run('FULL', 30, false)"))
    run.start()
    deadline = time.monotonic() + 60
    while not idr.sql("select 1 from idr.idr_meta.run_lock where holder is not null"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    answer = idr.call("idr_forget('crm:1')")
    run.join()
    assert (answer["status"], answer["error"]["code"]) == ("SKIPPED", "IDR-401")
    assert idr.sql("select count(*) from idr.idr_out.entity_current where entity_key = 'crm:1'") == [(1,)]
    assert idr.call("idr_forget('crm:1')")["status"] == "SUCCESS"
    assert idr.call("idr_forget('crm:1')")["error"]["code"] == "IDR-412"
