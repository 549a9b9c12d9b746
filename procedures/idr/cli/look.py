"""`idr explain`, `idr show` and `idr evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from idr import evaluate as evaluation
from idr import explain as explanation
from idr import show as identity
from idr.cli.output import print_json, print_pairs, print_table, say
from idr.cli.session import AsJson, Db, ShowValues, published
from idr.mask import mask_values


def explain(
    a: Annotated[str, typer.Argument(help="Entity key.", show_default=False)],
    b: Annotated[str, typer.Argument(help="Entity key.", show_default=False)],
    db: Db,
    show_values: ShowValues = False,
    as_json: AsJson = False,
) -> None:
    """Say why two records are one identity, or why they are not."""
    with published(db) as wh:
        result = explanation.explain(wh, a, b)
    if not show_values:
        result["path"] = [step | {"values": mask_values(step["values"])} for step in result["path"]]
    if as_json:
        print_json(result)
        return
    say(f"{a} and {b} are {'one identity' if result['linked'] else 'not one identity'}")
    if result["reason"]:
        say(result["reason"])
    for step in result["path"]:
        values = ", ".join(f"{name} = {value}" for name, value in step["values"].items())
        say(f"  {step['from']} - {step['rule_id']} ({values}) - {step['to']}")


def show(
    x: Annotated[str, typer.Argument(help="Entity key or resolved id, an old id included.", show_default=False)],
    db: Db,
    show_values: ShowValues = False,
    as_json: AsJson = False,
) -> None:
    """Show the members, profile and past of one identity."""
    with published(db) as wh:
        result = identity.show(wh, x)
    if not show_values:
        result["profile"] = mask_values(result["profile"])
    if as_json:
        print_json(result)
        return
    say(f"{x}: {result['resolved_id'] or 'retired'}")
    members = ([row["entity_key"], row["source_id"], row["record_ts"]] for row in result["members"])
    print_table("Members", ("entity", "source", "record time"), members)
    profile = ([name, value, result["provenance"].get(name)] for name, value in result["profile"].items())
    print_table("Profile", ("attribute", "value", "taken from"), profile)
    names = ("version", "event_type", "resolved_id", "entity_key", "other_resolved_id", "occurred_ts")
    print_table("Events", names, ([row[name] for name in names] for row in result["events"]))


def evaluate(
    truth: Annotated[Path, typer.Option(help="CSV or Parquet: entity_key, cluster.", show_default=False)],
    db: Db,
    as_json: AsJson = False,
) -> None:
    """Compare the published identities with a truth."""
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
