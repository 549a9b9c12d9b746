"""What people decide about records: `link` (one identity) and `unlink` (never one), each revocable.

They are stored at once and take effect with the next run, which plans, judges and publishes them like data.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from idr.errors import IdrError
from idr.explain import find_entity
from idr.statement import read
from idr.warehouse import Row, Warehouse

LINK, UNLINK = "LINK", "UNLINK"


def add(wh: Warehouse, kind: str, a: str, b: str, reason: str, created_by: str, now: datetime) -> dict[str, Any]:
    """Store an override of kind LINK or UNLINK and return it.

    Nothing is stored and an error tells why when a record is not published (IDR-407), when the reason is empty
    (IDR-406), when it says nothing new (IDR-409) or when it contradicts what is in force, also through other links
    (IDR-411).
    """
    if not reason.strip():
        raise IdrError.of("IDR-406", "the reason is empty", fix="Say why: whoever reads it later has nothing else")
    for entity_key in (a, b):
        find_entity(wh, entity_key)
    if a == b:
        raise IdrError.of("IDR-409", "both are the same record", where=a, fix="Name two different entity keys")
    first, second = sorted((a, b))
    _contradiction(active(wh), kind, first, second)
    row = {
        "override_id": uuid.uuid4().hex[:12],
        "kind": kind,
        "entity_a": first,
        "entity_b": second,
        "reason": reason,
        "created_by": created_by,
        "created_at": now,
    }
    wh.execute(read("overrides/add"), row)
    _withdraw_unless_alone(wh, row)
    return row


def _withdraw_unless_alone(wh: Warehouse, row: Row) -> None:
    """Check again what may have changed while the override was stored, by somebody else who did not see it yet.

    Of two that contradict each other, stored at the same moment, at least one is withdrawn.
    """
    try:
        for entity_key in (row["entity_a"], row["entity_b"]):
            find_entity(wh, entity_key)
        others = [other for other in active(wh) if other["override_id"] != row["override_id"]]
        _contradiction(others, row["kind"], row["entity_a"], row["entity_b"])
    except IdrError:
        wh.execute("delete from idr_meta.identity_override where override_id = :override_id", row)
        raise


def revoke(wh: Warehouse, override_id: str, revoked_by: str, now: datetime) -> dict[str, Any]:
    """End an override and return it; IDR-410 when there is no active one with this id."""
    found = next((row for row in active(wh) if row["override_id"] == override_id), None)
    if found is None:
        raise IdrError.of(
            "IDR-410",
            "there is no active override with this id",
            where=override_id,
            fix="The list of overrides has their ids",
        )
    wh.execute(read("overrides/revoke"), {"override_id": override_id, "revoked_by": revoked_by, "now": now})
    return found | {"revoked_by": revoked_by, "revoked_at": now}


def active(wh: Warehouse) -> list[Row]:
    """The overrides in force, oldest first."""
    return wh.query(read("overrides/active"))


def listed(wh: Warehouse, *, include_revoked: bool = False) -> list[Row]:
    """Overrides, oldest first. `is_published` tells whether the published identities respect this one."""
    rows = wh.query(read("overrides/listed"))
    return [row for row in rows if include_revoked or row["revoked_at"] is None or row["is_published"]]


def _contradiction(rows: list[Row], kind: str, a: str, b: str) -> None:
    group = _forced_groups(rows)
    for row in rows:
        if (row["entity_a"], row["entity_b"]) == (a, b):
            code = "IDR-409" if row["kind"] == kind else "IDR-411"
            _refuse(code, row, a, b)
    if kind == UNLINK and group.get(a, a) == group.get(b, b):
        through = next(row for row in rows if row["kind"] == LINK and group[row["entity_a"]] == group[a])
        _refuse("IDR-411", through, a, b, "both belong to a group that people linked, among others by ")
    for row in rows:
        ends = {group.get(row["entity_a"], row["entity_a"]), group.get(row["entity_b"], row["entity_b"])}
        if kind == LINK and row["kind"] == UNLINK and ends == {group.get(a, a), group.get(b, b)}:
            _refuse("IDR-411", row, a, b, "with the other links it would join records kept apart by ")


def _forced_groups(rows: list[Row]) -> dict[str, str]:
    """For every record that some LINK names, one name per group that the links make."""
    parent: dict[str, str] = {}

    def root(entity: str) -> str:
        while parent.setdefault(entity, entity) != entity:
            parent[entity] = parent[parent[entity]]
            entity = parent[entity]
        return entity

    for row in rows:
        if row["kind"] == LINK:
            parent[root(row["entity_b"])] = root(row["entity_a"])
    return {entity: root(entity) for entity in list(parent)}


def _refuse(code: str, row: Row, a: str, b: str, lead: str = "") -> None:
    told = f"override {row['override_id']}, {row['kind']} {row['entity_a']} {row['entity_b']}"
    raise IdrError.of(
        code,
        f"{lead}{told}, made by {row['created_by']} on {str(row['created_at'])[:10]} ({row['reason']})",
        where=f"{a}, {b}",
        fix=f"Revoking override {row['override_id']} ends it" if code == "IDR-411" else "Nothing to do",
    )
