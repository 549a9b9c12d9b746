"""Publishing a plan: one transaction of DML, so that readers see before or after."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from idr import schema
from idr.lock import Lease, renew
from idr.model import Config
from idr.stages.context import NOTHING, RunContext
from idr.statement import insert_values, statements, work_table, work_tables_in

FORMAT = 2
"""Of the work tables that a publish reads: raised when they change, so that a plan of another version is made anew."""

_SKIPPED = "publish/skipped"
_PROFILES = {"golden_profile_current": ("v", "has_new_values"), "golden_provenance_current": ("p", "has_new_sources")}


def publish(
    ctx: RunContext,
    lease: Lease,
    lease_end: datetime,
    watermarks: Mapping[str, datetime],
    plan_run_id: str,
    also: Callable[[], None] = lambda: None,
) -> None:
    """Apply the plan in `ctx`'s work tables as `ctx.version`; IDR-405 when the lease was lost.

    `also` is the last step of the transaction; when it raises, nothing is published.

    Columns are added before the transaction and dropped after it, because DDL would commit it on Snowflake; what a
    crash leaves of that, the next publish mends.
    """
    ctx.stage = "publish"
    ctx.published.add(ctx.config)
    skipped = _skipped(ctx)
    with ctx.wh.transaction():
        renew(ctx.wh, lease, lease_end)
        if not ctx.is_nothing:
            _apply(ctx, skipped)
        _advance(ctx, watermarks, plan_run_id)
        also()
    ctx.published.drop(ctx.config)


def fingerprint(config: Config) -> str:
    """What a plan was made with: it is published only by a run that would make it with the same."""
    return f"{config.fingerprint()} {FORMAT}"


def tables(ctx: RunContext) -> set[str]:
    """The work tables that the publish of the plan in `ctx` reads, by their names without the run's suffix."""
    if ctx.is_nothing:
        return {ctx.table_names[NOTHING]}
    before, after = _files(ctx)
    texts = (statement for path in [*before, *after, _SKIPPED] for statement in statements(path))
    names = {name for text in texts for name in work_tables_in(text)} | {"profile_change", _records_of(ctx)}
    return {ctx.table_names.get(name, name) for name in names}


def _files(ctx: RunContext) -> tuple[list[str], list[str]]:
    """Before the rows with the columns of the configuration are inserted, and after."""
    state = "publish/state_full" if ctx.is_full else "publish/state_incr"
    overrides = ["publish/overrides"] if "part" in ctx.table_names else []
    return ["publish/membership", "publish/clusters", state], ["publish/log", *overrides]


def _skipped(ctx: RunContext) -> list[str]:
    """The file of skipped groups when one is skipped or resumed: its samples look through all keys."""
    is_needed = not ctx.is_nothing and (ctx.count("skipped_change") or ctx.count("resumed_key"))
    return [_SKIPPED] if is_needed else []


def _apply(ctx: RunContext, skipped: list[str]) -> None:
    before, after = _files(ctx)
    for path in before:
        ctx.run_file(path)
    _profiles(ctx)
    _records(ctx)
    for path in [*after, *skipped]:
        ctx.run_file(path)


def _profiles(ctx: RunContext) -> None:
    columns = "".join(f", {name}" for name in ctx.config.attributes)
    for target, (prefix, is_needed) in _PROFILES.items():
        values = "".join(f", {prefix}_{name}" for name in ctx.config.attributes)
        ctx.execute(
            f"insert into idr_out.{target} (resolved_id{columns}, updated_ts)"
            f" select resolved_id{values}, :run_ts from {work_table('profile_change')} where {is_needed}"
        )


def _records(ctx: RunContext) -> None:
    columns = ", ".join(["entity_id", "entity_key", "source_id", "record_ts", *schema.state_columns(ctx.config)])
    source = work_table(_records_of(ctx))
    ctx.execute(f"insert into idr_out.entity_current ({columns}) select {columns} from {source}")


def _records_of(ctx: RunContext) -> str:
    return "record" if ctx.is_full else "delta"


def _advance(ctx: RunContext, watermarks: Mapping[str, datetime], plan_run_id: str) -> None:
    ctx.execute("delete from idr_meta.run_state")
    columns = ("source_id", "last_watermark_value", "last_run_id", "last_run_ts")
    marks = [(source_id, watermarks.get(source_id), ctx.run_id, ctx.now) for source_id in ctx.config.sources]
    ctx.wh.execute(*insert_values("idr_meta.run_state", columns, marks))
    ctx.execute(
        "update idr_meta.base_state set base_version = :version, config_json = :config_json,"
        " published_run_id = :run_id, published_at = :run_ts",
        {"config_json": ctx.config.to_json()},
    )
    ctx.execute(
        "update idr_out.plan set status = case when run_id = :plan_run_id then 'PUBLISHED' else 'STALE' end,"
        " published_run_id = case when run_id = :plan_run_id then :run_id end"
        " where run_id = :plan_run_id or status in ('READY', 'HELD')",
        {"plan_run_id": plan_run_id},
    )


def watermarks_to_json(watermarks: Mapping[str, datetime]) -> str:
    return json.dumps({source: mark.isoformat() for source, mark in watermarks.items()})


def watermarks_from_json(text: str) -> dict[str, datetime]:
    return {source: datetime.fromisoformat(mark) for source, mark in json.loads(text).items()}
