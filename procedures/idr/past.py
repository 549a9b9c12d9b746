"""One identity as it was when a run published it."""

from __future__ import annotations

from typing import Any

from idr import tombstone
from idr.compare import state
from idr.explain import unknown
from idr.statement import read
from idr.warehouse import Row, Warehouse


def show_as_of(wh: Warehouse, x: str, run: str, *, limit: int = 50) -> dict[str, Any]:
    """The identity of an entity key or of a resolved id as of a run: published, planned, a dry run, or `current`.

    Returns asked, as_of, kind, resolved_id and at most `limit` members, each with the id that it has now (None when it
    is gone); `totals` says how many there were. Of an id that was merged before, it is the identity that took its
    records. `resolved_id` is None when x was nobody then. IDR-407 for a name that was never published, IDR-412 for an
    erased record, IDR-413 for a run that published and planned nothing.
    """
    at = state(wh, run)
    query, binds = at.named("a")
    text = f"with {query} {read('past/identity')}"
    rows: list[Row] = []
    seen: set[str] = set()
    resolved_id: str | None = x
    while resolved_id is not None and resolved_id not in seen and not rows:
        seen.add(resolved_id)
        rows = wh.query(text, binds | {"entity_key": x, "resolved_id": resolved_id, "row_limit": limit})
        resolved_id = rows[0]["resolved_id"] if rows else _merged_into(wh, resolved_id, at.version)
    if not rows and not wh.query(read("past/known"), {"asked": x}):
        tombstone.refuse(wh, x)
        raise unknown(wh, x, "there is no such entity or resolved id")
    return {
        "asked": x,
        "as_of": run,
        "kind": at.kind,
        "resolved_id": rows[0]["resolved_id"] if rows else None,
        "members": [{name: row[name] for name in ("entity_key", "resolved_id_now")} for row in rows],
        "totals": {"members": rows[0]["total"] if rows else 0},
    }


def _merged_into(wh: Warehouse, resolved_id: str, version: int | None) -> str | None:
    """The id that took over the records of this one, as of a version; plans and dry runs keep no such log."""
    if version is None:
        return None
    rows = wh.query(read("past/merged_into"), {"resolved_id": resolved_id, "version": version})
    return rows[0]["other_resolved_id"] if rows else None
