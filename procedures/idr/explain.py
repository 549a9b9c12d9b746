"""Why two records are one identity, or why they are not."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from idr import tombstone
from idr.apart import nearest_reason
from idr.errors import IdrError
from idr.evidence import Hop, keys_of, shortest, together_since
from idr.mask import mask_values
from idr.model import Config
from idr.published import base
from idr.stages.overrides import LINK_RULE
from idr.statement import read
from idr.warehouse import Row, Warehouse

Answer = dict[str, Any]
_OVERRIDE = ("override_id", "kind", "reason", "created_by", "created_at", "revoked_at", "is_published")


def explain(wh: Warehouse, a: str, b: str, *, show_values: bool = False) -> Answer:
    """The shortest chain of shared match keys from one record to another, or the nearest reason why there is none.

    Returns a, b, linked, resolved_id, since_run_id, since, path, reason, cause and pending: the overrides on this
    very pair that the next run will take up. Values are masked unless `show_values`.
    """
    first, second = find_entity(wh, a), find_entity(wh, b)
    config = base(wh)[1]
    answer: Answer = {"a": a, "b": b, "linked": False, "resolved_id": None, "since_run_id": None, "since": None}
    answer |= {"path": [], "reason": None, "cause": None, "pending": _pending(wh, a, b)}
    resolved_id = first["resolved_id"]
    if config is None or resolved_id is None or resolved_id != second["resolved_id"]:
        return answer | nearest_reason(wh, config, first, second, show_values=show_values)
    events = _events(wh, resolved_id)
    answer |= {"linked": True, "resolved_id": resolved_id} | _since(together_since(events, a, b))
    hops = shortest(keys_of(wh, resolved_id), config, a, b)
    if hops is None:
        return answer | {"reason": "They are one identity, but no chain of published match keys joins them"}
    return answer | {"path": _steps(wh, config, resolved_id, hops, events, show_values)}


def find_entity(wh: Warehouse, entity_key: str) -> Row:
    """The record with this key. IDR-412 when it was erased, IDR-407 with the nearest keys when there is none."""
    rows = wh.query(read("explain/entity"), {"entity_key": entity_key})
    if not rows:
        tombstone.refuse(wh, entity_key)
        raise unknown(wh, entity_key, "there is no such entity")
    return rows[0]


def unknown(wh: Warehouse, wanted: str, message: str) -> IdrError:
    nearest = [row["entity_key"] for row in wh.query(read("explain/nearest"), {"wanted": wanted})]
    fix = f"Did you mean {', '.join(nearest)}?" if nearest else "Publish a run first: there are no entities yet"
    return IdrError.of("IDR-407", message, where=wanted, fix=f"{fix} Entity keys read <source id>:<raw key>")


def _pending(wh: Warehouse, a: str, b: str) -> list[Row]:
    rows = wh.query(read("explain/overrides"), {"a": a, "b": b})
    changed = (row for row in rows if row["is_published"] != (row["revoked_at"] is None))
    return [{name: row[name] for name in _OVERRIDE} for row in changed]


def _events(wh: Warehouse, resolved_id: str) -> dict[str, list[Row]]:
    events: dict[str, list[Row]] = defaultdict(list)
    for row in wh.query(read("explain/events"), {"resolved_id": resolved_id}):
        events[row["entity_key"]].append(row)
    return events


def _since(event: Row | None) -> Answer:
    return {"since_run_id": event and event["run_id"], "since": event and event["occurred_ts"]}


def _steps(
    wh: Warehouse, config: Config, resolved_id: str, hops: list[Hop], events: dict[str, list[Row]], show_values: bool
) -> list[Answer]:
    rows = wh.query(read("explain/cluster_entities"), {"resolved_id": resolved_id})
    records = {row["entity_key"]: row for row in rows}
    steps: list[Answer] = []
    for hop in hops:
        start, end = records[hop.start], records[hop.end]
        rule = config.rules.get(hop.rule_id)
        values = {name: start[f"i_{name}"] for name in (rule.match if rule else ())}
        step = {
            "from": hop.start,
            "to": hop.end,
            "rule_id": hop.rule_id,
            "values": values if show_values else mask_values(values),
            "from_source": start["source_id"],
            "to_source": end["source_id"],
            **_since(together_since(events, hop.start, hop.end)),
            "override": _forced(wh, hop) if hop.rule_id == LINK_RULE else None,
        }
        steps.append(step)
    return steps


def _forced(wh: Warehouse, hop: Hop) -> Row | None:
    rows = wh.query(read("explain/overrides"), {"a": hop.start, "b": hop.end})
    made = [row for row in rows if row["kind"] == "LINK" and row["is_published"]]
    return {name: made[0][name] for name in _OVERRIDE} if made else None
