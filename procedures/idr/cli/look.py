"""`idr explain`, `idr show` and `idr evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from idr.cli.output import print_json, print_pairs, print_table, say
from idr.cli.session import AsJson, Db, ShowValues, published

_LISTS = {
    "members": ("Members", {"entity": "entity_key", "source": "source_id", "record time": "record_ts"}),
    "links": ("Links", {"rule": "rule_id", "values": "values", "members": "members", "some of them": "sample"}),
    "weakest": (
        "Weakest links",
        {"record": "entity_key", "its link by": "rule_id", "would part": "members", "some of them": "apart"},
    ),
    "conflicts": (
        "Conflicts",
        {
            "action": "action",
            "identifier": "identifier_type",
            "values": "distinct_values",
            "override": "override_id",
            "record": "entity_key",
            "rule": "rule_id",
            "away from": "other_entity_key",
        },
    ),
    "events": (
        "Events",
        {
            "version": "version",
            "event": "event_type",
            "identity": "resolved_id",
            "entity": "entity_key",
            "other identity": "other_resolved_id",
            "time": "occurred_ts",
        },
    ),
}


def explain(
    a: Annotated[str, typer.Argument(help="Entity key.", show_default=False)],
    b: Annotated[str, typer.Argument(help="Entity key.", show_default=False)],
    db: Db,
    show_values: ShowValues = False,
    as_json: AsJson = False,
) -> None:
    """Say why two records are one identity, or why they are not."""
    from idr import explain as explanation

    with published(db) as wh:
        result = explanation.explain(wh, a, b, show_values=show_values)
    if as_json:
        print_json(result)
        return
    since = f" since run {result['since_run_id']}" if result["since_run_id"] else ""
    say(f"{a} and {b} are {'one identity' if result['linked'] else 'not one identity'}{since}")
    if result["reason"]:
        say(result["reason"])
    for step in result["path"]:
        say(f"  {_step(step)}")
    for row in result["pending"]:
        verb = "revoked" if row["revoked_at"] else "made"
        say(f"{row['kind'].lower()} {row['override_id']} ({row['reason']}) was {verb}; the next run takes it up")


def _step(step: dict[str, Any]) -> str:
    link = step["override"]
    if link:
        evidence = f"linked by {link['created_by']} on {str(link['created_at'])[:10]}: {link['reason']}"
    else:
        evidence = f"{step['rule_id']} ({_joined(step['values'])})"
    return f"{step['from']} - {evidence} - {step['to']}, since run {step['since_run_id']}"


def _joined(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def show(
    x: Annotated[str, typer.Argument(help="Entity key or resolved id, an old id included.", show_default=False)],
    db: Db,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show of each list.")] = 50,
    show_values: ShowValues = False,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Members only, as of this run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the members, profile, links and past of one identity."""
    from idr import show as identity

    if as_of is not None:
        _show_as_of(x, as_of, db, limit, as_json)
        return
    with published(db) as wh:
        result = identity.show(wh, x, limit=limit, show_values=show_values)
    if as_json:
        print_json(result)
        return
    say(f"{x}: {result['resolved_id'] or 'retired'}")
    profile = ([name, value, result["provenance"].get(name)] for name, value in result["profile"].items())
    print_table("Profile", ("attribute", "value", "taken from"), profile)
    for row in result["links"]:
        row |= {"values": _joined(row["values"]), "sample": ", ".join(row["sample"])}
    for row in result["weakest"]:
        row["apart"] = ", ".join(row["apart"])
    for name, (title, columns) in _LISTS.items():
        rows = result[name]
        if rows:
            print_table(title, tuple(columns), ([row[column] for column in columns.values()] for row in rows))
        if result["totals"][name] > len(rows):
            say(f"  and {result['totals'][name] - len(rows)} more")


def _show_as_of(x: str, run: str, db: Path, limit: int, as_json: bool) -> None:
    from idr.past import show_as_of

    with published(db) as wh:
        result = show_as_of(wh, x, run, limit=limit)
    if as_json:
        print_json(result)
        return
    say(f"{x} as of run {run} ({result['kind']}): {result['resolved_id'] or 'no identity'}")
    rows = result["members"]
    if rows:
        print_table("Members", ("entity", "identity now"), (tuple(row.values()) for row in rows))
    if result["totals"]["members"] > len(rows):
        say(f"  and {result['totals']['members'] - len(rows)} more")


def evaluate(
    truth: Annotated[Path, typer.Option(help="CSV or Parquet: entity_key, cluster.", show_default=False)],
    db: Db,
    as_json: AsJson = False,
) -> None:
    """Compare the published identities with a truth."""
    from idr import evaluate as evaluation

    with published(db) as wh:
        result = evaluation.evaluate(wh, truth)
    if as_json:
        print_json(result)
        return
    shares = {
        f"{label} {name}": f"{result[part][name]:.4f}"
        for part, label in (("pairwise", "Pairwise"), ("b_cubed", "B-cubed"))
        for name in ("precision", "recall", "f1")
    }
    counted = {name: f"{result[name]:,}" for name in ("entities", "only_in_truth", "only_in_membership")}
    clusters = {name: f"{result[name]:,}" for name in ("true_clusters", "found_clusters")}
    print_pairs("Evaluation", shares | {"Exact clusters": f"{result['exact_cluster_rate']:.4f}"} | counted | clusters)
    for title, part in (("Worst over-merged", "over_merged"), ("Worst over-split", "over_split")):
        if result[part]:
            print_table(title, tuple(result[part][0]), (tuple(row.values()) for row in result[part]))
