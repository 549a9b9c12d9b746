"""A plan: all stages from the sources to the verdict, in run-scoped work tables. Publishes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from idr.model import Config
from idr.stages import components, conflicts, delta, extract, gate, golden, match_keys, overrides
from idr.stages.context import RunContext
from idr.stages.source_query import Reading
from idr.statement import work_table


@dataclass(frozen=True)
class Plan:
    """What was computed and judged; the rows are in the run's work tables."""

    verdict: gate.Verdict
    warnings: list[str]
    watermarks: dict[str, datetime]


def must_be_full(previous: Config | None, current: Config) -> list[str]:
    """Reasons why an incremental plan would mix two configurations; empty when INCR is exact.

    Sources may come, go or be mapped anew: those are read again as a whole. Everything that applies across sources
    needs a FULL plan.
    """
    if previous is None:
        return ["there is no earlier publish to build upon"]
    parts = {
        "identifiers": (dict(previous.identifiers), dict(current.identifiers)),
        "rules": (dict(previous.rules), dict(current.rules)),
        "survivorship": (dict(previous.survivorship), dict(current.survivorship)),
        "attributes": (previous.attributes, current.attributes),
        "trust": (
            {s.source_id: s.trust for s in previous.sources.values() if s.source_id in current.sources},
            {s.source_id: s.trust for s in current.sources.values() if s.source_id in previous.sources},
        ),
    }
    return [f"{name} changed" for name, (old, new) in parts.items() if old != new]


def readings(config: Config, previous: Config | None, marks: Mapping[str, datetime], *, full: bool) -> list[Reading]:
    """How each source is read: from its watermark where that is enough."""
    result: list[Reading] = []
    for source in config.sources.values():
        same = previous is not None and previous.sources.get(source.source_id) == source
        mark = None if full or not same or source.watermark is None else marks.get(source.source_id)
        result.append(Reading(source, extract.since(source, mark)))
    return result


def build(ctx: RunContext, reads: list[Reading], marks: Mapping[str, datetime], max_iters: int) -> Plan:
    """Run every stage and judge the outcome."""
    marks = {source: mark for source, mark in marks.items() if source in ctx.config.sources}
    match_keys.load_rules(ctx, [(overrides.LINK_RULE, overrides.LINK_PRIORITY, 2)])
    overrides.take_snapshot(ctx)
    ctx.timed("read sources", lambda c: extract.read(c, reads))
    facts = extract.facts(ctx)
    warnings = extract.deduplicate(ctx)
    watermarks, future = extract.high_marks(ctx, facts, marks)
    warnings += future
    if ctx.is_full:
        ctx.timed("match keys", _full_scope)
    else:
        ctx.timed("changes", lambda c: _incr_delta(c, reads))
        if ctx.is_overruled or delta.has_changes(ctx):
            ctx.timed("scope", _incr_scope)
        else:
            delta.plan_nothing(ctx)
    if not ctx.is_nothing:
        warnings += _resolve(ctx, max_iters)
    return Plan(gate.judge(ctx, sum(int(row["n"]) for row in facts)), warnings, watermarks)


def build_forget(ctx: RunContext, entity_key: str, max_iters: int) -> dict[str, int]:
    """Resolve the clusters of one record anew without it, from what is published; return the counts."""
    match_keys.load_rules(ctx, [(overrides.LINK_RULE, overrides.LINK_PRIORITY, 2)])
    ctx.timed("erasure", lambda c: _leaving(c, entity_key))
    _scope_of_changes(ctx)
    _resolve(ctx, max_iters)
    return gate.count(ctx, 0)


def _leaving(ctx: RunContext, entity_key: str) -> int:
    delta.no_delta(ctx)
    ctx.run_file("stages/forget", {"entity_key": entity_key})
    return 1


def _resolve(ctx: RunContext, max_iters: int) -> list[str]:
    """From match keys in scope to membership, profiles and conflicts; return warnings."""
    skipped = "stages/skipped_full" if ctx.is_full else "stages/skipped_incr"
    ctx.timed("live groups", ctx.files("stages/anchor", rows="anchor"))
    ctx.timed("components", lambda c: components.components(c, max_iters))
    ctx.timed("kept apart", _parts)
    warnings = overrides.contradictions(ctx) if ctx.is_overruled else []
    ctx.timed("membership", ctx.files("stages/membership", rows="membership_change"))
    ctx.timed("golden profiles", golden.build)
    ctx.timed("cluster changes", ctx.files("stages/cluster_change", rows="cluster_change"))
    ctx.timed("skipped groups", ctx.files(skipped, "stages/skipped_change", rows="skipped_change"))
    ctx.timed("conflicts", conflicts.find)
    ctx.stage = "gate"
    return warnings


def _full_scope(ctx: RunContext) -> str:
    if any(source.deleted_when for source in ctx.config.sources.values()):
        ctx.execute(f"delete from {work_table('record')} where is_deleted")
    ctx.table_names["scope_record"] = ctx.table_names["record"]
    match_keys.build(ctx, "record", "match_key")
    overrides.add_links(ctx, "record", "match_key")
    ctx.run_file("stages/removed_full")
    ctx.run_file("stages/scope_full")
    return "match_key"


def _incr_delta(ctx: RunContext, reads: list[Reading]) -> str:
    extract.present_keys(ctx, reads)
    ctx.run_file("stages/removed_incr")
    delta.build_delta(ctx)
    overrides.touch(ctx)
    return "delta"


def _incr_scope(ctx: RunContext) -> str:
    match_keys.build(ctx, "delta", "delta_key")
    overrides.add_links(ctx, "delta", "delta_key")
    return _scope_of_changes(ctx)


def _scope_of_changes(ctx: RunContext) -> str:
    ctx.run_file("stages/scope_incr")
    delta.build_scope(ctx)
    ctx.run_file("stages/scope_keys")
    return "scope"


def _parts(ctx: RunContext) -> int:
    ctx.run_file("stages/component")
    return conflicts.keep_apart(ctx)
