"""What people decided: records that are one (LINK) and records that are not (UNLINK), as data of a run.

A LINK is a match key that two records hold, so that it flows through the pipeline like any other evidence. An UNLINK
is a veto on components, see `idr.stages.cut`.
"""

from __future__ import annotations

from idr.schema import state_columns
from idr.stages.context import RunContext
from idr.stages.extract import work_table
from idr.stages.match_keys import number_of

LINK_RULE = "_link"
LINK_PRIORITY = -1


def take_snapshot(ctx: RunContext) -> int:
    """Write `idr_work.override_now` and `idr_work.override_entity`; return the entities whose overrides changed."""
    return ctx.run_file("stages/override")


def touch(ctx: RunContext) -> int:
    """Add to `idr_work.delta` the published records whose overrides changed."""
    columns = ", ".join(f"e.{name}" for name in ("entity_id", "entity_key", "source_id", "record_ts"))
    values = "".join(f", e.{name}" for name in state_columns(ctx.config))
    return ctx.execute(
        f"insert into {work_table('delta')} select {columns}{values}, false from idr_out.entity_current as e"
        f" inner join {work_table('override_entity')} as o on e.entity_key = o.entity_key"
        f" left join {work_table('delta')} as d on e.entity_id = d.entity_id"
        f" left join {work_table('removed')} as x on e.entity_id = x.entity_id"
        " where d.entity_id is null and x.entity_id is null"
    )


def add_links(ctx: RunContext, source: str, target: str) -> int:
    """Add to the match keys in `target` those of the links that hold records of `source`; return the rows."""
    number = number_of(f"'{LINK_RULE}/' || o.override_id")
    return ctx.execute(
        f"insert into {work_table(target)} select r.entity_id, '{LINK_RULE}', {number} from {work_table(source)} as r"
        f" inner join {work_table('override_now')} as o"
        " on o.kind = 'LINK' and (r.entity_key = o.entity_a or r.entity_key = o.entity_b)"
    )
