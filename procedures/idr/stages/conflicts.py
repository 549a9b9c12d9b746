"""Identities that break a limit (`unique`, `max_per_identity`), and groups that link suspiciously many records."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from idr.stages.context import RunContext
from idr.stages.cut import Link, cut, key_counts
from idr.stages.overrides import LINK_RULE
from idr.statement import insert_values, read, work_table

SUSPECT_FLOOR = 10
_CHUNK = 500
_PART = ("entity_key", "component_id", "key_count", "component_token")
_CUT_LINK = ("entity_key", "rule_id", "match_key", "override_id", "identifier_type", "other_entity_key")


def keep_apart(ctx: RunContext) -> int:
    """Cut components that hold an UNLINK's two records or break a limit with `on_conflict: cut`; return the cuts.

    Writes `idr_work.part(entity_key, component_id, key_count, component_token)` and `idr_work.cut_link`, and lets
    `idr_work.component` stand for the components after the cuts. Without overrides and such limits there are no parts.
    """
    ctx.run_file("stages/cut_link")
    limits = {
        item.name: item.limit_per_identity
        for item in ctx.config.identifiers.values()
        if item.on_conflict == "cut" and item.limit_per_identity is not None
    }
    if not (ctx.is_overruled or limits):
        return 0
    ctx.table_names["part"] = "part"
    ctx.run_file("stages/conflicted")
    for name, limit in limits.items():
        ctx.execute(
            f"insert into {work_table('conflicted')} select c.component_id from {work_table('scope_record')} as r"
            f" inner join {work_table('component')} as c on r.entity_id = c.entity_id"
            f" group by c.component_id having count(distinct r.i_{name}) > :max_per_identity",
            {"max_per_identity": limit},
        )
    parts, cuts = _cut_all(ctx, limits)
    _insert(ctx, "part", _PART, parts)
    _insert(ctx, "cut_link", _CUT_LINK, cuts)
    if parts:
        ctx.run_file("stages/part")
        ctx.table_names["component"] = "component_cut"
    return len(cuts)


def _insert(ctx: RunContext, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    for start in range(0, len(rows), _CHUNK):
        ctx.execute(*insert_values(work_table(table), columns, rows[start : start + _CHUNK]))


def _cut_all(ctx: RunContext, limits: dict[str, int]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows of `part` and `cut_link` for every conflicted component."""
    columns = "".join(f", r.i_{name}" for name in limits)
    members = ctx.query(
        f"select c.component_id, c.entity_key, c.entity_id{columns} from idr_work.component as c"
        " inner join idr_work.scope_record as r on c.entity_id = r.entity_id"
        " where c.component_id in (select component_id from idr_work.conflicted)"
    )
    if not members:
        return [], []
    links, vetoes = defaultdict(list), defaultdict(list)
    for row in ctx.query(read("stages/conflicted_link")):
        forced = row["rule_id"] == LINK_RULE
        link = Link(
            row["entity_key"], row["rule_id"], row["match_key"], row["priority"], row["group_size"], forced=forced
        )
        links[row["component_id"]].append(link)
    for row in ctx.query(read("stages/conflicted_veto")):
        vetoes[row["component_id"]].append((row["override_id"], row["entity_a"], row["entity_b"]))
    entity_id = {row["entity_key"]: row["entity_id"] for row in members}
    values: dict[Any, dict[str, dict[str, str]]] = defaultdict(dict)
    for row in members:
        held = {name: row[f"i_{name}"] for name in limits if row[f"i_{name}"] is not None}
        values[row["component_id"]][row["entity_key"]] = held
    part_rows: list[tuple[Any, ...]] = []
    cut_rows: list[tuple[Any, ...]] = []
    for component, held in values.items():
        parts, cuts = cut(links[component], held, limits, vetoes[component])
        counts = key_counts(parts, links[component], cuts)
        part_rows += [(e, -entity_id[min(part)], counts[e], min(held)) for part in parts for e in sorted(part)]
        cut_rows += [
            (c.link.entity_key, c.link.rule_id, c.link.match_key, c.override_id, c.identifier_type, c.other_entity_key)
            for c in cuts
        ]
    return part_rows, cut_rows


def find(ctx: RunContext) -> str:
    """Write `idr_work.conflict`, `idr_work.usage` and `idr_work.suspect`."""
    _find_conflicts(ctx)
    _find_suspects(ctx)
    return "conflict"


def _find_conflicts(ctx: RunContext) -> None:
    """Write `idr_work.conflict`: clusters in scope with more distinct values of an identifier than it allows.

    A limit that cuts is broken here only where a person forced the link.
    """
    ctx.execute(
        f"create or replace transient table {work_table('conflict')} (resolved_id varchar, action varchar,"
        " identifier_type varchar, distinct_values number(38, 0), max_per_identity number(38, 0))"
    )
    for identifier in ctx.config.identifiers.values():
        limit = identifier.limit_per_identity
        if limit is None:
            continue
        ctx.execute(
            f"insert into {work_table('conflict')}"
            " select n.resolved_id, cast(:action as varchar), cast(:name as varchar),"
            f" count(distinct r.i_{identifier.name}), :max_per_identity"
            f" from {work_table('scope_record')} as r"
            f" inner join {work_table('component')} as c on r.entity_id = c.entity_id"
            f" inner join {work_table('cluster_new')} as n on c.component_id = n.component_id"
            f" group by n.resolved_id having count(distinct r.i_{identifier.name}) > :max_per_identity",
            {
                "action": "HOLD" if identifier.on_conflict == "hold" else "REPORT",
                "name": identifier.name,
                "max_per_identity": limit,
            },
        )


def _find_suspects(ctx: RunContext) -> None:
    """Write `idr_work.usage` and `idr_work.suspect`: live groups far larger than is usual for their rule.

    Usual is the upper quartile of group sizes, single holders included, as the last FULL run saw it; a group is
    suspect above 10 entities and above `suspect_group_factor` times the usual size.
    """
    if ctx.is_full:
        ctx.execute(
            f"create or replace transient table {work_table('usage')} as"
            " select rule_id, percentile_disc(0.75) within group (order by group_size) as usual_group_size"
            f" from {work_table('key_group')} group by rule_id"
        )
    else:
        ctx.execute(
            f"create or replace transient table {work_table('usage')} as"
            " select rule_id, usual_group_size from idr_meta.rule_usage"
        )
    factor = ctx.config.guardrails.suspect_group_factor
    ctx.execute(
        f"create or replace transient table {work_table('suspect')} as"
        f" select g.rule_id, g.match_key, g.group_size from {work_table('live_group')} as g"
        f" left join {work_table('usage')} as u on g.rule_id = u.rule_id"
        " where :factor is not null and g.group_size > :floor"
        " and g.group_size > cast(:factor as double) * coalesce(u.usual_group_size, 1)",
        {"factor": factor, "floor": SUSPECT_FLOOR},
    )
