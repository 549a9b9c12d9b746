"""`idr compare` and `idr membership`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from idr import compare as comparison
from idr.cli.output import note, print_json, print_pairs, print_table, say
from idr.cli.session import AsJson, Db, published

_RUN = "Run id (published, planned or dry), or: current"
_COUNTS = ("entities_a", "entities_b", "only_in_a", "only_in_b", "clusters_a", "clusters_b")


def compare(
    run_a: Annotated[str, typer.Argument(help=_RUN, show_default=False)],
    run_b: Annotated[str, typer.Argument(help=_RUN, show_default=False)],
    db: Db,
    limit: Annotated[int, typer.Option(min=1, help="Examples of each kind.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Say how the identities of two runs or plans differ: split, merged, moved."""
    with published(db) as wh:
        result = comparison.compare(wh, run_a, run_b, limit=limit)
    if as_json:
        print_json(result)
        return
    counts = {name.replace("_", " "): f"{result[name]:,}" for name in _COUNTS}
    kinds = {name: f"{total:,}" for name, total in result["totals"].items()}
    print_pairs(f"From {run_a} ({result['a']['kind']}) to {run_b} ({result['b']['kind']})", counts | kinds)
    for name, total in result["totals"].items():
        rows = result[name]
        if rows:
            print_table(name.capitalize(), tuple(rows[0]), (tuple(row.values()) for row in rows))
        if total > len(rows):
            say(f"  and {total - len(rows)} more")


def membership(
    as_of: Annotated[str, typer.Option("--as-of", help=_RUN)],
    output: Annotated[Path, typer.Option(help="CSV file to write: entity_key, resolved_id.", show_default=False)],
    db: Db,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write who was one identity as of a run, from the event log."""
    if output.exists() and not force:
        raise typer.BadParameter(f"{output} exists; --force overwrites it", param_hint="--output")
    count = 0
    with published(db) as wh:
        rows = comparison.membership(wh, as_of)
        first = next(rows, None)
        part = output.with_name(f"{output.name}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(("entity_key", "resolved_id"))
                for row in () if first is None else (first, *rows):
                    writer.writerow((row["entity_key"], row["resolved_id"]))
                    count += 1
            part.replace(output)
        except OSError as error:
            raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from error
    note(f"Wrote {count:,} records to {output}")
