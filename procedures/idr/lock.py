"""The lease: at most one run works at a time, and a late one is stopped by its fencing token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from idr.errors import IdrError
from idr.schema import only_row
from idr.warehouse import Warehouse


@dataclass(frozen=True)
class Lease:
    """A held lock; `token` grows with every claim."""

    holder: str
    token: int


def claim(wh: Warehouse, run_id: str, now: datetime, until: datetime) -> Lease | None:
    """Take the lock when it is free, expired, or its holder is known to be gone; None when it is busy."""
    holder = f"{wh.process_token}:{run_id}"
    row = only_row(wh, "idr_meta.run_lock")
    abandoned = row["holder"] if row["holder"] and wh.holder_is_gone(row["holder"]) else None
    try:
        with wh.transaction():
            # Waits for whoever claims at this moment: a statement of Snowflake sees what was committed when it began.
            wh.execute("update idr_meta.run_lock set token = token")
            taken = wh.execute(
                "update idr_meta.run_lock set holder = :holder, token = token + 1, acquired_at = :now,"
                " expires_at = :until where holder is null or expires_at < :now or holder = :abandoned",
                {"holder": holder, "now": now, "until": until, "abandoned": abandoned},
            )
    except IdrError as error:
        if "onflict" in str(error):
            return None
        taken = 1 if only_row(wh, "idr_meta.run_lock")["holder"] == holder else 0  # COMMIT did it, its reply was lost
        if not taken:
            raise
    if taken != 1:
        return None
    return Lease(holder, int(only_row(wh, "idr_meta.run_lock")["token"]))


def renew(wh: Warehouse, lease: Lease, until: datetime) -> None:
    """Extend the lease; IDR-405 unless it is still ours. Inside the publishing transaction this is the fence."""
    kept = wh.execute(
        "update idr_meta.run_lock set expires_at = :until where holder = :holder and token = :token",
        {"until": until, "holder": lease.holder, "token": lease.token},
    )
    if kept != 1:
        raise IdrError.of(
            "IDR-405",
            "another run took the lock while this one was at work",
            fix="Nothing was published. idr_out.run_history has the other run;"
            " raise settings.lease_minutes if runs last",
        )


def release(wh: Warehouse, lease: Lease) -> None:
    """Give the lock back; does nothing when it was taken over."""
    wh.execute(
        "update idr_meta.run_lock set holder = null, expires_at = null where holder = :holder and token = :token",
        {"holder": lease.holder, "token": lease.token},
    )
