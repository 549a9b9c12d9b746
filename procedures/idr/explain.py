"""Why two records are one identity, or why they are not."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from idr.config import store
from idr.errors import IdrError
from idr.model import Config
from idr.statement import read
from idr.warehouse import Row, Warehouse

_LAST = 1_000_000_000

MatchKey = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Hop:
    """Two records that share the match key of one rule."""

    start: str
    end: str
    rule_id: str


def explain(wh: Warehouse, a: str, b: str) -> dict[str, Any]:
    """The shortest chain of shared match keys from one record to another.

    Among equally short chains the one found by lower rule priority, then by smaller entity key, is told.
    """
    first, second = find_entity(wh, a), find_entity(wh, b)
    config = store.load(wh)
    answer: dict[str, Any] = {"a": a, "b": b, "linked": False, "resolved_id": None, "path": [], "reason": None}
    resolved_id = first["resolved_id"]
    if resolved_id is None or resolved_id != second["resolved_id"]:
        return answer | {"reason": _why_not(wh, first, second)}
    hops = _shortest(_keys(wh, resolved_id), config, a, b)
    answer |= {"linked": True, "resolved_id": resolved_id}
    if hops is None:
        return answer | {"reason": "They are one identity, but no chain of shared match keys joins them: a person did"}
    return answer | {"path": _steps(wh, config, resolved_id, hops)}


def find_entity(wh: Warehouse, entity_key: str) -> Row:
    """The record with this key; IDR-407 names the nearest keys when there is none."""
    rows = wh.query(read("explain/entity"), {"entity_key": entity_key})
    if not rows:
        raise unknown(wh, entity_key, "there is no such entity")
    return rows[0]


def unknown(wh: Warehouse, wanted: str, message: str) -> IdrError:
    nearest = [row["entity_key"] for row in wh.query(read("explain/nearest"), {"wanted": wanted})]
    fix = f"Did you mean {', '.join(nearest)}?" if nearest else "Publish a run first: there are no entities yet"
    return IdrError.of("IDR-407", message, where=wanted, fix=f"{fix} Entity keys read <source id>:<raw key>")


def _keys(wh: Warehouse, resolved_id: Any) -> list[tuple[str, MatchKey]]:
    rows = wh.query(read("explain/cluster_keys"), {"resolved_id": resolved_id})
    return [(row["entity_key"], (row["rule_id"], row["match_key"])) for row in rows]


def _shortest(pairs: list[tuple[str, MatchKey]], config: Config, a: str, b: str) -> list[Hop] | None:
    if a == b:
        return []
    members: dict[MatchKey, list[str]] = defaultdict(list)
    keys: dict[str, list[MatchKey]] = defaultdict(list)
    for entity, key in sorted(pairs, key=lambda pair: (_priority(config, pair[1][0]), pair[1], pair[0])):
        members[key].append(entity)
        keys[entity].append(key)

    came_by: dict[str, Hop] = {}
    spent: set[MatchKey] = set()
    waiting = deque([a])
    while waiting and b not in came_by:
        entity = waiting.popleft()
        reached = [
            (_priority(config, key[0]), other, key[0])
            for key in keys[entity]
            if key not in spent
            for other in members[key]
            if other != a and other not in came_by
        ]
        spent.update(keys[entity])
        for _, other, rule_id in sorted(reached):
            if other not in came_by:
                came_by[other] = Hop(entity, other, rule_id)
                waiting.append(other)
    if b not in came_by:
        return None
    hops = [came_by[b]]
    while hops[-1].start != a:
        hops.append(came_by[hops[-1].start])
    return hops[::-1]


def _priority(config: Config, rule_id: str) -> int:
    rule = config.rules.get(rule_id)
    return rule.priority if rule else _LAST


def _steps(wh: Warehouse, config: Config, resolved_id: Any, hops: list[Hop]) -> list[dict[str, Any]]:
    rows = wh.query(read("explain/cluster_entities"), {"resolved_id": resolved_id})
    entities = {row["entity_key"]: row for row in rows}
    return [
        {
            "from": hop.start,
            "to": hop.end,
            "rule_id": hop.rule_id,
            "values": {
                name: entities[hop.start].get(f"i_{name.lower()}")
                for name in (config.rules[hop.rule_id].match if hop.rule_id in config.rules else ())
            },
        }
        for hop in hops
    ]


def _why_not(wh: Warehouse, first: Row, second: Row) -> str:
    for row in (first, second):
        if row["resolved_id"] is None:
            return f"{row['entity_key']} has no published identity yet"
    shared = wh.query(read("explain/shared_keys"), {"first_id": first["entity_id"], "second_id": second["entity_id"]})
    oversized = [row for row in shared if row["group_size"] is not None]
    if oversized:
        row = oversized[0]
        return (
            f"They share a value of rule {row['rule_id']}, but {row['group_size']} records carry it and at most "
            f"{row['max_group_size']} may: the value was skipped as oversized"
        )
    if shared:
        return f"They share a value of rule {shared[0]['rule_id']}, but a limit or a person keeps them apart"
    return "No rule finds a value that both carry, and no chain of other records joins them"
