"""What holds one identity together, and the single links without which it falls apart."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from typing import Any, cast

from idr.bridges import Bridge, bridges
from idr.evidence import MatchKey, keys_of, priority
from idr.mask import mask_values
from idr.model import Config
from idr.statement import read
from idr.warehouse import Row, Warehouse

_SAMPLE = 10

Node = str | MatchKey
Link = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Links:
    """Rows to show, and how many there are."""

    rows: list[Link]
    total: int


def links_of(
    wh: Warehouse, config: Config, resolved_id: str | None, limit: int, *, show_values: bool
) -> tuple[Links, Links]:
    """The match keys that at least two members share, strongest first; and the weakest links, weakest first.

    A weakest link is a member's hold on a match key (a bridge of the graph of members and match keys): `members` says
    how many members fall off without it, `apart` which, at most ten of them. At most `limit` rows of each.
    """
    if resolved_id is None:
        return Links([], 0), Links([], 0)
    holders: dict[MatchKey, list[str]] = defaultdict(list)
    for entity, key in keys_of(wh, resolved_id):
        holders[key].append(entity)
    shared = {key: sorted(entities) for key, entities in holders.items() if len(entities) > 1}
    ranked = sorted(shared, key=lambda key: (priority(config, key[0]), len(shared[key]), shared[key], key))
    rows = wh.query(read("explain/cluster_entities"), {"resolved_id": resolved_id})
    records = {row["entity_key"]: row for row in rows}
    links = [_link(config, key, shared[key], records, show_values) for key in ranked[:limit]]
    return Links(links, len(ranked)), _weakest(shared, ranked, limit)


def _link(config: Config, key: MatchKey, entities: list[str], records: dict[str, Row], show_values: bool) -> Link:
    rule = config.rules.get(key[0])
    values = {name: records[entities[0]][f"i_{name}"] for name in (rule.match if rule else ())}
    return {
        "rule_id": key[0],
        "values": values if show_values else mask_values(values),
        "members": len(entities),
        "sample": entities[:_SAMPLE],
    }


def _weakest(shared: dict[MatchKey, list[str]], ranked: list[MatchKey], limit: int) -> Links:
    neighbours: dict[Node, list[Node]] = defaultdict(list)
    for key in ranked:
        for entity in shared[key]:
            neighbours[key].append(entity)
            neighbours[entity].append(key)
    order, found = bridges(neighbours)
    rank = {key: position for position, key in enumerate(ranked)}
    ends = {_ends(bridge): bridge for bridge in found}
    weakest = sorted(ends, key=lambda end: (-rank[end[1]], end[0]))
    # A key of two members makes two bridges that part the same members: the first one stands for both.
    weakest = [end for end in weakest if len(shared[end[1]]) > 2 or end[0] == shared[end[1]][0]]
    members_before = [0, *accumulate(isinstance(node, str) for node in order)]
    rows = [
        {"entity_key": entity, "rule_id": key[0], **_apart(order, members_before, ends[entity, key])}
        for entity, key in weakest[:limit]
    ]
    return Links(rows, len(weakest))


def _ends(bridge: Bridge[Node]) -> tuple[str, MatchKey]:
    """Every edge joins an entity and a match key."""
    near, far = bridge.near, bridge.far
    return cast("tuple[str, MatchKey]", (near, far) if isinstance(near, str) else (far, near))


def _apart(order: list[Node], members_before: list[int], bridge: Bridge[Node]) -> Link:
    """The smaller of the two parts that are left without a bridge."""
    far = members_before[bridge.end] - members_before[bridge.start]
    near = members_before[-1] - far
    inside = islice(order, bridge.start, bridge.end)
    outside = chain(islice(order, 0, bridge.start), islice(order, bridge.end, None))
    members = (node for node in (inside if far <= near else outside) if isinstance(node, str))
    return {"members": min(far, near), "apart": sorted(islice(members, _SAMPLE))}
