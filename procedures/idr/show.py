"""Everything that is published about one identity."""

from __future__ import annotations

from typing import Any

from idr.explain import unknown
from idr.statement import read
from idr.warehouse import Row, Warehouse

_NOT_ATTRIBUTES = frozenset({"resolved_id", "updated_ts"})


def show(wh: Warehouse, x: str) -> dict[str, Any]:
    """Describe the identity of an entity key or of a resolved id, an old id included.

    A retired id has `resolved_id` None and only its aliases and events.
    """
    member = wh.query(read("show/member"), {"asked": x})
    aliases: list[Row] = []
    resolved_id = member[0]["resolved_id"] if member else x
    if not member:
        resolved_id, aliases = _follow(wh, x)
    binds = {"resolved_id": resolved_id}
    cluster = _first(wh, "show/cluster", binds)
    if cluster is None and not member and not aliases:
        raise unknown(wh, x, "there is no such entity or resolved id")
    return {
        "asked": x,
        "entity_key": x if member else None,
        "resolved_id": resolved_id,
        "aliases": aliases,
        "cluster": cluster,
        "members": wh.query(read("show/members"), binds),
        "profile": _attributes(_first(wh, "show/profile", binds)),
        "provenance": _attributes(_first(wh, "show/provenance", binds)),
        "events": wh.query(read("show/events"), {"resolved_id": x if resolved_id is None else resolved_id}),
    }


def _follow(wh: Warehouse, resolved_id: str) -> tuple[str | None, list[Row]]:
    """Walk from an old id to the id that holds its records now; None when it was retired."""
    current: str | None = resolved_id
    walked: list[Row] = []
    seen: set[str] = set()
    while current is not None and current not in seen and _first(wh, "show/cluster", {"resolved_id": current}) is None:
        seen.add(current)
        step = _first(wh, "show/alias", {"resolved_id": current})
        if step is None:
            break
        walked.append(step)
        current = step["resolved_id"]
    return current, walked


def _first(wh: Warehouse, path: str, binds: Row) -> Row | None:
    return next(iter(wh.query(read(path), binds)), None)


def _attributes(row: Row | None) -> Row:
    return {name: value for name, value in (row or {}).items() if name not in _NOT_ATTRIBUTES}
