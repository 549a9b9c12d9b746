"""`idr run` and `idr approve`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from idr.cli.output import note, print_json, print_pairs, progress, say
from idr.cli.session import AsJson, Db, checked, database, exit_code, published, put

_DIFF = {
    "Rows read": ("rows_read",),
    "Entities before -> after": ("entities_before", "entities_after"),
    "Entities new": ("new",),
    "Entities removed": ("removed",),
    "Entities moved": ("moved",),
    "Entities unchanged": ("unchanged",),
    "Clusters before -> after": ("clusters_before", "clusters_after"),
    "Clusters created": ("created",),
    "Clusters merged": ("merged",),
    "Clusters split": ("split",),
    "Clusters retired": ("retired",),
    "Largest cluster": ("largest_cluster",),
    "Skipped groups": ("skipped_groups",),
    "Conflicts": ("conflicts",),
    "Links cut": ("cut_links",),
}


class Mode(StrEnum):
    FULL = "FULL"
    INCR = "INCR"


def run(
    db: Db,
    run_mode: Annotated[Mode, typer.Option(case_sensitive=False, help="Everything, or what changed.")],
    max_iters: Annotated[int, typer.Option(min=1, help="Rounds that components may take.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and judge, publish nothing.")] = False,
    config: Annotated[Path | None, typer.Option(help="Put this configuration in force first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Plan, judge, and publish when the gate passes."""
    from idr import run as pipeline

    opened = published if config is None else database
    with opened(db) as wh:
        if config is not None:
            put(wh, checked(wh, config))
        result = pipeline.run(wh, run_mode.value, max_iters, dry_run, progress=progress)
    report(result, as_json)


def approve(
    run_id: Annotated[str, typer.Argument(help="Run whose held plan is to be published.", show_default=False)],
    db: Db,
    as_json: AsJson = False,
) -> None:
    """Publish a plan that the gate held."""
    from idr import run as pipeline

    with published(db) as wh:
        result = pipeline.approve(wh, run_id, progress=progress)
    report(result, as_json)


def report(result: dict[str, Any], as_json: bool) -> None:
    """Print a result and leave with its exit code."""
    if as_json:
        print_json(result)
    else:
        _summary(result)
    error = result.get("error")
    if error:
        stage = f" in {error['stage']}" if error.get("stage") else ""
        message = error.get("message") or ""
        note(message if str(message).startswith("IDR-") else f"{error.get('code')}{stage}: {message}", "red")
    raise typer.Exit(exit_code(result))


def _summary(result: dict[str, Any]) -> None:
    counts = result.get("counts") or {}
    head = {
        "Run": result.get("run_id"),
        "Mode": result.get("mode"),
        "Status": result["status"],
        "Gate": result.get("gate") or "-",
        "Seconds": f"{result.get('duration_seconds') or 0:.2f}",
    }
    diff = {
        label: " -> ".join(f"{counts[name]:,}" for name in names)
        for label, names in _DIFF.items()
        if all(counts.get(name) is not None for name in names)
    }
    print_pairs("Run", head | diff)
    for label, style in (("reasons", "yellow"), ("warnings", "yellow")):
        for line in result.get(label) or ():
            say(f"{label[:-1].capitalize()}: {line}", style)
    say(result["message"])
    if result.get("status") == "HELD":
        say(f"To publish it all the same: idr approve {result.get('run_id')} --db FILE")
