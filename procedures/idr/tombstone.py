"""Tombstones: salted hashes of erased records' keys, by which a run leaves them out for ever.

The salt is made once per installation and never leaves it, so that a list of guessed keys tells nothing elsewhere.
"""

from __future__ import annotations

import hashlib
import secrets

from idr.errors import IdrError
from idr.warehouse import Warehouse

KEEP = "entity_key is null or sha2(:erasure_salt || entity_key, 256) not in (select key_hash from idr_meta.tombstone)"


def salt(wh: Warehouse) -> str | None:
    """The installation's salt; None while nothing was ever erased."""
    rows = wh.query("select salt from idr_meta.erasure_salt order by salt")
    return rows[0]["salt"] if rows else None


def ensure_salt(wh: Warehouse) -> str:
    found = salt(wh)
    if found is None:
        found = secrets.token_hex(32)
        wh.execute("insert into idr_meta.erasure_salt (salt) values (:salt)", {"salt": found})
    return found


def key_hash(salt_text: str, entity_key: str) -> str:
    """SHA-256 of salt and key, 64 hex digits: what `sha2(.., 256)` gives in the database."""
    return hashlib.sha256((salt_text + entity_key).encode()).hexdigest()


def is_erased(wh: Warehouse, entity_key: str) -> bool:
    known = salt(wh)
    if known is None:
        return False
    found = "select count(*) as n from idr_meta.tombstone where key_hash = :key_hash"
    return wh.query(found, {"key_hash": key_hash(known, entity_key)})[0]["n"] > 0


def refuse(wh: Warehouse, entity_key: str) -> None:
    """IDR-412 when the record was erased."""
    if is_erased(wh, entity_key):
        raise IdrError.of("IDR-412", "it was erased and stays so", where=entity_key, fix="There is nothing to do")
