"""What a run of the task graph has to tell: a held or failed run is one alert, sent once."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from idr.errors import IdrError
from idr.schedule.apply import current
from idr.statement import read
from idr.warehouse import Row, Warehouse
from idr.warehouse.snowpark import name_parts


def report(wh: Warehouse, graph_run: str, failures: str, now: datetime) -> dict[str, Any]:
    """Write the alerts of one run of the graph and send those that were not sent before.

    `failures` says which tasks failed and why, as TASK_HISTORY has it; empty when none did.
    """
    binds = {"graph_run": graph_run, "failures": failures, "now": now}
    held = wh.execute(read("schedule/mark_held"), binds)
    raised = wh.execute(read("schedule/alert_runs"), binds)
    if failures:
        raised += wh.execute(read("schedule/alert_failures"), binds)
    sent, problem = _send_all(wh, now)
    return {"status": "DONE", "held": held, "alerts": raised, "notified": sent, "notify_error": problem}


def _send_all(wh: Warehouse, now: datetime) -> tuple[int, str | None]:
    """Alerts that could not be sent keep the reason and are tried again with the next report."""
    kept = current(wh)
    if kept is None or kept.notify is None:
        return 0, None
    waiting = wh.query(read("schedule/unsent_alerts"))
    for number, alert in enumerate(waiting):
        try:
            _send(wh, kept.notify, alert)
        except IdrError as error:
            binds = {"problem": str(error), "alert_id": alert["alert_id"]}
            wh.execute("update idr_out.alert set notify_error = :problem where alert_id = :alert_id", binds)
            return number, str(error)
        wh.execute(
            "update idr_out.alert set notified_at = :now, notify_error = null where alert_id = :alert_id",
            {"now": now, "alert_id": alert["alert_id"]},
        )
    return len(waiting), None


def _send(wh: Warehouse, integration: str, alert: Row) -> None:
    [name] = name_parts(integration)
    wh.execute(
        "call system$send_snowflake_notification(:message, :integration)",
        {
            "message": json.dumps({"text/plain": f"IDR: {alert['message']}"}),
            "integration": json.dumps({name: {}}),
        },
    )
