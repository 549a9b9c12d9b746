"""Days of schedule on a virtual clock: every start has one outcome, and nothing that was held is published."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from snowflake.connector import ProgrammingError

from emulator.datadir import DataDirectory
from tests.app.scheduled import YAML, Scheduled, bundle

pytestmark = pytest.mark.slow

DAILY = {"cron": "0 1 * * MON-FRI", "weekly_full": "0 2 * * SUN", "notify": "MAIL"}

_HOUR = """
import snowflake.connector, sys
where = {"account": "local", "host": "127.0.0.1", "port": sys.argv[1], "protocol": "http"}
connection = snowflake.connector.connect(user="local", password="x", **where)
connection.cursor().execute("call system$local_advance_clock(3660)")
"""


@pytest.fixture
def idr(tmp_path: Any) -> Iterator[Scheduled]:
    app = Scheduled(tmp_path)
    yield app
    app.close()


def options(values: dict[str, Any]) -> str:
    return str(values).replace("True", "true").replace("False", "false")


def rewrite(archive: Path, name: str, old: str, new: str) -> None:
    """Change one file of an archive."""
    with zipfile.ZipFile(archive) as opened:
        files = {item: opened.read(item) for item in opened.namelist()}
    files[name] = files[name].replace(old.encode(), new.encode())
    with zipfile.ZipFile(archive, "w") as opened:
        for item, content in files.items():
            opened.writestr(item, content)


@pytest.mark.timeout(300)
def test_a_week_with_a_held_a_failed_and_an_approved_run_and_an_upgrade(idr: Scheduled, tmp_path: Any) -> None:
    idr.add("ann@x.org", "Ann@x.org", "bob@x.org")
    answer = idr.call(f"idr_schedule({options(DAILY)})")
    assert answer["scheduled"], answer

    idr.pass_time(days=1)  # Monday
    assert idr.explained() == ["PUBLISHED"]
    assert idr.partition() == idr.oracle()

    idr.add("cyd@x.org", "bob@x.org")
    idr.pass_time(days=1)  # Tuesday
    assert idr.partition() == idr.oracle()

    before = idr.partition()
    idr.add(*["ann@x.org"] * 5)  # Wednesday: a cluster of seven, more than max_cluster_size
    idr.pass_time(days=1)
    assert idr.explained() == ["PUBLISHED", "PUBLISHED", "HELD"]
    assert idr.partition() == before, "what is held is not published"
    [(run_id, reasons)] = idr.sql("select run_id, reasons from idr.idr_out.run_history where status = 'HELD'")
    assert "7" in reasons
    status = idr.call("idr_status()")
    assert status["held_plans"] == [run_id]
    [alert] = status["alerts"]
    assert (alert["kind"], alert["run_id"]) == ("HELD", run_id)
    assert f"idr_approve('{run_id}')" in alert["message"]
    tasks = {task["name"]: task for task in status["schedule"]["tasks"]}
    assert tasks["IDR_LIVE_RUN_TASK"]["last"]["state"] == "SKIPPED"
    assert tasks["IDR_DRY_RUN_TASK"]["next_start"].startswith("2026-01-08 01:00")
    approved = idr.call(f"idr_approve('{run_id}')")
    assert (approved["status"], approved["message"]) == ("SUCCESS", f"published the held plan of run {run_id}")
    assert idr.partition() == idr.oracle()
    assert idr.call("idr_status()")["alerts"] == []

    idr.sql("insert into shop.crm.people values (null, 'x@x.org', 'X', '2025-01-01')")
    idr.pass_time(days=1)  # Thursday: a row without a key
    assert idr.history("IDR_DRY_RUN_TASK")[-1] == ("FAILED", None)
    assert idr.sql("select kind, message like '%%IDR-201%%' from idr.idr_out.alerts where is_open") == [
        ("FAILED", True)
    ]
    idr.sql("delete from shop.crm.people where id is null")

    idr.sql("alter task idr.ops.idr_weekly_dry_run_task suspend")  # an operator's right
    upgrade = bundle(tmp_path / "upgrade")
    rewrite(upgrade / "procedures" / "idr.zip", "idr/sql/tasks/cleanup.sql", "The cleanup failed", "The new one failed")
    idr.upload(upgrade)
    idr.sql("alter application idr upgrade using @package.src.files")
    states = {task["name"]: task["state"] for task in idr.call("idr_status()")["schedule"]["tasks"]}
    assert [name for name, state in states.items() if state != "started"] == ["IDR_WEEKLY_DRY_RUN_TASK"]
    assert "The new one failed" in idr.sql("describe task idr.ops.idr_cleanup_task")[0][13]
    idr.sql("alter task idr.ops.idr_weekly_dry_run_task resume")

    idr.add("dan@x.org")
    idr.pass_time(days=3)  # Friday, and Sunday with its full run
    assert idr.explained() == ["PUBLISHED"] * 2 + ["HELD", "FAILED"] + ["PUBLISHED"] * 2
    assert idr.partition() == idr.oracle()
    told = idr.call("idr_status()")["schedule"]["starts"]
    assert [start["outcome"] for start in reversed(told)] == idr.explained()
    assert "IDR-201" in next(start["why"] for start in told if start["outcome"] == "FAILED")
    assert idr.call("idr_status()")["alerts"] == [], "a publication closes the alert of a failure"
    assert [state for state, _ in idr.history("IDR_WEEKLY_FULL_TASK")] == ["SUCCEEDED"]
    assert idr.history("IDR_CLEANUP_TASK") == [("SUCCEEDED", "DONE")] * 7
    assert {state for state, _ in idr.history("IDR_REPORT_TASK")} == {"SUCCEEDED"}
    sent = idr.sql("select message from table(idr.information_schema.notification_history())")
    assert len(sent) == 2, "one per held and one per failed run"


@pytest.mark.timeout(200)
def test_a_schedule_that_may_not_start_leaves_no_task_and_the_same_call_works_later(idr: Scheduled) -> None:
    lacking = "grant execute task on account to application IDR"
    idr.sql("revoke execute task on account from application idr")
    refused = idr.call("idr_schedule({'schedule': '60 MINUTES'})")
    assert refused["error"]["code"] == "IDR-501"
    assert refused["problems"][0]["fix"] == f"Type: {lacking}"
    assert idr.sql("show tasks in schema idr.ops") == []
    assert idr.call("idr_status()")["schedule"] is None

    idr.sql(lacking)
    assert idr.call("idr_schedule({'schedule': '60 MINUTES'})")["scheduled"]
    assert {task["state"] for task in idr.call("idr_status()")["schedule"]["tasks"]} == {"started"}


@pytest.mark.timeout(200)
def test_the_schedule_changes_in_place_and_goes_away(idr: Scheduled) -> None:
    idr.add("ann@x.org")
    bad = idr.call("idr_schedule({'shedule': '1 HOUR', 'mode': 'X'})")
    assert [problem["code"] for problem in bad["problems"]] == ["IDR-601", "IDR-601"]
    assert idr.call("idr_status()")["schedule"] is None

    idr.call("idr_schedule({'weekly_full': false})")
    idr.pass_time(hours=1, minutes=1)
    first = {row[1]: row[2] for row in idr.sql("show tasks in schema idr.ops")}
    idr.call("idr_schedule({'schedule': '3 HOURS', 'weekly_full': false, 'suspend_after_failures': 2})")
    rows = {row[1]: row for row in idr.sql("show tasks in schema idr.ops")}
    assert {name: row[2] for name, row in rows.items()} == first, "the same tasks"
    assert (rows["IDR_DRY_RUN_TASK"][8], rows["IDR_DRY_RUN_TASK"][12]) == ("3 HOURS", "started")
    idr.pass_time(hours=3, minutes=1)
    assert len(idr.history("IDR_DRY_RUN_TASK")) == 2

    refused = idr.call("idr_schedule({'warehouse': 'reference', 'weekly_full': false})")
    assert refused["error"]["code"] == "IDR-501", "no warehouse is bound"
    rows = {row[1]: row for row in idr.sql("show tasks in schema idr.ops")}
    assert (rows["IDR_DRY_RUN_TASK"][8], rows["IDR_DRY_RUN_TASK"][12]) == ("3 HOURS", "started"), "as it was"

    idr.sql("create or replace role analyst", "grant application role idr.idr_viewer to role analyst")
    with idr.local.connect(role="ANALYST") as connection:
        analyst = connection.cursor()
        analyst.execute("select name from table(idr.information_schema.task_history())")
        assert ("IDR_DRY_RUN_TASK",) in analyst.fetchall(), "a viewer monitors"
        for refused_to_viewers in ("alter task idr.ops.idr_dry_run_task suspend", "call idr.core.idr_unschedule()"):
            with pytest.raises(ProgrammingError):
                analyst.execute(refused_to_viewers)

    idr.call("idr_schedule({'gate': 'none', 'weekly_full': false})")
    assert [row[1] for row in idr.sql("show tasks in schema idr.ops")] == ["IDR_CLEANUP_TASK", "IDR_LIVE_RUN_TASK"]
    idr.add("bob@x.org", *["ann@x.org"] * 7)
    idr.pass_time(hours=1, minutes=1)
    assert idr.history("IDR_LIVE_RUN_TASK")[-1] == ("SUCCEEDED", "HELD")
    assert idr.sql("select kind from idr.idr_out.alerts") == [("HELD",)]

    assert sorted(idr.call("idr_unschedule()")["dropped"]) == ["IDR_CLEANUP_TASK", "IDR_LIVE_RUN_TASK"]
    assert idr.sql("show tasks in schema idr.ops") == []
    assert idr.call("idr_status()")["schedule"] is None
    assert idr.call("idr_unschedule()")["dropped"] == []


@pytest.mark.timeout(200)
def test_a_start_that_meets_a_running_run_is_skipped(idr: Scheduled) -> None:
    idr.sql(
        "insert into shop.crm.people select seq4(), 'p' || seq4() || '@x.org', 'P', '2024-01-01'"
        " from table(generator(rowcount => 60000))"
    )
    idr.call("idr_schedule({'weekly_full': false, 'notify': 'MAIL'})")
    other = threading.Thread(target=lambda: idr.local.query("call idr.core.idr_run('FULL', 30, false)"))
    other.start()
    deadline = time.monotonic() + 60
    while idr.sql("select count(*) from idr.idr_out.run_history") == [(0,)] and time.monotonic() < deadline:
        time.sleep(0.02)
    idr.pass_time(hours=1, minutes=1)
    other.join()
    assert idr.explained() == ["SKIPPED"]
    [start] = idr.call("idr_status()")["schedule"]["starts"]
    assert (start["outcome"], start["why"]) == (
        "SKIPPED",
        "another run holds the lock; nothing was done. Run again when it has ended",
    )
    assert sorted(idr.sql("select status from idr.idr_out.run_history")) == [("SKIPPED",), ("SUCCESS",)]
    assert idr.sql("select count(*) from idr.idr_out.alert") == [(0,)]


def wait_for(idr: Scheduled, query: str) -> None:
    """Until the query has a row."""
    deadline = time.monotonic() + 120
    while not idr.sql(query):
        assert time.monotonic() < deadline, query
        time.sleep(0.02)


def let_the_lease_pass(idr: Scheduled) -> None:
    """Runs live in real time, whatever the clock of the server says: nobody waits for it here."""
    while DataDirectory(idr.local.data).is_locked():
        time.sleep(0.02)
    [file] = [path for path in (idr.local.data / "databases").glob("*.db") if path.stem.upper() == "IDR"]
    with duckdb.connect(str(file)) as connection:
        connection.execute("update idr_meta.run_lock set expires_at = acquired_at where holder is not null")


@pytest.mark.timeout(300)
def test_a_live_run_that_is_killed_with_the_server_publishes_nothing_and_the_start_after_its_lease_works(
    idr: Scheduled,
) -> None:
    assert idr.call("idr_configure(%s)", f"{YAML}settings: {{lease_minutes: 1}}")["applied"]
    idr.sql(
        "insert into shop.crm.people select seq4(), 'p' || (seq4() / 2)::integer || '@x.org', 'P', '2024-01-01'"
        " from table(generator(rowcount => 60000))"
    )
    idr.call("idr_schedule({'weekly_full': false})")
    client = subprocess.Popen([sys.executable, "-c", _HOUR, str(idr.local.port)], stderr=subprocess.DEVNULL)
    wait_for(
        idr,
        "select 1 from idr.idr_out.run_history as h inner join idr.idr_meta.run_lock as l"
        " on l.holder like '%%' || h.run_id where h.status = 'RUNNING' and not h.is_dry_run"
        " and l.expires_at < dateadd('minute', 5, sysdate())",  # the lease is the configuration's by now
    )
    idr.local.kill()
    client.kill()  # it would ask the next server again
    client.wait()
    idr.restart("2026-01-05T01:30:00+00:00")

    idr.pass_time(hours=1)
    assert idr.history("IDR_DRY_RUN_TASK") == [("SUCCEEDED", "PASS"), ("SUCCEEDED", "SKIPPED")]
    assert idr.history("IDR_LIVE_RUN_TASK") == [("FAILED", None), ("SKIPPED", None)]
    assert idr.partition() == set()
    assert idr.sql("select kind, message like '%%IDR_LIVE_RUN_TASK FAILED%%' from idr.idr_out.alert") == [
        ("FAILED", True)
    ]
    idr.local.kill()
    let_the_lease_pass(idr)
    idr.restart("2026-01-05T02:30:00+00:00")
    idr.pass_time(hours=1)
    assert idr.history("IDR_LIVE_RUN_TASK")[-1] == ("SUCCEEDED", "SUCCESS")
    assert idr.partition() == idr.oracle()
    assert idr.sql("select count(*) from idr.idr_out.run_history where error_code = 'IDR-504'") == [(1,)]
    told = [start["outcome"] for start in idr.call("idr_status()")["schedule"]["starts"]]
    assert told == ["PUBLISHED", "SKIPPED", "FAILED"]


@pytest.mark.timeout(200)
def test_a_failure_raises_one_alert_that_says_why(idr: Scheduled) -> None:
    idr.add("ann@x.org")
    idr.call("idr_schedule({'weekly_full': false, 'notify': 'NO_SUCH'})")
    idr.sql("revoke usage on schema shop.crm from application idr")
    idr.pass_time(hours=1, minutes=1)
    assert idr.explained() == ["FAILED"]
    [(message, problem)] = idr.sql("select message, notify_error from idr.idr_out.alert")
    assert "IDR-104" in message
    assert "NO_SUCH" in problem, "an alert that cannot be sent says why, and is tried again"

    idr.call("idr_schedule({'weekly_full': false, 'notify': 'MAIL'})")
    idr.sql("""execute task idr.ops.idr_dry_run_task using config = '{"max_iters": 0}'""")
    idr.pass_time(seconds=0)  # idr_run refuses its argument: there is no run
    messages = idr.sql("select message from idr.idr_out.alert where notified_at is not null order by run_id")
    assert len(messages) == 2
    assert "a task failed without a result: IDR_DRY_RUN_TASK FAILED" in messages[1][0]
    assert idr.sql("select count(*) from table(idr.information_schema.notification_history())") == [(2,)]
