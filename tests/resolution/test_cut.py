"""The parts and the cuts of one component, against a model that walks through the links with plain sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from idr.stages.cut import Cut, Link, cut, key_counts

ENTITIES = [f"e{number}" for number in range(7)]
KEYS = st.tuples(st.sampled_from(["_link", "r1", "r2"]), st.integers(0, 2), st.integers(2, 3))
Links = list[Link]
Values = dict[str, dict[str, str]]
Vetoes = list[tuple[str, str, str]]


@st.composite
def components(draw: st.DrawFn) -> tuple[Links, Values, dict[str, int], Vetoes]:
    keys = draw(st.lists(KEYS, min_size=1, max_size=6))
    holds = draw(st.sets(st.tuples(st.sampled_from(ENTITIES), st.integers(0, len(keys) - 1)), max_size=16))
    links = [Link(entity, keys[n][0], n, *keys[n][1:], keys[n][0] == "_link") for entity, n in holds]
    held = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"))
    values = {entity: draw(held) for entity in ENTITIES}
    limits = draw(st.dictionaries(st.sampled_from("ab"), st.integers(1, 2)))
    pair = st.lists(st.sampled_from(ENTITIES), min_size=2, max_size=2, unique=True)
    vetoes = [(f"o{number}", *draw(pair)) for number in range(draw(st.integers(0, 3)))]
    return draw(st.permutations(links)), values, limits, draw(st.permutations(vetoes))


def ordered(links: Links) -> Links:
    """By priority, then size, then the group's records, then the record itself."""
    groups = {link.match_key: sorted(other.entity_key for other in links if other.match_key == link.match_key)
              for link in links}  # fmt: skip
    return sorted(
        links,
        key=lambda k: (k.priority, k.group_size, groups[k.match_key], k.rule_id, k.match_key, k.entity_key),
    )


@given(components())
def test_a_link_is_cut_when_it_would_join_what_is_kept_apart_or_more_values_than_allowed(
    component: tuple[Links, Values, dict[str, int], Vetoes],
) -> None:
    links, values, limits, vetoes = component
    parts, cuts = cut(links, values, limits, vetoes)
    told = iter(cuts)
    groups: list[set] = [{entity} for entity in ENTITIES] + [{number} for number in {link.match_key for link in links}]

    def distinct(group: set, name: str) -> int:
        return len({values[entity][name] for entity in group & values.keys() if name in values[entity]})

    for link in ordered(links):
        side, other = (next(group for group in groups if end in group) for end in (link.entity_key, link.match_key))
        if side is other:
            continue
        broken = {(name, *ends) for name, *ends in vetoes if set(ends) & side and set(ends) & other}
        many = [
            name
            for name in sorted(limits)
            if distinct(side | other, name) > max(limits[name], distinct(side, name), distinct(other, name))
        ]
        if broken:
            found = next(told)
            assert (found.link, found.identifier_type) == (link, None)
            assert any(
                found.override_id == name and {*ends} & other == {found.other_entity_key} for name, *ends in broken
            )
        elif many and not link.forced:
            assert next(told) == Cut(link, None, many[0], None)
        else:
            groups = [group for group in groups if group is not side and group is not other] + [side | other]
    assert next(told, None) is None
    entities = [group & values.keys() for group in groups]
    assert parts == sorted((group for group in entities if group), key=min)
    gone = {(item.link.entity_key, item.link.match_key) for item in cuts}
    left = [link for link in links if (link.entity_key, link.match_key) not in gone]
    assert key_counts(parts, links, cuts) == {
        entity: sum(
            mine.entity_key == entity and any(o.match_key == mine.match_key and o is not mine for o in left)
            for mine in left
        )
        for entity in ENTITIES
    }
