"""Erasure: what IDR's tables hold of one record, and how it goes.

The record leaves the published identities by the usual stages (`idr.stages.plan.build_forget`); this module removes
what no stage touches: the event log, audit rows, overrides, samples, and names in messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from idr import tombstone
from idr.errors import IdrError
from idr.schema import state_columns
from idr.stages.context import RunContext
from idr.statement import read
from idr.warehouse import Warehouse

ERASED = "[erased]"
_SHORTEST = 4
_TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "idr_out.run_history": ("run_id", ("message", "reasons", "warnings", "error_message")),
    "idr_out.plan": ("run_id", ("reasons", "warnings")),
    "idr_meta.identity_override": ("override_id", ("reason",)),
}
_JSON = frozenset({"reasons", "warnings"})


def found(wh: Warehouse, entity_key: str) -> dict[str, int]:
    """Rows that name the record, per table."""
    rows = wh.query(read("forget/found"), {"entity_key": entity_key})
    return {row["table_name"]: int(row["found"]) for row in rows if row["found"]}


def values_of(ctx: RunContext, entity_key: str) -> list[str]:
    """The published values of the record: identifiers and attributes."""
    columns = state_columns(ctx.config)
    rows = ctx.wh.query(
        f"select {', '.join(columns)} from idr_out.entity_current where entity_key = :entity_key",
        {"entity_key": entity_key},
    )
    return sorted({value for row in rows for value in row.values() if value is not None})


def purge(ctx: RunContext, entity_key: str, values: Iterable[str], *, resolved: bool) -> int:
    """Remove every row and every word that tells of the record; return the texts changed.

    Data manipulation only, for the publishing transaction. `resolved` says that the record's clusters were resolved
    in `ctx`. IDR-302 when a row is left all the same, so that nothing is committed.
    """
    key_hash = tombstone.key_hash(tombstone.ensure_salt(ctx.wh), entity_key)
    ctx.run_file("publish/erased", {"entity_key": entity_key, "key_hash": key_hash})
    _leave_samples(ctx.wh, entity_key)
    if resolved:
        ctx.run_file("publish/erased_keys")
    changed = _scrub(ctx.wh, [entity_key, *(value for value in values if len(value) >= _SHORTEST)])
    left = found(ctx.wh, entity_key)
    if left:
        raise IdrError.of("IDR-302", f"rows are left in {', '.join(left)}", where="forget", fix="Please report this")
    return changed


def purge_late(wh: Warehouse, entity_key: str) -> None:
    """Remove an override that was being stored while the erasure was committed: neither saw the other."""
    named = {"entity_key": entity_key}
    wh.execute("delete from idr_meta.identity_override where entity_a = :entity_key or entity_b = :entity_key", named)


def _leave_samples(wh: Warehouse, entity_key: str) -> None:
    """Take the key out of the lists of example keys of skipped groups."""
    for row in wh.query(read("forget/samples"), {"entity_key": entity_key}):
        old = row["sample_entity_keys"]
        new = f", {old}, ".replace(f", {entity_key}, ", ", ")[2:-2]
        wh.execute(
            "update idr_out.skipped_identifier_groups set sample_entity_keys = :new where sample_entity_keys = :old",
            {"new": new or None, "old": old},
        )


def _scrub(wh: Warehouse, needles: list[str]) -> int:
    forms = sorted({form.lower() for needle in needles for form in (needle, json.dumps(needle)[1:-1])})
    words = re.compile("|".join(rf"(?<!\w){re.escape(needle)}(?!\w)" for needle in needles), re.IGNORECASE)
    changed = 0
    for table, (key, columns) in _TEXTS.items():
        text = " || ' ' || ".join(f"lower(coalesce({column}, ''))" for column in columns)
        test = " or ".join(f"contains({text}, :x{number})" for number in range(len(forms)))
        binds = {f"x{number}": form for number, form in enumerate(forms)}
        for row in wh.query(f"select {key}, {', '.join(columns)} from {table} where {test}", binds):
            new = {column: _without(words, row[column], is_json=column in _JSON) for column in columns}
            if any(new[column] != row[column] for column in columns):
                assigned = ", ".join(f"{column} = :{column}" for column in columns)
                wh.execute(f"update {table} set {assigned} where {key} = :{key}", new | {key: row[key]})
                changed += 1
    return changed


def _without(words: re.Pattern[str], text: str | None, *, is_json: bool) -> str | None:
    if text is None:
        return None
    if not is_json:
        return words.sub(ERASED, text)
    return json.dumps([words.sub(ERASED, line) for line in json.loads(text)])


def notes(ctx: RunContext, values: Iterable[str]) -> list[str]:
    """What a person has to look after: values of the record that the configuration itself names."""
    held = set(values)
    rows = ctx.wh.query("select distinct identifier_type, pattern from idr_meta.identifier_exclusion order by 1, 2")
    return [
        f"identifier {row['identifier_type']}: its exclusions name a value of the record; edit the configuration"
        for row in rows
        if row["pattern"] in held
    ]


def receipt(ctx: RunContext, limit: int = 50) -> dict[str, Any]:
    """The clusters that were resolved again: `clusters_changed` and, at most `limit` of them, `clusters`."""
    rows = ctx.query(read("forget/clusters"))
    return {"clusters_changed": len(rows), "clusters": rows[:limit]}
