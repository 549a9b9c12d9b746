"""`idr history` and `idr status`."""

from __future__ import annotations

from typing import Annotated

import typer

from idr import history as runs
from idr.cli.output import print_json, print_pairs, print_table
from idr.cli.session import AsJson, Db, published


def history(
    db: Db,
    limit: Annotated[int, typer.Option(min=1, help="Runs to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the latest runs."""
    with published(db) as wh:
        rows = runs.history(wh, limit)
    if as_json:
        print_json(rows)
        return
    names = ("run_id", "run_mode", "is_dry_run", "status", "gate", "started_at", "duration_seconds", "message")
    print_table("Runs", names, ([row.get(name) for name in names] for row in rows))


def status(db: Db, as_json: AsJson = False) -> None:
    """Say how things stand."""
    with published(db) as wh:
        result = runs.status(wh)
    if as_json:
        print_json(result)
        return
    last = result["last_run"] or {}
    totals = {
        "Entities": result["entities"],
        "Clusters": result["clusters"],
        "Largest cluster": result["largest_cluster"],
        "Skipped groups": result["skipped_groups"],
        "Plans that wait for approval": ", ".join(result["held_plans"]) or "none",
        "Last run": " ".join(str(last[name]) for name in ("run_id", "status", "started_at")) if last else "none",
    }
    print_pairs("Status", totals)
