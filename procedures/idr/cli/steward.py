"""`idr link`, `idr unlink`, `idr overrides`, `idr revoke`, `idr suspects` and `idr forget`."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from idr import suspects as suspicious
from idr.cli.output import note, print_json, print_pairs, print_table, progress, say
from idr.cli.run import report
from idr.cli.session import AsJson, Db, ShowValues, exit_code, published

Entity = Annotated[str, typer.Argument(help="Entity key.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why: kept with the decision.", show_default=False)]

_COLUMNS = ("override_id", "kind", "entity_a", "entity_b", "reason", "created_by", "created_at", "state")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def link(a: Entity, b: Entity, reason: Reason, db: Db, as_json: AsJson = False) -> None:
    """Decide that two records are one identity, whatever their values say."""
    from idr import overrides as decisions

    _decide(decisions.LINK, a, b, reason, db, as_json)


def unlink(a: Entity, b: Entity, reason: Reason, db: Db, as_json: AsJson = False) -> None:
    """Decide that two records are never one identity, whatever their values say."""
    from idr import overrides as decisions

    _decide(decisions.UNLINK, a, b, reason, db, as_json)


def _decide(kind: str, a: str, b: str, reason: str, db: Path, as_json: bool) -> None:
    from idr import overrides as decisions
    from idr.run import utc_now

    with published(db) as wh:
        row = decisions.add(wh, kind, a, b, reason, _user(), utc_now())
    _told(row, "The next run takes it up.", as_json)


def overrides(
    db: Db,
    include_revoked: Annotated[bool, typer.Option("--all", help="List those that were revoked as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what people decided: links and unlinks."""
    from idr import overrides as decisions

    with published(db) as wh:
        rows = decisions.listed(wh, include_revoked=include_revoked)
    if as_json:
        print_json(rows)
        return
    print_table("Overrides", _COLUMNS, ([(row | {"state": _state(row)})[name] for name in _COLUMNS] for row in rows))


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is None:
        return "in force" if row["is_published"] else "from the next run"
    return "until the next run" if row["is_published"] else f"revoked by {row['revoked_by']} {row['revoked_at']}"


def revoke(
    override_id: Annotated[str, typer.Argument(help="As `idr overrides` lists it.", show_default=False)],
    db: Db,
    as_json: AsJson = False,
) -> None:
    """End a link or an unlink."""
    from idr import overrides as decisions
    from idr.run import utc_now

    with published(db) as wh:
        row = decisions.revoke(wh, override_id, _user(), utc_now())
    _told(row, "It ends with the next run.", as_json)


def _told(row: dict[str, Any], then: str, as_json: bool) -> None:
    if as_json:
        print_json(row)
    else:
        say(f"{row['override_id']}: {row['kind'].lower()} {row['entity_a']} {row['entity_b']}. {then}")


def suspects(
    db: Db,
    limit: Annotated[int, typer.Option(min=1, help="Values to show.")] = 20,
    show_values: ShowValues = False,
    as_json: AsJson = False,
) -> None:
    """List values that link far more records than usual, and how to exclude them."""
    with published(db) as wh:
        result = suspicious.suspects(wh, limit=limit, show_values=show_values)
    if as_json:
        print_json(result)
        return
    for row in result["suspects"]:
        values = ", ".join(f"{name} = {value}" for name, value in row["values"].items())
        skipped = ", skipped as oversized" if row["is_skipped"] else ""
        say(f"rule {row['rule_id']}: {values} is on {row['records']} records, usual {row['usual']:g}{skipped}")
        say(f"  to exclude it, add to identifiers.{row['identifier']}.exclude: {row['exclude']}")
    rest = result["total"] - len(result["suspects"])
    say(f"and {rest} more" if rest else "" if result["suspects"] else "No value links far more records than usual.")
    if result["suspects"] and not show_values:
        note("--show-values prints entries to paste into idr.yml")


def forget(
    entity_key: Entity,
    db: Db,
    compact: Annotated[
        bool, typer.Option("--compact", help="Rewrite the file, so that no freed block is left.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a record for ever: from every table of IDR's own, and from every run to come."""
    from idr import run as pipeline
    from idr.warehouse.compact import compact as compacted

    with published(db) as wh:
        result = pipeline.forget(wh, entity_key, progress=progress)
    if compact and exit_code(result) == 0:
        result["compacted_bytes"] = compacted(db)
    if not as_json and result["status"] == "SUCCESS":
        print_pairs("Erased rows", {name: count for name, count in result["rows"].items() if count})
        for row in result["clusters"]:
            say(f"  identity {row['old_resolved_id']} {_fate(row)}")
        for line in result["notes"]:
            say(line, "yellow")
    report(result, as_json)


def _fate(row: dict[str, Any]) -> str:
    if row["resolved_id"] is None:
        return "ended"
    if row["part_count"] > 1:
        return f"fell into {row['part_count']} parts"
    return "stays" if row["resolved_id"] == row["old_resolved_id"] else f"is now {row['resolved_id']}"
