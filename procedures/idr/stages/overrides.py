"""What people decided: records that are one (LINK) and records that are not (UNLINK), as data of a run.

A LINK is a match key that two records hold, so that it flows through the pipeline like any other evidence. An UNLINK
is a veto on components, see `idr.stages.cut`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from idr.schema import state_columns
from idr.stages.context import RunContext
from idr.stages.match_keys import number_of
from idr.statement import read, work_table
from idr.warehouse import Row, Warehouse

LINK_RULE = "_link"
LINK_PRIORITY = -1


def take_snapshot(ctx: RunContext) -> None:
    """Write `idr_work.override_now` and `idr_work.override_entity` (the entities whose overrides changed)."""
    ctx.run_file("stages/override")
    ctx.is_overruled = ctx.query(read("stages/overruled"))[0]["is_overruled"]


def planned_fingerprint(ctx: RunContext) -> str:
    """Of the overrides that the plan in `ctx` respects."""
    return _fingerprint(ctx.query("select override_id, kind, entity_a, entity_b from idr_work.override_now"))


def active_fingerprint(wh: Warehouse) -> str:
    """Of the overrides in force now: a plan that respects others is out of date."""
    return _fingerprint(row for row in wh.query(read("overrides/active")) if row["entity_a"] != row["entity_b"])


def _fingerprint(rows: Iterable[Row]) -> str:
    """SHA-256 over the set of overrides: 64 hex digits."""
    parts = sorted({(row["override_id"], row["kind"], row["entity_a"], row["entity_b"]) for row in rows})
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def contradictions(ctx: RunContext) -> list[str]:
    """A warning for every forced link that a veto cut: only an edit of the table by hand makes such a pair."""
    return [
        f"IDR-411 unlink {row['veto_id']} keeps apart what a link forces together ({row['entity_key']}); it won"
        for row in ctx.query(read("overrides/contradicted"))
    ]


def touch(ctx: RunContext) -> None:
    """Add to `idr_work.delta` the published records whose overrides changed."""
    if not ctx.is_overruled:
        return
    columns = ", ".join(f"e.{name}" for name in ("entity_id", "entity_key", "source_id", "record_ts"))
    values = "".join(f", e.{name}" for name in state_columns(ctx.config))
    ctx.execute(
        f"insert into {work_table('delta')} select {columns}{values} from idr_out.entity_current as e"
        f" inner join {work_table('override_entity')} as o on e.entity_key = o.entity_key"
        f" left join {work_table('delta')} as d on e.entity_id = d.entity_id"
        f" left join {work_table('removed')} as x on e.entity_id = x.entity_id"
        " where d.entity_id is null and x.entity_id is null"
    )


def add_links(ctx: RunContext, source: str, target: str) -> None:
    """Add to the match keys in `target` those of the links that hold records of `source`."""
    if not ctx.is_overruled:
        return
    number = number_of(f"'{LINK_RULE}/' || o.override_id")
    ctx.execute(
        f"insert into {work_table(target)} select r.entity_id, '{LINK_RULE}', {number} from {work_table(source)} as r"
        f" inner join {work_table('override_now')} as o"
        " on o.kind = 'LINK' and (r.entity_key = o.entity_a or r.entity_key = o.entity_b)"
    )
