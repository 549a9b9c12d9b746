"""Keeps apart what must not be one: cuts the weakest links of a component until no veto and no limit is broken.

Links are taken from the strongest to the weakest (rule priority, then group size: a rare value says more, then the
group's entity keys for a total order), as Kruskal does for a maximum spanning forest ("On the shortest spanning
subtree of a graph", 1956); a link that would join two vetoed records, or more values of an identifier than it allows,
is cut. So the weakest link of every path between two such records goes. The outcome depends on the component alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Link:
    """An entity's hold on a live match key. `forced` links were asked for by a person: limits do not cut them."""

    entity_key: str
    rule_id: str
    match_key: int
    priority: int
    group_size: int
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """A link that was cut, and what it would have broken: an override's id, or an identifier's limit."""

    link: Link
    override_id: str | None
    identifier_type: str | None
    other_entity_key: str | None


@dataclass
class _Part:
    entities: set[str] = field(default_factory=set)
    keys: set[int] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    rivals: dict[str, tuple[str, str]] = field(default_factory=dict)


def cut(
    links: Iterable[Link],
    values: Mapping[str, Mapping[str, str]],
    limits: Mapping[str, int],
    vetoes: Iterable[tuple[str, str, str]],
) -> tuple[list[set[str]], list[Cut]]:
    """The parts of one component and the links cut.

    `values` maps every entity to its values of the limited identifiers, `limits` an identifier to the number of
    distinct values that an identity may hold, `vetoes` are (override id, entity, entity) of this component.
    """
    of_entity = {
        entity: _Part({entity}, set(), {name: {value} for name, value in held.items() if name in limits})
        for entity, held in values.items()
    }
    for override_id, a, b in sorted(vetoes):
        for one, other in ((a, b), (b, a)):
            of_entity[one].rivals.setdefault(other, (override_id, one))
    of_key: dict[int, _Part] = {}
    cuts: list[Cut] = []
    for link in _strongest_first(links):
        entity, key = of_entity[link.entity_key], of_key.setdefault(link.match_key, _Part(keys={link.match_key}))
        if entity is key:
            continue
        reason = _veto(entity, key) or (None if link.forced else _limit(entity, key, limits))
        if reason:
            cuts.append(Cut(link, *reason))
            continue
        _join(entity, key, of_entity, of_key)
    parts = {id(part): part.entities for part in of_entity.values()}
    return sorted(parts.values(), key=min), cuts


def _strongest_first(links: Iterable[Link]) -> list[Link]:
    ordered = sorted(links, key=lambda link: link.entity_key)
    members: dict[int, list[str]] = {}
    for link in ordered:
        members.setdefault(link.match_key, []).append(link.entity_key)
    return sorted(ordered, key=lambda k: (k.priority, k.group_size, members[k.match_key], k.rule_id, k.match_key))


def _veto(a: _Part, b: _Part) -> tuple[str, None, str] | None:
    few, many = (a, b) if len(a.rivals) <= len(b.rivals) else (b, a)
    broken = sorted(
        (few.rivals[entity][0], entity, few.rivals[entity][1]) for entity in few.rivals.keys() & many.entities
    )
    if not broken:
        return None
    override_id, entity, rival = broken[0]
    return override_id, None, rival if entity in a.entities else entity


def _limit(a: _Part, b: _Part, limits: Mapping[str, int]) -> tuple[None, str, None] | None:
    for name in sorted(a.values.keys() & b.values.keys()):
        together = len(a.values[name] | b.values[name])
        if together > max(limits[name], len(a.values[name]), len(b.values[name])):
            return None, name, None
    return None


def _join(a: _Part, b: _Part, of_entity: dict[str, _Part], of_key: dict[int, _Part]) -> None:
    keeps, goes = (a, b) if len(a.entities) + len(a.keys) >= len(b.entities) + len(b.keys) else (b, a)
    for entity in goes.entities:
        of_entity[entity] = keeps
    for key in goes.keys:
        of_key[key] = keeps
    keeps.entities |= goes.entities
    keeps.keys |= goes.keys
    for name, held in goes.values.items():
        keeps.values.setdefault(name, set()).update(held)
    keeps.rivals = {**goes.rivals, **keeps.rivals}


def key_counts(parts: Iterable[set[str]], links: Iterable[Link], cuts: Iterable[Cut]) -> dict[str, int]:
    """Per entity the keys that still tie it to another entity of its part."""
    gone = {(item.link.entity_key, item.link.match_key) for item in cuts}
    left = [link for link in links if (link.entity_key, link.match_key) not in gone]
    holders: dict[int, int] = {}
    for link in left:
        holders[link.match_key] = holders.get(link.match_key, 0) + 1
    counts = {entity: 0 for part in parts for entity in part}
    for link in left:
        if holders[link.match_key] > 1:
            counts[link.entity_key] += 1
    return counts
