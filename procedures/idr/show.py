"""Everything that is published about one identity."""

from __future__ import annotations

from typing import Any

from idr import tombstone
from idr.explain import unknown
from idr.mask import mask_values
from idr.published import base
from idr.statement import read
from idr.warehouse import Row, Warehouse
from idr.weakest import links_of

_NOT_ATTRIBUTES = frozenset({"resolved_id", "updated_ts"})


def show(wh: Warehouse, x: str, *, limit: int = 50, show_values: bool = False) -> dict[str, Any]:
    """Describe the identity of an entity key or of a resolved id, any id ever published included.

    Lists hold at most `limit` rows, `totals` how many there are. Events are the latest, links the strongest first,
    `weakest` the links without which the identity falls apart, weakest first. A retired id has `resolved_id` None
    and only its aliases and events. IDR-407 for a name that was never published, IDR-412 for an erased record.
    """
    member = wh.query(read("show/member"), {"asked": x})
    aliases: list[Row] = []
    resolved_id = member[0]["resolved_id"] if member else x
    if not member:
        resolved_id, aliases = _follow(wh, x)
    binds = {"resolved_id": resolved_id, "row_limit": limit}
    cluster = _first(wh, "show/cluster", binds)
    config = base(wh)[1]
    if config is None or (cluster is None and not member and not aliases):
        tombstone.refuse(wh, x)
        raise unknown(wh, x, "there is no such entity or resolved id")
    links, weakest = links_of(wh, config, resolved_id, limit, show_values=show_values)
    profile = _attributes(_first(wh, "show/profile", binds))
    lists = {
        "members": wh.query(read("show/members"), binds),
        "events": wh.query(read("show/events"), binds | {"resolved_id": x if resolved_id is None else resolved_id}),
        "conflicts": wh.query(read("show/conflicts"), binds),
    }
    totals: dict[str, int] = {name: rows[0]["total"] if rows else 0 for name, rows in lists.items()}
    return {
        "asked": x,
        "entity_key": x if member else None,
        "resolved_id": resolved_id,
        "aliases": aliases,
        "cluster": cluster,
        "members": _without_total(lists["members"]),
        "profile": profile if show_values else mask_values(profile),
        "provenance": _attributes(_first(wh, "show/provenance", binds)),
        "links": links.rows,
        "weakest": weakest.rows,
        "conflicts": _without_total(lists["conflicts"]),
        "events": _without_total(lists["events"]),
        "totals": totals | {"links": links.total, "weakest": weakest.total},
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


def _without_total(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "total"} for row in rows]
