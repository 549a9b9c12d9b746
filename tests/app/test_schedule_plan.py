"""Between the dry run and the live run of a graph, what the report makes of them, and the cleanup: on DuckDB."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idr import lock
from idr.errors import IdrError
from idr.model import Guardrails, Settings
from idr.run import cleanup
from idr.schedule.apply import outcomes
from idr.schedule.report import report
from idr.schedule.starts import starts
from idr.statement import read
from idr.warehouse import Binds
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.app.hours import Hours, WithHistory
from tests.resolution.shop import NOW, Shop

STRICT = Guardrails(max_cluster_size=2, max_moved_ratio=None)


def people(*emails: str) -> list[tuple[Any, ...]]:
    return [(number, email, None, "x", NOW) for number, email in enumerate(emails)]


def started(shop: Shop, graph_run: str, task: str, result: dict[str, Any]) -> None:
    """What the body of a task writes down."""
    shop.connection.execute("insert into idr_out.task_run values (?, ?, ?, ?)", [graph_run, task, "", result["run_id"]])


def alerts(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.query("select kind, run_id, is_open from idr_out.alerts order by raised_at, alert_id")


def test_rows_that_arrive_between_the_two_wait_for_the_next_run() -> None:
    shop = Shop()
    shop.add(*people("a@x.org", "a@x.org"))
    dry = shop.run(dry_run=True)
    shop.add((7, "b@x.org", None, "late", NOW))
    live = shop.run()
    assert live["message"] == f"published the plan of run {dry['run_id']}"
    assert shop.clusters() == [["shop:0", "shop:1"]]
    shop.run()
    assert shop.clusters() == [["shop:0", "shop:1"], ["shop:7"]]


def test_a_configuration_that_changed_in_between_is_planned_and_judged_anew() -> None:
    shop = Shop()
    shop.add(*people("a@x.org", "a@x.org", "a@x.org"))
    dry = shop.run(dry_run=True)
    assert dry["gate"] == "PASS"
    shop.apply(replace(shop.config, guardrails=STRICT))
    live = shop.run()
    assert (live["status"], shop.clusters()) == ("HELD", [])
    why = f"the plan of run {dry['run_id']} was not used: the configuration or a column's type changed since"
    assert why in live["message"]


def test_a_plan_of_an_earlier_version_is_made_anew() -> None:
    """Its work tables may be others; an earlier version wrote the configuration's fingerprint alone."""
    shop = Shop()
    shop.add(*people("a@x.org", "a@x.org"))
    dry = shop.run(dry_run=True)
    shop.connection.execute("update idr_out.plan set config_fingerprint = left(config_fingerprint, 64)")
    refused = shop.approve(dry["run_id"])["error"]
    assert (refused["code"], "IDR was upgraded" in refused["message"]) == ("IDR-403", True)
    live = shop.run()
    assert (live["status"], shop.clusters()) == ("SUCCESS", [["shop:0", "shop:1"]])
    assert f"the plan of run {dry['run_id']} was not used: IDR was upgraded since" in live["message"]


def test_a_publication_in_between_makes_the_plan_useless() -> None:
    shop = Shop()
    shop.add(*people("a@x.org"))
    shop.run()
    dry = shop.run(dry_run=True)
    shop.run("FULL")
    live = shop.run()
    assert live["status"] == "SUCCESS"
    assert "was not used" not in shop.run()["message"]
    assert f"the plan of run {dry['run_id']} was not used: the data was published anew since" in live["message"]


def test_a_plan_that_is_too_old_is_not_published() -> None:
    shop = Shop()
    shop.add(*people("a@x.org"))
    dry = shop.run(dry_run=True)
    shop.now += timedelta(minutes=shop.config.settings.plan_ttl_minutes)
    live = shop.run()
    assert dry["run_id"] not in live["message"]


def test_a_held_dry_run_says_so_and_is_told_once() -> None:
    shop = Shop(guardrails=STRICT)
    shop.add(*people("a@x.org", "a@x.org", "a@x.org"))
    dry = shop.run(dry_run=True)
    assert (dry["status"], dry["gate"]) == ("DRY_RUN_COMPLETE", "HOLD")
    started(shop, "g1", "IDR_DRY_RUN_TASK", dry)
    first = report(shop.wh, "g1", "", shop.now)
    assert (first["held"], first["alerts"]) == (1, 1)
    second = report(shop.wh, "g1", "", shop.now)
    assert (second["held"], second["alerts"]) == (0, 0)
    assert alerts(shop) == [("HELD", dry["run_id"], True)]
    assert shop.query("select status, message from idr_out.run_history") == [
        ("HELD", f"held by the gate; idr_approve('{dry['run_id']}') publishes this very plan")
    ]
    assert shop.approve(dry["run_id"])["status"] == "SUCCESS"
    assert alerts(shop) == [("HELD", dry["run_id"], False)]


def test_an_alert_closes_when_its_plan_can_no_longer_be_published() -> None:
    shop = Shop(guardrails=STRICT)
    shop.add(*people("a@x.org", "a@x.org", "a@x.org"))
    held = shop.run(dry_run=True)
    started(shop, "g1", "IDR_DRY_RUN_TASK", held)
    report(shop.wh, "g1", "", shop.now)
    shop.connection.execute("update shop.people set email = 'b@x.org' where id = 2")
    assert shop.run()["status"] == "SUCCESS"
    assert alerts(shop) == [("HELD", held["run_id"], False)]


def test_a_dry_run_by_hand_is_not_marked_and_not_told() -> None:
    shop = Shop(guardrails=STRICT)
    shop.add(*people("a@x.org", "a@x.org", "a@x.org"))
    shop.run(dry_run=True)
    report(shop.wh, "g1", "", shop.now)
    assert alerts(shop) == []
    assert shop.query("select status from idr_out.run_history") == [("DRY_RUN_COMPLETE",)]


def test_a_failed_run_and_its_failed_task_are_one_alert() -> None:
    shop = Shop()
    shop.add((None, "a@x.org", None, "x", NOW))
    failed = shop.run()
    started(shop, "g1", "IDR_DRY_RUN_TASK", failed)
    report(shop.wh, "g1", "IDR_DRY_RUN_TASK FAILED: Uncaught exception", shop.now)
    assert alerts(shop) == [("FAILED", failed["run_id"], True)]
    report(shop.wh, "g2", "IDR_DRY_RUN_TASK FAILED: timeout", shop.now)
    report(shop.wh, "g2", "IDR_DRY_RUN_TASK FAILED: timeout", shop.now)
    assert alerts(shop)[1:] == [("FAILED", None, True)]
    shop.connection.execute("delete from shop.people")
    shop.run()
    assert [is_open for _, _, is_open in alerts(shop)] == [False, False], "a publication ends what went wrong before it"


def test_an_alert_tells_what_happened_when_and_in_which_start() -> None:
    shop = Shop(guardrails=STRICT)
    shop.add(*people("a@x.org", "a@x.org", "a@x.org"))
    held = shop.run(dry_run=True)
    shop.add((None, "a@x.org", None, "x", NOW))
    failed = shop.run(dry_run=True)
    states = "('mute', 'FAILED'), ('other', 'FAILED'), ('fine', 'SUCCESS'), ('well', 'SUCCESS')"
    shop.query(f"insert into idr_out.run_history (run_id, status) values {states}")
    runs = [(held, "g1"), (failed, "g1")]
    runs += [({"run_id": name}, at) for name, at in (("mute", "g1"), ("other", "g2"), ("fine", "g1"), ("well", "g3"))]
    for number, (run, graph_run) in enumerate(runs):
        started(shop, graph_run, f"TASK_{number}", run)
    assert report(shop.wh, "g1", "IDR_DRY_RUN_TASK FAILED: timeout", shop.now)["alerts"] == 3
    columns = "alert_id, kind, run_id, graph_run, message, raised_at, notified_at"
    why = f"held by the gate; idr_approve('{held['run_id']}') publishes this very plan"
    [(reasons,)] = shop.query("select reasons from idr_out.run_history where run_id = ?", held["run_id"])
    told = {
        (held["run_id"], "HELD"): f"run {held['run_id']} is held: {reasons}. {why}",
        (failed["run_id"], "FAILED"): f"run {failed['run_id']} failed: {failed['error']['message']}",
        ("mute", "FAILED"): "run mute failed: no message",
    }
    assert set(shop.query(f"select {columns} from idr_out.alert")) == {
        (run_id, kind, run_id, "g1", message, shop.now, None) for (run_id, kind), message in told.items()
    }
    assert report(shop.wh, "g3", "IDR_LIVE_RUN_TASK FAILED: no right", shop.now)["alerts"] == 1
    message = "a task failed without a result: IDR_LIVE_RUN_TASK FAILED: no right"
    assert shop.query(f"select {columns} from idr_out.alert where graph_run = 'g3'") == [
        ("g3", "FAILED", None, "g3", message, shop.now, None)
    ]
    assert report(shop.wh, "g2", "", shop.now)["alerts"] == 1


class Mailing(DuckDBWarehouse):
    """Keeps the messages that would be sent; one that has a word of `refused` in it is not taken."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.sent: list[str] = []
        self.refused = "nothing"

    def execute(self, sql: str, binds: Binds | None = None) -> int:
        if "send_snowflake_notification" not in sql:
            return super().execute(sql, binds)
        [text] = json.loads((binds or {})["message"]).values()
        if self.refused in text:
            raise IdrError.of("IDR-501", "no mail")
        self.sent.append(text)
        return 0


def test_alerts_are_sent_once_the_oldest_first_and_by_name_where_they_are_as_old() -> None:
    shop = Shop()
    shop.query("insert into idr_meta.schedule (options) values (?)", json.dumps({"notify": "mail"}))
    for name, day in (("c", 2), ("b", 1), ("d", 2), ("a", 3)):
        values = (name, f"told {name}", NOW + timedelta(days=day), NOW if name == "d" else None)
        shop.query("insert into idr_out.alert (alert_id, message, raised_at, notified_at) values (?, ?, ?, ?)", *values)
    shop.query("insert into idr_out.alert (alert_id, message, raised_at) values ('9', 'told 9', ?)", NOW)
    shop.query("update idr_out.alert set raised_at = ? where alert_id in ('9', 'b')", NOW + timedelta(days=1))
    wh = Mailing(shop.connection)
    wh.refused = "told a"
    told = report(wh, "g1", "", shop.now)
    assert (told["notified"], told["notify_error"] is None) == (3, False)
    wh.refused = "nothing"
    assert report(wh, "g1", "", shop.now)["notified"] == 1
    assert report(wh, "g1", "", shop.now)["notified"] == 0
    assert wh.sent == [f"IDR: told {name}" for name in ("9", "b", "c", "a")]


def test_only_a_held_dry_run_of_this_start_is_marked() -> None:
    shop = Shop()
    rows = [("held", "DRY_RUN_COMPLETE", "HOLD"), ("fine", "DRY_RUN_COMPLETE", "PASS"), ("live", "SUCCESS", "HOLD")]
    rows += [("elsewhere", "DRY_RUN_COMPLETE", "HOLD")]
    for run_id, status, gate in rows:
        shop.query("insert into idr_out.run_history (run_id, status, gate) values (?, ?, ?)", run_id, status, gate)
        started(shop, "g2" if run_id == "elsewhere" else "g1", run_id, {"run_id": run_id})
    assert report(shop.wh, "g1", "", shop.now)["held"] == 1
    found = shop.query("select run_id, status from idr_out.run_history where status = 'HELD'")
    assert found == [("held", "HELD")]


def test_starts_are_told_the_newest_first_and_of_each_what_decided() -> None:
    shop = Shop()
    rows = [
        ("g1", "IDR_DRY_RUN_TASK", "a", "DRY_RUN_COMPLETE", "PASS", 1),
        ("g1", "IDR_LIVE_RUN_TASK", "b", "SUCCESS", "PASS", 4),
        ("g2", "IDR_DRY_RUN_TASK", "c", "FAILED", None, 2),
        ("g2", "IDR_DRY_RUN_TASK", "d", "SKIPPED", None, 5),
        ("g3", "IDR_DRY_RUN_TASK", "e", "HELD", "HOLD", 3),
        ("g4", "IDR_DRY_RUN_TASK", "f", "RUNNING", None, 6),
        ("g5", "IDR_DRY_RUN_TASK", "g", "FAILED", None, 0),
    ]
    columns = "run_id, status, gate, reasons, message, started_at"
    for graph_run, task, run_id, status, gate, day in rows:
        values = (run_id, status, gate, f"reasons {run_id}", f"message {run_id}", NOW + timedelta(days=day))
        shop.query(f"insert into idr_out.run_history ({columns}) values (?, ?, ?, ?, ?, ?)", *values)
        row = (graph_run, task, f"at {graph_run}", run_id)
        shop.query("insert into idr_out.task_run values (?, ?, ?, ?)", *row)
    shop.query("update idr_out.run_history set error_message = 'broken' where run_id in ('c', 'g')")
    shop.query("insert into idr_out.run_history (run_id, status) values ('by hand', 'SUCCESS')")
    found = starts(shop.wh)
    assert [(row["at"], row["outcome"], row["why"], row["run_id"]) for row in found] == [
        ("at g4", "RUNNING", None, "f"),
        ("at g3", "HELD", "reasons e", "e"),
        ("at g2", "SKIPPED", "message d", "d"),
        ("at g1", "PUBLISHED", "message b", "b"),
        ("at g5", "FAILED", "broken", "g"),
    ]
    tasks = outcomes(shop.wh)
    assert tasks.keys() == {"IDR_DRY_RUN_TASK", "IDR_LIVE_RUN_TASK"}
    assert [
        (row["at"], row["state"], row["return_value"], row["error_message"]) for row in tasks["IDR_DRY_RUN_TASK"]
    ] == [
        ("at g4", "EXECUTING", "RUNNING", None),
        ("at g2", "SUCCEEDED", "SKIPPED", None),
        ("at g3", "SUCCEEDED", "HOLD", None),
        ("at g2", "FAILED", "FAILED", "broken"),
        ("at g1", "SUCCEEDED", "PASS", None),
        ("at g5", "FAILED", "FAILED", "broken"),
    ]


def test_of_each_task_of_a_start_the_last_attempt_is_told_and_the_newest_start_first() -> None:
    hours = Hours({}, datetime(2024, 6, 1, tzinfo=UTC))
    hours.write_history()
    dry, live, weekly, full = (f"IDR_{name}_TASK" for name in ("DRY_RUN", "LIVE_RUN", "WEEKLY_DRY_RUN", "WEEKLY_FULL"))
    for group, name, state, attempt, condition, database, day in (
        ("g1", dry, "FAILED", 1, None, "IDR", 2),
        ("g1", dry, "SUCCEEDED", 2, None, "IDR", 2),
        ("g1", live, "SUCCEEDED", 1, "verdict = 'PASS'", "IDR", 3),
        ("g2", live, "FAILED", 1, None, "IDR", 4),
        ("g3", weekly, "SUCCEEDED", 1, None, "IDR", 1),
        ("g3", full, "SKIPPED", 1, "verdict = 'PASS'", "IDR", 5),
        ("g4", dry, "SCHEDULED", 1, None, "IDR", 9),
        ("g5", "IDR_CLEANUP_TASK", "SUCCEEDED", 1, None, "IDR", 9),
        ("g6", dry, "SUCCEEDED", 1, None, "OTHER", 9),
    ):
        at = datetime(2024, 6, day, tzinfo=UTC)
        row = (name, state, f"{group} {attempt}", group, attempt, condition, database, at, at, at + timedelta(days=7))
        hours.shop.query(f"insert into main.task_history values ({', '.join('?' * 10)})", *row)
    rows = WithHistory(hours.shop.connection).query(read("schedule/graph_tasks"))
    assert [(row["graph_run"], row["name"], row["state"], row["error_message"], row["is_root"]) for row in rows] == [
        ("g2", live, "FAILED", "g2 1", True),
        ("g1", dry, "SUCCEEDED", "g1 2", True),
        ("g1", live, "SUCCEEDED", "g1 1", False),
        ("g3", weekly, "SUCCEEDED", "g3 1", True),
        ("g3", full, "SKIPPED", "g3 1", False),
    ]
    assert [row["at"][:10] for row in rows[:2]] == ["2024-06-04", "2024-06-02"]
    assert [row["next_at"][:10] for row in rows[:2]] == ["2024-06-11", "2024-06-09"]


def test_a_page_of_runs_ends_within_the_oldest_start_and_keeps_its_latest_runs() -> None:
    shop = Shop()
    began = {("g1", "a"): 1, ("g1", "b"): 3, ("g2", "c"): 2, ("g2", "d"): 4, ("g0", "e"): 2, ("g0", "f"): 5}
    for (graph_run, run_id), day in began.items():
        values = (run_id, NOW + timedelta(days=day))
        shop.query("insert into idr_out.run_history (run_id, started_at) values (?, ?)", *values)
        started(shop, graph_run, "TASK", {"run_id": run_id})
    for limit, expected in ((2, "ef"), (3, "efd"), (4, "efcd"), (5, "efcdb"), (6, "efcdab")):
        rows = shop.wh.query(read("schedule/graph_runs"), {"row_limit": limit})
        assert "".join(row["run_id"] for row in rows) == expected


def test_the_history_of_tasks_is_of_this_application_the_newest_first() -> None:
    hours = Hours({}, datetime(2024, 6, 1, tzinfo=UTC))
    hours.write_history()
    hours.shop.query("alter table main.task_history add column return_value varchar")
    for day, name, database in ((1, "A", "IDR"), (3, "A", "IDR"), (2, "A", "IDR"), (4, "A", "OTHER"), (2, "B", "IDR")):
        at = datetime(2024, 6, day, tzinfo=UTC)
        values = (name, "SUCCEEDED", database, at, at, f"{name}{day}")
        columns = "name, state, database_name, scheduled_time, completed_time, return_value"
        hours.shop.query(f"insert into main.task_history ({columns}) values (?, ?, ?, ?, ?, ?)", *values)
    found = outcomes(WithHistory(hours.shop.connection))
    told = {name: [row["return_value"] for row in rows] for name, rows in found.items()}
    assert told == {"A": ["A3", "A2", "A1"], "B": ["B2"]}


def test_outcomes_are_known_without_the_history_of_tasks() -> None:
    """DuckDB has no TASK_HISTORY, as an owner's rights procedure may not have it."""
    shop = Shop()
    shop.add(*people("a@x.org"))
    started(shop, "g1", "IDR_DRY_RUN_TASK", shop.run(dry_run=True))
    started(shop, "g1", "IDR_LIVE_RUN_TASK", shop.run())
    shop.add((None, "b@x.org", None, "x", NOW))
    started(shop, "g2", "IDR_DRY_RUN_TASK", shop.run(dry_run=True))
    found = outcomes(shop.wh)
    assert [(run["state"], run["return_value"]) for run in found["IDR_DRY_RUN_TASK"]] == [
        ("FAILED", "FAILED"),
        ("SUCCEEDED", "PASS"),
    ]
    assert found["IDR_LIVE_RUN_TASK"][0]["state"] == "SUCCEEDED"


@pytest.mark.parametrize("days", [29, 31])
def test_the_cleanup_deletes_what_is_older_than_the_retention(days: int) -> None:
    shop = Shop()
    shop.add(*people("a@x.org"))
    shop.run(dry_run=True)
    shop.now += timedelta(days=days)
    assert cleanup(shop.wh, clock=lambda: shop.now)["status"] == "DONE"
    left = [shop.query(f"select count(*) from idr_out.{table}")[0][0] for table in ("plan", "dry_run_results")]
    assert left == ([1, 1] if days < shop.config.settings.retention_days else [0, 0])
    assert shop.query("select count(*) from idr_out.run_history") == [(1,)]


@pytest.mark.parametrize("days", [2, 4])
def test_the_retention_is_that_of_the_configuration(days: int) -> None:
    shop = Shop(settings=Settings(retention_days=3))
    shop.run(dry_run=True)
    shop.now += timedelta(days=days)
    assert cleanup(shop.wh, clock=lambda: shop.now)["message"] == "deleted what is older than 3 days"
    assert shop.query("select count(*) from idr_out.plan") == [(int(days < 3),)]


def test_the_cleanup_leaves_a_running_run_alone() -> None:
    shop = Shop()
    shop.add(*people("a@x.org"))
    shop.run(dry_run=True)
    shop.now += timedelta(days=31)
    shop.connection.execute(
        "update idr_meta.run_lock set holder = ?, expires_at = ?",
        [f"{shop.wh.process_token}:other", shop.now + timedelta(hours=1)],
    )
    assert cleanup(shop.wh, clock=lambda: shop.now)["status"] == "SKIPPED"
    assert shop.query("select count(*) from idr_out.plan") == [(1,)]
    assert lock.claim(shop.wh, "later", shop.now + timedelta(hours=2), shop.now + timedelta(hours=3)) is not None
