"""`idr history` and `idr status`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from idr import history as runs
from idr.cli.output import print_json, print_pairs, print_table
from idr.cli.session import AsJson, Db, published
from idr.warehouse import Row


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
    columns = ("run", "mode", "status", "gate", "started", "seconds")
    print_table("Runs", columns, map(_line, rows))


def _line(row: Row) -> tuple[Any, ...]:
    mode = f"{row['run_mode']} dry run" if row["is_dry_run"] else row["run_mode"]
    seconds = None if row["duration_seconds"] is None else f"{row['duration_seconds']:.1f}"
    return (row["run_id"], mode, row["status"], row["gate"], row["started_at"], seconds)


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
    if result["alerts"]:
        columns = ("kind", "since", "what")
        lines = ((row["kind"], row["raised_at"], row["message"]) for row in result["alerts"])
        print_table("To look at", columns, lines)
