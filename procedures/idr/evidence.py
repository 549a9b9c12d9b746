"""The graph behind one identity: records, the match keys they hold, and the shortest chains between them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idr.model import Config
from idr.stages.overrides import LINK_PRIORITY, LINK_RULE
from idr.statement import read
from idr.warehouse import Row, Warehouse

_LAST = 1_000_000_000

MatchKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Hop:
    """Two records that share the match key of one rule."""

    start: str
    end: str
    rule_id: str
    match_key: int


def keys_of(wh: Warehouse, resolved_id: str) -> list[tuple[str, MatchKey]]:
    """Every (entity key, match key) that holds the identity together; oversized groups and cut links do not."""
    rows = wh.query(read("explain/cluster_keys"), {"resolved_id": resolved_id})
    return [(row["entity_key"], (row["rule_id"], row["match_key"])) for row in rows]


def priority(config: Config, rule_id: str) -> int:
    """Smaller is stronger; a link made by a person comes first, a rule that is gone last."""
    if rule_id == LINK_RULE:
        return LINK_PRIORITY
    rule = config.rules.get(rule_id)
    return rule.priority if rule else _LAST


def shortest(pairs: list[tuple[str, MatchKey]], config: Config, a: str, b: str) -> list[Hop] | None:
    """The shortest chain from `a` to `b`; None when there is none.

    Among equally short chains the one found by lower rule priority, then by smaller entity key, is told.
    """
    if a == b:
        return []
    members: dict[MatchKey, list[str]] = defaultdict(list)
    keys: dict[str, list[MatchKey]] = defaultdict(list)
    for entity, key in sorted(pairs, key=lambda pair: (priority(config, pair[1][0]), pair[1], pair[0])):
        members[key].append(entity)
        keys[entity].append(key)

    came_by: dict[str, Hop] = {}
    spent: set[MatchKey] = set()
    waiting = deque([a])
    while waiting and b not in came_by:
        entity = waiting.popleft()
        reached = [
            (priority(config, key[0]), other, key)
            for key in keys[entity]
            if key not in spent
            for other in members[key]
            if other != a and other not in came_by
        ]
        spent.update(keys[entity])
        for _, other, key in sorted(reached):
            if other not in came_by:
                came_by[other] = Hop(entity, other, *key)
                waiting.append(other)
    if b not in came_by:
        return None
    hops = [came_by[b]]
    while hops[-1].start != a:
        hops.append(came_by[hops[-1].start])
    return hops[::-1]


def fewest_cuts(links: list[Row], a: str, b: str) -> list[Row]:
    """The cut links on the chain from `a` to `b` that crosses the fewest of them, in order.

    `links` are rows of `explain/torn_keys`. A breadth-first search whose cut links cost one and all others nothing.
    """
    ends: dict[Any, list[tuple[Any, Row]]] = defaultdict(list)
    for row in links:
        entity, key = row["entity_key"], row["match_key"]
        ends[entity].append((key, row))
        ends[key].append((entity, row))
    crossed: dict[Any, list[Row]] = {}
    waiting: deque[tuple[Any, list[Row]]] = deque([(a, [])])
    while waiting:
        node, cuts = waiting.popleft()
        if node in crossed:
            continue
        crossed[node] = cuts
        for other, row in ends[node]:
            if other not in crossed and row["is_cut"]:
                waiting.append((other, [*cuts, row]))
            elif other not in crossed:
                waiting.appendleft((other, cuts))
    return crossed.get(b, [])


def together_since(events: Mapping[str, list[Row]], a: str, b: str) -> Row | None:
    """The event since which two records have been one identity without interruption; None when they are not.

    `events` holds the JOINED and LEFT rows of every record by version, LEFT before JOINED.
    """
    where: dict[str, str | None] = {a: None, b: None}
    since: Row | None = None
    steps: dict[int, list[Row]] = defaultdict(list)
    for row in (*events[a], *(events[b] if b != a else ())):
        steps[row["version"]].append(row)
    for version in sorted(steps):
        for row in steps[version]:
            where[row["entity_key"]] = row["resolved_id"] if row["event_type"] == "JOINED" else None
        together = where[a] is not None and where[a] == where[b]
        since = (since or steps[version][-1]) if together else None
    return since
