"""INCR: which of the records read are new or differ from what is published."""

from __future__ import annotations

from idr.schema import state_columns
from idr.stages.context import NOTHING, RunContext
from idr.statement import read, work_table


def build_delta(ctx: RunContext) -> None:
    """Write `idr_work.delta`: live records that are new or changed, with their entity ids."""
    columns = state_columns(ctx.config)
    changed = " or ".join(f"r.{name} is distinct from e.{name}" for name in ["record_ts", *columns])
    ctx.execute(
        f"create or replace transient table {work_table('delta')} as"
        " select coalesce(e.entity_id, r.entity_id) as entity_id, r.entity_key, r.source_id, r.record_ts,"
        f" {', '.join(f'r.{name}' for name in columns)}"
        f" from {work_table('record')} as r"
        " left join idr_out.entity_current as e on r.entity_key = e.entity_key"
        f" where not r.is_deleted and (e.entity_id is null or {changed})"
    )


def has_changes(ctx: RunContext) -> bool:
    """Whether any record is new, differs or has gone."""
    return bool(ctx.query(read("stages/changed"))[0]["is_changed"])


def plan_nothing(ctx: RunContext) -> None:
    """End the plan here: whatever it would compute from no change is none. Its work tables are not made."""
    ctx.stage = "gate"
    ctx.table_names[NOTHING] = "membership_change"
    ctx.run_file("stages/membership_as_it_is")


def no_delta(ctx: RunContext) -> None:
    """Write an empty `idr_work.delta`."""
    columns = ", ".join(["entity_id", "entity_key", "source_id", "record_ts", *state_columns(ctx.config)])
    ctx.execute(
        f"create or replace transient table {work_table('delta')} as"
        f" select {columns} from idr_out.entity_current where false"
    )


def build_scope(ctx: RunContext) -> None:
    """Write `idr_work.scope`: the records in scope as they will be after this run.

    Of identifiers it has those with a limit per identity, which conflicts are counted by.
    """
    limited = (f"i_{item.name}" for item in ctx.config.identifiers.values() if item.limit_per_identity is not None)
    attributes = (f"a_{name}" for name in ctx.config.attributes)
    names = ["entity_id", "entity_key", "source_id", "record_ts", *limited, *attributes]
    published = ", ".join(f"e.{name}" for name in names)
    ctx.execute(
        f"create or replace transient table {work_table('scope')} as"
        f" with anew as (select entity_id from {work_table('delta')}"
        f" union all select entity_id from {work_table('removed')})"
        f" select {published} from {work_table('old_member')} as m"
        " inner join idr_out.entity_current as e on m.entity_key = e.entity_key"
        " left join anew as a on e.entity_id = a.entity_id where a.entity_id is null"
        f" union all select {', '.join(names)} from {work_table('delta')}"
    )
    ctx.table_names["scope_record"] = "scope"
