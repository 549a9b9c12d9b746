"""The gate: counts what a plan would change and holds it when a guardrail says that a person should look."""

from __future__ import annotations

from dataclasses import dataclass

from idr.stages.context import RunContext
from idr.statement import read


@dataclass(frozen=True)
class Verdict:
    """PASS, or HOLD with its reasons in words and numbers."""

    gate: str
    reasons: list[str]
    counts: dict[str, int]


def judge(ctx: RunContext, rows_read: int) -> Verdict:
    """Judge the plan in the work tables. The first publish of all moves nothing, so ratios do not apply to it."""
    counts = count(ctx, rows_read)
    reasons = [*_limits(ctx, counts), *(_sources(ctx) if counts["removed"] else [])]
    return Verdict("HOLD" if reasons else "PASS", reasons, counts)


def count(ctx: RunContext, rows_read: int) -> dict[str, int]:
    """What the plan in the work tables changes."""
    query = read("gate/counts_of_nothing" if ctx.is_nothing else "gate/counts")
    counts = {name: int(value or 0) for name, value in ctx.query(query)[0].items()}
    counts["rows_read"] = rows_read
    counts["entities_after"] = counts["entities_before"] + counts["new"] - counts["removed"]
    counts["clusters_after"] = counts["clusters_before"] + counts["created"] - counts["merged"] - counts["retired"]
    counts["unchanged"] = counts["entities_before"] - counts["moved"] - counts["removed"]
    return counts


def _limits(ctx: RunContext, counts: dict[str, int]) -> list[str]:
    rails = ctx.config.guardrails
    reasons: list[str] = []
    before, moved = counts["entities_before"], counts["moved"]
    if rails.max_moved_ratio is not None and before and moved / before > rails.max_moved_ratio:
        reasons.append(
            f"{moved} of {before} entities ({moved / before:.1%}) would move to another id;"
            f" max_moved_ratio allows {rails.max_moved_ratio:.1%}"
        )
    tests = (
        ("largest_changed_cluster", rails.max_cluster_size, "max_cluster_size", "records would be one identity"),
        ("merged", rails.max_merged_clusters, "max_merged_clusters", "clusters would be merged into others"),
        ("split", rails.max_split_clusters, "max_split_clusters", "clusters would be split"),
        ("skipped_groups", rails.max_skipped_groups, "max_skipped_groups", "groups are skipped as oversized"),
        (
            "conflicts",
            rails.max_conflicts,
            "max_conflicts",
            "identities hold more values of an identifier than allowed",
        ),
    )
    reasons.extend(
        f"{counts[metric]} {words}; {name} allows {limit}"
        for metric, limit, name, words in tests
        if limit is not None and counts[metric] > limit
    )
    reasons.extend(
        f"one value of rule {row['rule_id']} links {row['group_size']} records, far more than is usual"
        f" (for example {row['example_key']}); exclude the value, lower max_group_size, or approve"
        for row in (ctx.query(read("gate/suspects")) if counts["suspect_groups"] else [])
    )
    return reasons


def _sources(ctx: RunContext) -> list[str]:
    least = ctx.config.guardrails.min_source_ratio
    if least is None:
        return []
    return [
        f"source {row['source_id']} would shrink from {row['entities_before']} to {row['entities_after']} entities;"
        f" min_source_ratio asks for {least:.0%}"
        for row in ctx.query(read("gate/source_sizes"))
        if row["entities_after"] < least * row["entities_before"]
    ]
