"""Promises of a run that a random history does not single out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from inspect import signature
from typing import Any

import pytest

from idr import handlers, schema
from idr.cli import run as command
from idr.errors import IdrError
from idr.model import Exclusion, Guardrails, Identifier, Settings
from idr.run import run
from idr.schedule.options import Schedule
from idr.stages.components import _PRIME
from tests.resolution.shop import NOW, UNLIMITED, Shop


def test_a_chain_of_any_length_is_one_cluster() -> None:
    shop = Shop(guardrails=Guardrails(max_cluster_size=None))
    shop.add(*((i, f"a{i // 2}@x.org", f"555{(i + 1) // 2:07}", "x", NOW) for i in range(200)))
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert len(shop.clusters()) == 1


def test_the_order_of_a_chain_is_never_drawn_anew() -> None:
    """Each round leaves less than 60 % of its edges: another order would cost more and help nothing."""
    sent: list[str] = []

    class Watched:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def execute(self, sql: str, *values: Any) -> Any:
            sent.append(sql)
            return self.connection.execute(sql, *values)

    shop = Shop(wrap=Watched, guardrails=UNLIMITED)
    shop.add(*((i, f"a{i // 2}@x.org", f"555{(i + 1) // 2:07}", "x", NOW) for i in range(200)))
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert any("hook_0" in sql for sql in sent)
    assert not any(str(_PRIME) in sql for sql in sent)


def test_too_few_rounds_fail_and_publish_nothing() -> None:
    shop = Shop(guardrails=Guardrails(max_cluster_size=None))
    shop.add(*((i, f"a{i // 2}@x.org", f"555{(i + 1) // 2:07}", "x", NOW) for i in range(200)))
    result = shop.run("FULL", max_iters=1)
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-301")
    assert shop.clusters() == []


def test_thirty_rounds_are_allowed_unless_another_number_is_asked_for() -> None:
    shop = Shop()
    with pytest.raises(
        IdrError, match=r"IDR-406 max_iters is 0\. Use a whole number of at least 1, usually 30"
    ) as caught:
        shop.run("FULL", max_iters=0)
    [usual] = re.findall(r"usually (\d+)", str(caught.value))
    ways = (run, handlers.run, command.run)
    assert [signature(way).parameters["max_iters"].default for way in ways] == [int(usual)] * 3
    assert Schedule().max_iters == int(usual)


def test_a_run_is_named_by_its_time_and_tells_its_duration_in_milliseconds() -> None:
    shop = Shop()
    result = shop.run("FULL")
    assert re.fullmatch(rf"{shop.now:%Y%m%dt%H%M%S}_[0-9a-f]{{8}}", result["run_id"])
    assert 0 < result["duration_seconds"] < 60
    assert result["duration_seconds"] == round(result["duration_seconds"], 3)


def test_the_time_of_each_stage_is_a_part_of_the_run() -> None:
    spent: list[float] = []
    result = Shop().run("FULL", progress=lambda stage, rows, seconds: spent.append(seconds))
    assert min(spent) >= 0
    assert sum(spent) <= result["duration_seconds"]


def test_an_oversized_cluster_is_held_until_it_is_approved() -> None:
    shop = Shop(guardrails=Guardrails(max_cluster_size=3))
    shop.add(*((i, "same@x.org", None, "x", NOW) for i in range(5)))
    held = shop.run("FULL")
    assert (held["status"], held["gate"]) == ("HELD", "HOLD")
    assert "5 records would be one identity" in held["reasons"][0]
    assert shop.clusters() == []
    assert shop.approve(held["run_id"])["status"] == "SUCCESS"
    assert shop.query("select status, is_dry_run from idr_out.run_history order by started_at") == [
        ("HELD", False),
        ("SUCCESS", False),
    ]
    assert len(shop.clusters()) == 1
    with pytest.raises(IdrError, match="IDR-404"):
        shop.approve(held["run_id"])
    assert shop.run("FULL")["status"] == "SUCCESS"


def test_a_mailbox_shared_by_far_more_than_usual_is_held_by_default() -> None:
    shop = Shop()
    shop.add(*((i, f"u{i // 2}@x.org", None, "x", NOW) for i in range(60)))
    shop.add(*((100 + i, "info@x.org", None, "x", NOW) for i in range(21)))
    held = shop.run("FULL")
    assert held["status"] == "HELD"
    assert "links 21 records" in held["reasons"][0]


def test_an_excluded_value_undoes_the_merge_it_made() -> None:
    shop = Shop(guardrails=Guardrails(max_moved_ratio=None))
    shop.add((1, "Test@Test.com", None, "a", NOW), (2, "test@test.com", None, "b", NOW))
    shop.run("FULL")
    assert shop.clusters() == [["shop:1", "shop:2"]]
    excluded = Identifier("email", "email", exclude=(Exclusion("exact", "TEST@test.com"),))
    shop.apply(replace(shop.config, identifiers={**shop.config.identifiers, "email": excluded}))
    result = shop.run("INCR")
    assert "computed in full: identifiers changed" in result["message"]
    assert shop.clusters() == [["shop:1"], ["shop:2"]]


def test_a_row_without_a_key_fails_the_run_and_changes_nothing() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    before = shop.snapshot()
    shop.add((None, "a@x.org", None, "b", NOW + timedelta(days=1)))
    result = shop.run("INCR")
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-201")
    assert shop.snapshot() == before
    history = "select status, error_code from idr_out.run_history order by started_at"
    status = shop.connection.execute(history).fetchall()
    assert status == [("SUCCESS", None), ("FAILED", "IDR-201")]


def test_of_rows_with_one_key_the_latest_wins_and_is_reported() -> None:
    shop = Shop()
    shop.add((1, "old@x.org", None, "old", NOW), (1, "new@x.org", None, "new", NOW + timedelta(hours=-1)))
    shop.add((1, "newest@x.org", None, "newest", NOW + timedelta(seconds=1)))
    result = shop.run("FULL")
    assert result["status"] == "SUCCESS_WITH_WARNINGS"
    assert "IDR-202" in result["warnings"][0]
    assert shop.connection.execute("select name from idr_out.golden_profile_current").fetchall() == [("newest",)]


def test_a_row_from_the_future_does_not_hide_later_rows() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "a", NOW + timedelta(days=365)))
    assert "IDR-203" in shop.run("INCR")["warnings"][0]
    shop.add((2, "a@x.org", None, "b", NOW + timedelta(minutes=1)))
    shop.run("INCR")
    assert shop.clusters() == [["shop:1", "shop:2"]]


def test_rows_without_a_clock_value_are_read_each_time() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("INCR")
    shop.add((2, "a@x.org", None, "b", None))
    shop.run("INCR")
    assert shop.clusters() == [["shop:1", "shop:2"]]


def test_rows_that_arrive_after_the_plan_wait_for_the_next_run() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("INCR", dry_run=True)
    shop.add((2, "a@x.org", None, "b", NOW))
    shop.run("INCR")
    assert shop.clusters() == [["shop:1"]]
    shop.run("INCR")
    assert shop.clusters() == [["shop:1", "shop:2"]]


def test_a_run_that_meets_another_is_skipped() -> None:
    shop = Shop()
    holder = f"{shop.wh.process_token}:other"
    shop.wh.execute(
        "update idr_meta.run_lock set holder = :holder, expires_at = :until",
        {"holder": holder, "until": NOW + timedelta(days=1)},
    )
    assert shop.run("FULL")["status"] == "SKIPPED"


def test_the_lock_of_a_dead_process_and_its_running_row_are_taken_over() -> None:
    shop = Shop()
    shop.wh.execute(
        "update idr_meta.run_lock set holder = 'gone:run', expires_at = :until", {"until": NOW + timedelta(days=1)}
    )
    shop.wh.execute("insert into idr_out.run_history (run_id, status) values ('dead', 'RUNNING')")
    assert shop.run("FULL")["status"] == "SUCCESS"
    row = shop.connection.execute("select status, error_code from idr_out.run_history where run_id = 'dead'").fetchone()
    assert row == ("FAILED", "IDR-504")


def test_a_source_that_empties_is_held() -> None:
    shop = Shop()
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(10)))
    shop.run("FULL")
    shop.connection.execute("delete from shop.people where id > 2")
    held = shop.run("FULL")
    assert held["status"] == "HELD"
    assert "source shop would shrink from 10 to 3" in held["reasons"][0]


def test_more_values_than_an_identity_may_hold_are_a_conflict() -> None:
    phone = Identifier("phone", "digits", unique=True)
    shop = Shop(identifiers={"email": Identifier("email", "email"), "phone": phone})
    shop.add((1, "a@x.org", "5551", "a", NOW), (2, "a@x.org", "5552", "b", NOW))
    held = shop.run("FULL")
    assert "1 identities hold more values" in held["reasons"][0]


def test_an_invalid_mode_is_refused() -> None:
    with pytest.raises(IdrError, match="IDR-406"):
        Shop().run("PARTIAL")


def test_audit_rows_are_kept_for_retention_days_and_history_for_ever() -> None:
    shop = Shop(settings=Settings(retention_days=2))
    shop.add((1, "a@x.example", None, "Ann", NOW))
    dry = shop.run("FULL", dry_run=True)
    live = shop.run("FULL")
    audit = ("plan", "dry_run_results", "dry_run_summary", "stage_metrics", "metrics_export")

    def left() -> dict[str, int]:
        query = "select count(*) from idr_out.{} where run_id in (?, ?)"
        ids = [dry["run_id"], live["run_id"]]
        return {table: shop.connection.execute(query.format(table), ids).fetchone()[0] for table in audit}

    shop.run()
    assert all(left().values())
    shop.now += timedelta(days=2)
    shop.run()
    assert not any(left().values())
    assert shop.connection.execute("select count(*) from idr_out.run_history").fetchone() == (4,)


def test_a_run_that_lost_its_lease_publishes_nothing() -> None:
    shop = Shop()
    shop.add((1, "a@x.example", None, "Ann", NOW))

    def taken(stage: str, _rows: int, _seconds: float) -> None:
        if stage == "read sources":
            shop.connection.execute("update idr_meta.run_lock set holder = 'another', token = token + 1")

    result = shop.run("FULL", progress=taken)
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-405")
    assert shop.clusters() == []
    assert shop.connection.execute("select holder from idr_meta.run_lock").fetchone() == ("another",)


@pytest.mark.parametrize("table", ["run_lock", "base_state"])
def test_a_state_row_deleted_by_hand_is_told_and_applying_the_configuration_restores_it(table: str) -> None:
    shop = Shop()
    shop.add((1, "a@x.example", None, "Ann", NOW))
    shop.wh.execute(f"delete from idr_meta.{table}")
    failed = shop.run("FULL")
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "IDR-115")
    assert table in failed["error"]["message"]
    schema.install(shop.wh)
    assert shop.run("FULL")["status"] == "SUCCESS"


def test_a_failure_that_nobody_foresaw_is_recorded_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    shop.add((1, "ann@x.org", None, "Ann", NOW))
    monkeypatch.setattr("idr.stages.golden.build", lambda _: {}["ann@x.org"])
    with pytest.raises(KeyError):
        shop.run("FULL")
    [(code, stage, message)] = shop.query("select error_code, error_stage, error_message from idr_out.run_history")
    assert (code, stage) == ("IDR-599", "golden profiles")
    assert re.match(r"KeyError at stages/context.py:\d+, stages/plan.py:\d+, ", message)
    assert "ann" not in message
