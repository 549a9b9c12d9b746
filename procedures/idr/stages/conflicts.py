"""Identities that break a limit (`unique`, `max_per_identity`), and groups that link suspiciously many records."""

from __future__ import annotations

from idr.stages.context import RunContext
from idr.statement import work_table

_SUSPECT_FLOOR = 10


def find_conflicts(ctx: RunContext) -> int:
    """Write `idr_work.conflict`: clusters in scope with more distinct values of an identifier than it allows."""
    ctx.execute(
        f"create or replace transient table {work_table('conflict')}"
        " (resolved_id varchar, identifier_type varchar, distinct_values number(38, 0), max_per_identity number(38, 0))"
    )
    rows = 0
    for identifier in ctx.config.identifiers.values():
        limit = identifier.limit_per_identity
        if limit is None:
            continue
        rows += ctx.execute(
            f"insert into {work_table('conflict')}"
            f" select n.resolved_id, '{identifier.name}', count(distinct r.i_{identifier.name}), :max_per_identity"
            f" from {work_table('scope_record')} as r"
            f" inner join {work_table('component')} as c on r.entity_id = c.entity_id"
            f" inner join {work_table('cluster_new')} as n on c.component_id = n.component_id"
            f" group by n.resolved_id having count(distinct r.i_{identifier.name}) > :max_per_identity",
            {"max_per_identity": limit},
        )
    return rows


def find_suspects(ctx: RunContext) -> int:
    """Write `idr_work.usage` and `idr_work.suspect`: live groups far larger than is usual for their rule.

    Usual is the upper quartile of group sizes, single holders included, as the last FULL run saw it; a group is
    suspect above 10 entities and above `suspect_group_factor` times the usual size.
    """
    if ctx.is_full:
        ctx.execute(
            f"create or replace transient table {work_table('usage')} as"
            " select rule_id, percentile_disc(0.75) within group (order by n) as usual_group_size from"
            f" (select rule_id, match_key, count(*) as n from {work_table('match_key')} group by 1, 2) as g group by 1"
        )
    else:
        ctx.execute(
            f"create or replace transient table {work_table('usage')} as"
            " select rule_id, usual_group_size from idr_meta.rule_usage"
        )
    factor = ctx.config.guardrails.suspect_group_factor
    return ctx.execute(
        f"create or replace transient table {work_table('suspect')} as"
        f" select g.rule_id, g.match_key, g.group_size from {work_table('live_group')} as g"
        f" left join {work_table('usage')} as u on g.rule_id = u.rule_id"
        " where :factor is not null and g.group_size > :floor"
        " and g.group_size > cast(:factor as double) * coalesce(u.usual_group_size, 1)",
        {"factor": factor, "floor": _SUSPECT_FLOOR},
    )
