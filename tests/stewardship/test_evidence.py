"""What explain and show tell agrees with the records, in random worlds and where links were cut."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idr import overrides
from idr.config.validate import LARGEST
from idr.evidence import fewest_cuts, priority
from idr.explain import explain
from idr.model import Config, Rule
from idr.show import show
from idr.stages.overrides import LINK_RULE
from tests.resolution.histories import Expected, World
from tests.resolution.shop import NOW, UNLIMITED, Shop, capped_shop


def test_a_link_made_by_a_person_is_stronger_than_any_rule_and_a_rule_that_is_gone_is_as_weak_as_the_weakest() -> None:
    rules = {"strong": Rule("strong", ("e",), 0), "weak": Rule("weak", ("e",), LARGEST)}
    config = Config({}, {}, rules, {})
    assert priority(config, LINK_RULE) < priority(config, "strong") == 0
    assert priority(config, "gone") == priority(config, "weak") == LARGEST


LINKS = st.sets(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5), st.booleans()), max_size=18)


@given(LINKS)
def test_the_chain_that_is_told_crosses_as_few_cuts_as_any(links: set[tuple[str, int, bool]]) -> None:
    rows = [{"entity_key": entity, "match_key": key, "is_cut": is_cut} for entity, key, is_cut in sorted(links)]
    graph = nx.MultiGraph()
    graph.add_nodes_from("af")
    graph.add_edges_from((entity, key, {"cuts": int(is_cut)}) for entity, key, is_cut in links)
    told = fewest_cuts(rows, "a", "f")
    if not nx.has_path(graph, "a", "f"):
        assert told == []
        return
    assert len(told) == nx.shortest_path_length(graph, "a", "f", weight="cuts")
    assert all(row in rows and row["is_cut"] for row in told)
    left = graph.copy()
    left.remove_edges_from([(entity, key) for entity, key, is_cut in links if is_cut])
    for row in told:
        left.add_edge(row["entity_key"], row["match_key"])
    assert nx.has_path(left, "a", "f")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(0, 24, 4))
def test_a_shortest_chain_is_told_exactly_where_two_records_are_one(seed: int) -> None:
    world = World(seed)
    published: dict[str, dict[str, str]] = {}
    for _ in range(4):
        world.step()
        run_id = world.run("INCR")["run_id"]
        published[run_id] = world.membership()
    at, groups, expected = world.membership(), world.groups(), world.expected()
    linked = {frozenset((a, b)) for kind, a, b in world.overrides.values() if kind == "LINK"}

    def since(a: str, b: str) -> str:
        """The first of the last runs that had them together without a break."""
        runs = [*published]
        while runs and (one := published[runs[-1]].get(a)) and one == published[runs[-1]].get(b):
            first = runs.pop()
        return first

    pairs = list(combinations(sorted(at), 2))
    close = [pair for pair in pairs if at[pair[0]] == at[pair[1]]]
    alone = [(entity, entity) for entity in sorted(at)[:3]]
    for a, b in close[:40] + alone + world.rng.sample(pairs, min(40, len(pairs))):
        answer = explain(world.wh, a, b)
        assert answer["linked"] == (at[a] == at[b])
        if not answer["linked"]:
            assert answer["reason"]
            assert_the_cause_is_the_nearest(world, expected, answer)
            continue
        assert answer["since_run_id"] == since(a, b)
        assert 2 * len(answer["path"]) == nx.shortest_path_length(expected.graph, a, b)
        ends = [a, *(step["to"] for step in answer["path"])]
        assert [step["from"] for step in answer["path"]] == ends[:-1]
        assert ends[-1] == b
        for step in answer["path"]:
            assert at[step["from"]] == at[a]
            shared = [
                members
                for key, members in groups.items()
                if key[0] == step["rule_id"] and step["from"] in members and step["to"] in members
            ]
            forced = frozenset((step["from"], step["to"])) in linked and step["override"] is not None
            assert shared or forced
            assert step["since_run_id"] == since(step["from"], step["to"])
            assert (step["from_source"], step["to_source"]) == tuple(step[end].split(":")[0] for end in ("from", "to"))
    world.connection.close()


def assert_the_cause_is_the_nearest(world: World, expected: Expected, answer: dict) -> None:
    """Of the reasons of docs/identity.md the first that holds."""
    a, b, cause = answer["a"], answer["b"], answer["cause"]
    vetoed = [name for name, row in world.overrides.items() if row == ("UNLINK", *sorted((a, b)))]
    rules = world.config.rules
    skipped = {
        (key[0], len(members), rules[key[0]].max_group_size)
        for key, members in world.groups().items()
        if a in members and b in members and len(members) > rules[key[0]].max_group_size
    }
    shares = {rule.rule_id: agreeing(world, rule.match, a, b) for rule in rules.values()}
    if vetoed:
        assert (cause["kind"], cause["override"]["override_id"] in vetoed) == ("vetoed", True)
    elif a in expected.torn and expected.torn[a] == expected.torn.get(b):
        assert cause["kind"] == "cut"
        cut = [
            cut
            for cut in expected.cuts
            if (cut.entity, cut.rule_id) == (cause["link"]["entity_key"], cause["link"]["rule_id"])
        ]
        assert any(item.is_vetoed == (cause["link"]["other_entity_key"] is not None) for item in cut)
    elif skipped:
        assert cause["kind"] == "oversized"
        assert (cause["rule_id"], cause["group_size"], cause["max_group_size"]) in skipped
    elif not any(any(parts) for parts in shares.values()):
        assert cause["kind"] == "nothing"
    else:
        nearest = max(rules.values(), key=lambda rule: (sum(shares[rule.rule_id]) / len(rule.match), -rule.priority))
        assert (cause["kind"], cause["rule_id"]) == ("parts", nearest.rule_id)
        told = [[part["state"] == "agree" for part in rule["parts"]] for rule in cause["rules"]]
        assert told == [shares[rule["rule_id"]] for rule in cause["rules"]]
        assert [rule["rule_id"] for rule in cause["rules"]] == sorted(rules, key=lambda name: rules[name].priority)


def agreeing(world: World, match: tuple[str, ...], a: str, b: str) -> list[bool]:
    """Of each part of a rule whether both records have it in common."""
    first, second = (world.live()[entity] for entity in (a, b))
    return [first[name] is not None and first[name].lower() == (second[name] or "").lower() for name in match]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 24, 4))
def test_without_a_weakest_link_as_many_fall_off_as_told(seed: int) -> None:
    world = World(seed)
    for _ in range(3):
        world.step()
        world.run("INCR")
    for resolved_id in sorted(set(world.membership().values())):
        told = show(world.wh, resolved_id, limit=1000)
        graph = nx.Graph()
        names = [row["entity_key"] for row in told["members"]]
        graph.add_nodes_from(names)
        if any(link["members"] > 10 for link in told["links"]):
            continue
        for number, link in enumerate(told["links"]):
            graph.add_edges_from((entity, number) for entity in link["sample"])
        assert nx.number_connected_components(graph) == 1
        weakest = []
        for number, link in reversed([*enumerate(told["links"])]):
            # of a value that two share either hold parts the same records: the first stands for both
            for entity in link["sample"] if link["members"] > 2 else link["sample"][:1]:
                graph.remove_edge(entity, number)
                side = {node for node in nx.node_connected_component(graph, entity) if isinstance(node, str)}
                if number not in nx.node_connected_component(graph, entity):
                    sides = sorted((sorted(side), sorted(set(names) - side)), key=len)
                    weakest.append((entity, link["rule_id"], len(sides[0]), sides))
                graph.add_edge(entity, number)
        assert [tuple(row.values())[:3] for row in told["weakest"]] == [row[:3] for row in weakest]
        for row, (_, _, size, sides) in zip(told["weakest"], weakest, strict=True):
            assert row["apart"] in [side[:10] for side in sides if len(side) == size]
    world.connection.close()


def test_a_cut_link_is_no_evidence() -> None:
    """3 and 4 share a phone with 2, but both holds are cut: between them the phone says nothing any more."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "e@x.org", None, "a", NOW), (2, None, "555", "b", NOW))
    shop.add((3, "e@x.org", "555", "c", NOW), (4, "e@x.org", "555", "d", NOW))
    shop.run("FULL")
    assert len(show(shop.wh, "shop:1")["links"]) == 2
    overrides.add(shop.wh, "UNLINK", "shop:1", "shop:2", "no", "ann", shop.now)
    shop.run()
    told = show(shop.wh, "shop:1")
    assert [(row["rule_id"], row["sample"]) for row in told["links"]] == [("email", ["shop:1", "shop:3", "shop:4"])]
    assert [(row["action"], row["entity_key"]) for row in told["conflicts"]] == [("CUT", "shop:3"), ("CUT", "shop:4")]
    assert explain(shop.wh, "shop:2", "shop:3")["cause"]["kind"] == "cut"


def test_a_value_that_was_skipped_once_and_links_again_is_evidence_again() -> None:
    shop = Shop(
        guardrails=UNLIMITED,
        rules={"email": Rule("email", ("email",), 1, max_group_size=3)},
    )
    shop.add(*((key, "a@x.org", None, "x", NOW) for key in (1, 2, 3, 4)))
    shop.run("FULL")
    assert show(shop.wh, "shop:1")["links"] == []
    shop.query("delete from shop.people where id = 4")
    shop.run("FULL")
    one = ["shop:1", "shop:2", "shop:3"]
    assert [(row["rule_id"], row["sample"]) for row in show(shop.wh, "shop:1")["links"]] == [("email", one)]
    assert [step["rule_id"] for step in explain(shop.wh, "shop:2", "shop:3")["path"]] == ["email"]
    edges = "select left_entity_key, right_entity_key from idr_out.identity_edges_current order by all"
    assert shop.query(edges) == [("shop:1", "shop:2"), ("shop:1", "shop:3")]
    overrides.add(shop.wh, "UNLINK", "shop:1", "shop:3", "no", "ann", shop.now)
    shop.run()
    told = explain(shop.wh, "shop:2", "shop:3")["cause"]
    assert (told["kind"], told["link"]["entity_key"], told["link"]["rule_id"]) == ("cut", "shop:3", "email")


def test_a_value_that_is_skipped_is_no_evidence_and_takes_none_from_others() -> None:
    """4 makes the phone one of too many: 1, 2 and 3 are one by their e-mail alone, until it is cut where 3 holds it."""
    shop = Shop(
        guardrails=UNLIMITED,
        rules={name: Rule(name, (name,), rank, max_group_size=3) for rank, name in enumerate(("email", "phone"))},
    )
    shop.add(*((key, "a@x.org", "55", "x", NOW) for key in (1, 2, 3)), (4, None, "55", "x", NOW))
    shop.run("FULL")

    def links() -> list[tuple]:
        return [(row["rule_id"], row["sample"]) for row in show(shop.wh, "shop:1")["links"]]

    assert links() == [("email", ["shop:1", "shop:2", "shop:3"])]
    overrides.add(shop.wh, "UNLINK", "shop:1", "shop:3", "no", "ann", shop.now)
    shop.run()
    assert links() == [("email", ["shop:1", "shop:2"])]
    told = explain(shop.wh, "shop:2", "shop:3")["cause"]
    assert (told["kind"], told["link"]["entity_key"], told["link"]["rule_id"]) == ("cut", "shop:3", "email")


def test_records_are_together_since_the_last_of_them_came_back() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    first = shop.run("FULL")["run_id"]
    shop.query("delete from shop.people where id = 2")
    shop.run("FULL")
    shop.add((2, "a@x.org", None, "b", shop.now))
    last = shop.run("FULL")["run_id"]
    told = explain(shop.wh, "shop:1", "shop:2")
    assert (told["since_run_id"], told["path"][0]["since_run_id"]) == (last, last)
    assert explain(shop.wh, "shop:3", "shop:3")["since_run_id"] == first


def test_the_edges_in_sql_are_those_that_link_today() -> None:
    """1, 2 and 3 share an e-mail that 6 made one of too many, and a phone that 4 still does; 3 and 5 share a name."""
    shop = capped_shop(max_group_size=3)
    shop.add((1, "a@x.org", "55", "p", NOW), (2, "a@x.org", "55", "q", NOW), (3, "a@x.org", "55", "n", NOW))
    shop.add((4, None, "55", "r", NOW), (5, None, None, "n", NOW), (6, "a@x.org", None, "s", NOW))

    def edges() -> list[tuple]:
        select = "select left_entity_key, right_entity_key, rule_id from idr_out.identity_edges_current order by all"
        return shop.query(select)

    shop.run("FULL")
    assert edges() == [("shop:3", "shop:5", "name")]
    shop.query("delete from shop.people where id = 6")
    shop.run("FULL")
    by_email = [("shop:1", "shop:2", "email"), ("shop:1", "shop:3", "email")]
    assert edges() == [*by_email, ("shop:3", "shop:5", "name")]
    overrides.add(shop.wh, "UNLINK", "shop:1", "shop:3", "no", "ann", shop.now)
    shop.run()
    assert edges() == [by_email[0], ("shop:3", "shop:5", "name")]
