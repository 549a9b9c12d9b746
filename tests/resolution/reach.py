"""How far a change reaches: the records that an incremental run has to look at, and no others."""

from __future__ import annotations

from typing import Any

from tests.resolution.histories import World

Key = tuple[Any, ...]
Keys = dict[str, set[Key]]
Groups = dict[Key, set[str]]


class Reach:
    """Remembers of each published record what was read of it, and the values and links that it holds."""

    def __init__(self) -> None:
        self.content: dict[str, tuple[Any, ...]] = {}
        self.keys: Keys = {}
        self.next: Keys = {}

    def expected(self, world: World) -> int:
        """How many records a run has to look at, were it incremental and done now.

        Those of an identity with a record that changed, came or left, or that holds a value whose group changed and
        links before or afterwards; of every other that a cut keeps apart from such a one; and those that are new.
        """
        query, at, content = world.connection.execute, world.membership(), _content(world)
        held = {entity: self.keys[entity] for entity in at}
        decided = {row[0]: row[1:] for row in query("select * from idr_meta.override_current").fetchall()}
        redecided = {end for _, (_, *ends) in {*decided.items()} ^ {*world.overrides.items()} for end in ends}
        touched = {entity for entity in content if entity not in at or self.content[entity] != content[entity]}
        touched |= redecided & at.keys() | at.keys() - content.keys()
        now = {entity: keys for entity, keys in _keys(world).items() if entity in touched}
        self.next = {entity: keys for entity, keys in held.items() if entity not in touched} | now
        changed = {key for entity in touched for key in held.get(entity, set()) ^ now.get(entity, set())}
        before, after = _groups(held), _groups(self.next)
        live = {key for key in changed if _links(world, key, before) or _links(world, key, after)}
        touched |= {entity for key in live for entity in before.get(key, ())}
        identities = {at[entity] for entity in touched & at.keys()}
        torn = dict(query("select entity_key, component_token from idr_meta.cut_component").fetchall())
        tokens = {token for entity, token in torn.items() if at[entity] in identities}
        identities |= {at[entity] for entity, token in torn.items() if token in tokens}
        return sum(identity in identities for entity, identity in at.items() if entity in content) + len(
            content.keys() - at.keys()
        )

    def published(self, world: World, run_id: str, expected: int) -> None:
        """What that run planned is published: it looked at what it had to, and all that it read is known now."""
        query = "select stage, rows_written from idr_out.stage_metrics where run_id = ?"
        stages = dict(world.connection.execute(query, [run_id]).fetchall())
        is_full = "changes" not in stages
        if not is_full:
            assert stages.get("scope", 0) == expected
        self.content, self.keys = _content(world), _keys(world) if is_full else self.next


def _content(world: World) -> dict[str, tuple[Any, ...]]:
    """Of each live record the values that rules and profiles see, and its time where its source has a watermark."""
    sources = world.config.sources
    return {
        entity: (
            *(row[name] and row[name].lower() for name in world.config.identifiers),
            *(row[name] for name in world.config.survivorship),
            row["upd"] if sources[entity.split(":")[0]].watermark else None,
        )
        for entity, row in world.live().items()
    }


def _keys(world: World) -> Keys:
    """Of each live record the values that it holds by each rule, and its links."""
    keys: Keys = {entity: set() for entity in world.live()}
    for key, members in world.groups().items():
        for entity in members:
            keys[entity].add(key)
    for override_id, (kind, *ends) in world.overrides.items():
        for entity in ends:
            if kind == "LINK" and entity in keys:
                keys[entity].add(("", override_id))
    return keys


def _groups(keys: Keys) -> Groups:
    groups: Groups = {}
    for entity, held in keys.items():
        for key in held:
            groups.setdefault(key, set()).add(entity)
    return groups


def _links(world: World, key: Key, groups: Groups) -> bool:
    rule = world.config.rules.get(key[0])
    return 1 < len(groups.get(key, ())) <= (rule.max_group_size if rule else 2)
