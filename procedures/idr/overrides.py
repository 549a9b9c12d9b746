"""What people decide about records: `link` (one identity) and `unlink` (never one), each revocable.

They are stored at once and take effect with the next run, which plans, judges and publishes them like data.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from idr.errors import IdrError
from idr.explain import find_entity
from idr.statement import read
from idr.warehouse import Row, Warehouse


def add(wh: Warehouse, kind: str, a: str, b: str, reason: str, created_by: str, now: datetime) -> str:
    """Store an override of kind LINK or UNLINK; return its id. IDR-409 when it says nothing new or contradicts one."""
    if a == b:
        raise IdrError.of("IDR-409", "both are the same record", where=a, fix="Name two different entity keys")
    first, second = sorted((a, b))
    for row in active(wh):
        if (row["entity_a"], row["entity_b"]) == (first, second):
            raise IdrError.of(
                "IDR-409",
                f"override {row['override_id']} already says {row['kind']} ({row['reason']})",
                where=f"{first}, {second}",
                fix="Nothing to do, or revoke that override first",
            )
    override_id = uuid.uuid4().hex[:12]
    wh.execute(
        "insert into idr_meta.identity_override"
        " (override_id, kind, entity_a, entity_b, reason, created_by, created_at)"
        " values (:override_id, :kind, :entity_a, :entity_b, :reason, :created_by, :created_at)",
        {
            "override_id": override_id,
            "kind": kind,
            "entity_a": first,
            "entity_b": second,
            "reason": reason,
            "created_by": created_by,
            "created_at": now,
        },
    )
    return override_id


def revoke(wh: Warehouse, override_id: str, revoked_by: str, now: datetime) -> None:
    """End an override; IDR-410 when there is no active one with this id."""
    ended = wh.execute(
        "update idr_meta.identity_override set revoked_by = :revoked_by, revoked_at = :now"
        " where override_id = :override_id and revoked_at is null",
        {"override_id": override_id, "revoked_by": revoked_by, "now": now},
    )
    if not ended:
        raise IdrError.of(
            "IDR-410", "there is no active override with this id", where=override_id, fix="See `idr overrides`"
        )


def active(wh: Warehouse) -> list[Row]:
    """The overrides in force, oldest first."""
    return wh.query(read("overrides/active"))


def checked(wh: Warehouse, a: str, b: str) -> None:
    """IDR-407 unless both records are published."""
    for entity_key in (a, b):
        find_entity(wh, entity_key)
