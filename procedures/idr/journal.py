"""What a run leaves for people to read: its row in `run_history`, stage metrics, plans, dry-run results."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from idr.errors import IdrError
from idr.lock import Lease
from idr.stages.context import RunContext
from idr.stages.overrides import planned_fingerprint
from idr.statement import insert_values, read, statements, work_table
from idr.warehouse import Row, Warehouse


def start(wh: Warehouse, run_id: str, mode: str, now: datetime, *, dry_run: bool) -> None:
    wh.execute(
        "insert into idr_out.run_history (run_id, run_mode, status, started_at, is_dry_run)"
        " values (:run_id, :mode, 'RUNNING', :now, :dry_run)",
        {"run_id": run_id, "mode": mode, "now": now, "dry_run": dry_run},
    )


def close_interrupted(wh: Warehouse, lease: Lease, run_id: str, now: datetime) -> None:
    """Whatever else is still RUNNING while the lease is held was cut off; a run that lost its lease closes nothing."""
    wh.execute(
        "update idr_out.run_history set status = 'FAILED', ended_at = :now, error_code = 'IDR-504',"
        " error_stage = 'interrupted', error_message = 'the run ended without a word; nothing of it was published'"
        " where status = 'RUNNING' and run_id <> :run_id"
        " and exists (select 1 from idr_meta.run_lock where holder = :holder and token = :token)",
        {"run_id": run_id, "now": now, "holder": lease.holder, "token": lease.token},
    )


def finish(wh: Warehouse, result: dict[str, Any], now: datetime, plan_run_id: str | None, version: int | None) -> None:
    """How the run ended, and the version that it published."""
    error = result["error"] or {}
    wh.execute(
        "update idr_out.run_history set run_mode = :mode, status = :status, gate = :gate, reasons = :reasons,"
        " warnings = :warnings, counts = :counts, ended_at = :now, duration_seconds = :seconds,"
        " plan_run_id = :plan_run_id, version = :version, message = :message, error_code = :code, error_stage = :stage,"
        " error_message = :error_message where run_id = :run_id",
        {
            "run_id": result["run_id"],
            "mode": result["mode"],
            "status": result["status"],
            "gate": result["gate"],
            "reasons": json.dumps(result["reasons"]),
            "warnings": json.dumps(result["warnings"]),
            "counts": json.dumps(result["counts"]),
            "now": now,
            "seconds": result["duration_seconds"],
            "plan_run_id": plan_run_id,
            "version": version,
            "message": result["message"],
            "code": error.get("code"),
            "stage": error.get("stage"),
            "error_message": error.get("message"),
        },
    )


def is_recorded(wh: Warehouse, run_id: str) -> bool:
    """Whether an outcome that is no failure is written; false as well when the database does not answer."""
    try:
        rows = wh.query("select status from idr_out.run_history where run_id = :run_id", {"run_id": run_id})
    except IdrError:
        return False
    return bool(rows) and rows[0]["status"] not in ("RUNNING", "FAILED")


def stage_metrics(ctx: RunContext) -> None:
    """One row per stage that ended and has none, in one statement that counts the rows of those that name a table."""
    selects: list[str] = []
    binds: dict[str, Any] = {}
    for at, (stage, rows, seconds) in enumerate(ctx.metrics):
        counted = f"(select count(*) from {work_table(rows)})" if isinstance(rows, str) else f":rows_{at}"
        binds |= {f"stage_{at}": stage, f"seconds_{at}": seconds}
        if not isinstance(rows, str):
            binds[f"rows_{at}"] = rows
        selects.append(f"select :run_id, :stage_{at}, {counted}, :seconds_{at}, :run_ts")
    if selects:
        columns = "run_id, stage, rows_written, seconds, recorded_at"
        ctx.execute(f"insert into idr_out.stage_metrics ({columns}) {' union all '.join(selects)}", binds)
    ctx.metrics.clear()


def metrics(wh: Warehouse, result: dict[str, Any], now: datetime) -> None:
    """The run's counts and duration as numbers by name, for a monitoring system to collect."""
    values = {"duration_seconds": result["duration_seconds"], **result["counts"]}
    rows = [(result["run_id"], f"idr_{name}", value, now) for name, value in values.items()]
    columns = ("run_id", "metric_name", "metric_value", "recorded_at")
    wh.execute(*insert_values("idr_out.metrics_export", columns, rows))


def dry_run_results(ctx: RunContext, counts: dict[str, int]) -> None:
    """One row per entity whose membership the plan would change, and the counts as a summary."""
    ctx.execute(
        "insert into idr_out.dry_run_results"
        " (run_id, entity_key, current_resolved_id, proposed_resolved_id, change_type)"
        " select :run_id, entity_key, old_resolved_id, resolved_id,"
        " case when old_resolved_id is null then 'NEW' when resolved_id is null then 'REMOVED' else 'MOVED' end"
        f" from {work_table('membership_change')}"
    )
    rows = [(ctx.run_id, metric, value, ctx.now) for metric, value in counts.items()]
    columns = ("run_id", "metric", "metric_value", "created_at")
    ctx.wh.execute(*insert_values("idr_out.dry_run_summary", columns, rows))


def save_plan(ctx: RunContext, mode: str, verdict: Any, warnings: list[str], watermarks: str, fingerprint: str) -> None:
    ctx.execute(
        "insert into idr_out.plan (run_id, run_mode, is_full, status, gate, reasons, warnings, counts, watermarks,"
        " table_names, config_fingerprint, override_fingerprint, base_version, created_at)"
        " values (:run_id, :mode, :is_full, :status, :gate, :reasons, :warnings, :counts, :watermarks, :table_names,"
        " :fingerprint, :override_fingerprint, :base_version, :run_ts)",
        {
            "mode": mode,
            "is_full": ctx.is_full,
            "status": "READY" if verdict.gate == "PASS" else "HELD",
            "gate": verdict.gate,
            "reasons": json.dumps(verdict.reasons),
            "warnings": json.dumps(warnings),
            "counts": json.dumps(verdict.counts),
            "watermarks": watermarks,
            "table_names": json.dumps(ctx.table_names),
            "fingerprint": fingerprint,
            "override_fingerprint": planned_fingerprint(ctx),
            "base_version": ctx.version - 1,
        },
    )


def find_plan(wh: Warehouse, run_id: str) -> Row | None:
    rows = wh.query("select * from idr_out.plan where run_id = :run_id", {"run_id": run_id})
    return rows[0] if rows else None


def expire(wh: Warehouse, oldest: datetime) -> None:
    """Delete plans, dry-run rows, metrics and resumed groups from before `oldest`, if there are any."""
    if not wh.query(read("cleanup/is_due"), {"oldest": oldest})[0]["is_due"]:
        return
    with wh.transaction():
        for statement in statements("cleanup/expired"):
            wh.execute(statement, {"oldest": oldest})


def clean_up(wh: Warehouse, oldest: datetime, holder: str) -> None:
    """`expire`, then drop the work tables that neither a plan needs nor who took the lease over from `holder`."""
    expire(wh, oldest)
    _drop_stale_work(wh, holder)


def _drop_stale_work(wh: Warehouse, holder: str) -> None:
    """Drop the work tables of runs whose plan can no longer be published, of runs that were cut off as well."""
    tables = wh.work_tables()
    if not tables:
        return
    needed = wh.query(
        "select run_id from idr_out.plan where status in ('READY', 'HELD')"
        " union all select holder as run_id from idr_meta.run_lock where holder <> :holder",
        {"holder": holder},
    )
    kept = {row["run_id"].rpartition(":")[2] for row in needed}
    stale = [name for name in tables if not any(name.lower().endswith(f'_{run_id}"') for run_id in kept)]
    wh.drop_tables(stale)
