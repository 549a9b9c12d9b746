"""Why two records are not one: the nearest reason comes first."""

from __future__ import annotations

import pytest

from idr import overrides
from idr.errors import IdrError
from idr.explain import explain, find_entity
from idr.model import Exclusion, Identifier, Rule, Source
from tests.resolution.shop import NOW, SHOP, UNLIMITED, Shop

SOURCE = Source(
    "shop",
    "shop.people",
    "id",
    identifiers={"email": "email", "phone": "phone", "name": "name"},
    attributes={"mail": "email"},
)


@pytest.fixture
def shop() -> Shop:
    shop = Shop(
        sources={"shop": SOURCE},
        identifiers={
            "email": Identifier("email", "email", exclude=(Exclusion("like", "%@shared.org"),)),
            "phone": Identifier("phone", "digits"),
            "name": Identifier("name", "name"),
        },
        rules={"email": Rule("email", ("email",), 1), "both": Rule("both", ("name", "phone"), 2)},
        guardrails=UNLIMITED,
    )
    shop.add((1, "Info@Shared.org", "555", "Ann Lee", NOW), (2, "info@shared.org", "556", "Bo Ray", NOW))
    shop.add((3, "c@x.org", "555", "Cid Roe", NOW), (4, "d@x.org", None, "ann lee", NOW))
    shop.run("FULL")
    return shop


def test_an_excluded_value_is_known_where_an_attribute_shows_it(shop: Shop) -> None:
    answer = explain(shop.wh, "shop:1", "shop:2")
    assert answer["cause"] == {"kind": "excluded", "identifier": "email", "value": "I*************g"}
    assert "which the configuration excludes" in answer["reason"]
    shown = explain(shop.wh, "shop:1", "shop:2", show_values=True)
    assert shown["cause"]["value"] == "Info@Shared.org"


def test_the_parts_of_the_nearest_rule_are_told(shop: Shop) -> None:
    answer = explain(shop.wh, "shop:1", "shop:3")
    assert answer["reason"] == "Rule both comes nearest: name differs; phone agrees"
    assert answer["cause"]["rule_id"] == "both"
    assert [part["state"] for part in answer["cause"]["rules"][1]["parts"]] == ["differ", "agree"]
    assert answer["cause"]["rules"][1]["parts"][1]["a"] == "***"
    shown = explain(shop.wh, "shop:1", "shop:3", show_values=True)["cause"]["rules"][1]["parts"]
    assert [(part["a"], part["b"]) for part in shown] == [("annlee", "cidroe"), ("555", "555")]
    missing = explain(shop.wh, "shop:1", "shop:4")["reason"]
    assert missing == "Rule both comes nearest: name agrees; phone is missing in shop:4"


def test_nothing_shared_is_nothing(shop: Shop) -> None:
    assert explain(shop.wh, "shop:2", "shop:3")["cause"]["kind"] == "nothing"


def test_a_veto_is_told_while_it_is_published_and_a_link_is_none(shop: Shop) -> None:
    """The veto that waits is not yet the reason, and of two decisions only the veto is one."""
    waiting = overrides.add(shop.wh, "UNLINK", "shop:1", "shop:3", "no", "ann", shop.now)["override_id"]
    assert explain(shop.wh, "shop:1", "shop:3")["cause"]["kind"] == "parts"
    shop.run()
    told = explain(shop.wh, "shop:1", "shop:3")["cause"]
    assert (told["kind"], told["override"]["override_id"]) == ("vetoed", waiting)
    columns = "override_id, kind, entity_a, entity_b, created_at"
    link = "('a', 'LINK', 'shop:1', 'shop:3', '2000-01-01')"
    shop.query(f"insert into idr_meta.identity_override ({columns}) values {link}")
    shop.run()
    told = explain(shop.wh, "shop:1", "shop:3")["cause"]
    assert (told["kind"], told["override"]["override_id"]) == ("vetoed", waiting)


def test_the_rule_with_the_larger_share_of_agreement_comes_nearest_the_stronger_where_they_are_equal() -> None:
    columns = {"email": "email", "phone": "phone", "name": "name"}
    rules = {
        "all": Rule("all", ("email", "phone", "name"), 1),
        "pair": Rule("pair", ("phone", "email"), 3),
        "couple": Rule("couple", ("email", "phone"), 2),
    }
    shop = Shop(
        sources={"shop": Source("shop", "shop.people", "id", identifiers=columns)},
        identifiers={name: Identifier(name, "lower") for name in columns},
        rules=rules,
        guardrails=UNLIMITED,
    )
    shop.add((1, "a@x.org", "555", "Ann", NOW), (2, "a@x.org", "556", "Bob", NOW), (3, "c@x.org", "557", "Ann", NOW))
    shop.run("FULL")
    told = explain(shop.wh, "shop:1", "shop:2")
    assert told["reason"] == "Rule couple comes nearest: email agrees; phone differs"
    assert [rule["rule_id"] for rule in told["cause"]["rules"]] == ["all", "couple", "pair"]
    assert explain(shop.wh, "shop:1", "shop:3")["cause"]["rule_id"] == "all"


def test_an_excluded_value_is_told_where_both_lack_the_identifier_for_it() -> None:
    """A value that one record may hold, or that is another than the other's, is not the reason."""
    email = Identifier("email", "email", exclude=(Exclusion("like", "%@shared.org"), Exclusion("exact", "x@y.org")))
    shop = Shop(
        sources={"shop": SOURCE},
        identifiers={
            "name": Identifier("name", "name"),
            "email": email,
            "phone": Identifier("phone", "digits"),
        },
        rules={"email": Rule("email", ("email",), 1)},
        guardrails=UNLIMITED,
    )
    shop.add((1, "a@shared.org", None, "a", NOW), (2, "b@shared.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.add((4, "X@y.org", None, "d", NOW), (5, "x@Y.org", None, "e", NOW), (6, None, None, "f", NOW))
    shop.run("FULL")
    kinds = {other: explain(shop.wh, "shop:1", f"shop:{other}")["cause"]["kind"] for other in (2, 3, 4, 6)}
    assert kinds == dict.fromkeys((2, 3, 4, 6), "nothing")
    told = explain(shop.wh, "shop:4", "shop:5", show_values=True)
    assert (told["cause"]["identifier"], told["cause"]["value"]) == ("email", "X@y.org")


def test_a_limit_is_told_with_its_number_and_a_forced_link_as_one_of_a_person() -> None:
    identifiers = {
        "email": Identifier("email", "email"),
        "phone": Identifier("phone", "digits", max_per_identity=2, on_conflict="cut"),
    }
    shop = Shop(identifiers=identifiers, rules={"email": Rule("email", ("email",), 1)}, guardrails=UNLIMITED)
    shop.add(*((i, "a@x.org", f"555{i}", "x", NOW) for i in range(1, 4)), (9, None, None, "x", NOW))
    shop.run("FULL")
    assert shop.clusters() == [["shop:1", "shop:2"], ["shop:3"], ["shop:9"]]
    told = explain(shop.wh, "shop:3", "shop:1")
    assert told["reason"] == (
        "The chain between them was cut where shop:3 holds a value of rule email:"
        " one identity would have held more than 2 different values of phone"
    )
    link = {"entity_key": "shop:3", "rule_id": "email", "identifier_type": "phone", "other_entity_key": None}
    assert told["cause"] == {"kind": "cut", "link": link, "limit": 2}
    columns = "override_id, kind, entity_a, entity_b, reason, created_by, created_at"
    rows = "('l', 'LINK', 'shop:2', 'shop:9', 'so', 'ann', '2024-01-01'), "
    rows += "('v', 'UNLINK', 'shop:2', 'shop:9', 'no', 'bob', '2024-02-03')"
    shop.query(f"insert into idr_meta.identity_override ({columns}) values {rows}")
    shop.run()
    around = explain(shop.wh, "shop:1", "shop:9")
    assert around["cause"]["override"]["override_id"] == "v"
    assert around["reason"] == (
        f"The chain between them was cut where {around['cause']['link']['entity_key']} holds a link made by a person:"
        f" it would have joined it to {around['cause']['link']['other_entity_key']},"
        " against unlink v by bob on 2024-02-03 (no)"
    )


def test_of_several_cuts_on_the_way_the_first_is_told() -> None:
    """1 and 2 share an e-mail, 2 and 3 a name; telephones keep these three apart, and later a veto 4 and 5."""
    phone = Identifier("phone", "digits", unique=True, on_conflict="cut")
    columns = {"email": "email", "name": "name", "phone": "phone"}
    shop = Shop(
        sources={"shop": Source("shop", "shop.people", "id", identifiers=columns)},
        identifiers={"email": Identifier("email", "email"), "name": Identifier("name", "name"), "phone": phone},
        rules={"email": Rule("email", ("email",), 1), "name": Rule("name", ("name",), 2)},
        guardrails=UNLIMITED,
    )
    shop.add((1, "a@x.org", "1", "One", NOW), (2, "a@x.org", "2", "Two", NOW), (3, "c@x.org", "3", "Two", NOW))
    shop.add((4, "c@x.org", "3", "Four", NOW), (5, "e@x.org", "3", "Four", NOW))
    shop.run("FULL")
    assert shop.clusters() == [["shop:1"], ["shop:2"], ["shop:3", "shop:4", "shop:5"]]

    def told(a: int, b: int) -> tuple:
        cause = explain(shop.wh, f"shop:{a}", f"shop:{b}")["cause"]
        return cause["kind"], cause["link"]["entity_key"], cause["link"]["rule_id"], cause["link"]["identifier_type"]

    assert told(1, 3) == told(1, 2) == ("cut", "shop:2", "email", "phone")
    assert told(3, 1) == told(3, 2) == told(2, 5) == ("cut", "shop:3", "name", "phone")
    overrides.add(shop.wh, "UNLINK", "shop:4", "shop:5", "no", "ann", shop.now)
    shop.run()
    assert shop.clusters() == [["shop:1"], ["shop:2"], ["shop:3", "shop:4"], ["shop:5"]]
    assert told(3, 5) == ("cut", "shop:5", "name", None)
    assert told(5, 1) == ("cut", "shop:5", "name", None)
    assert told(1, 5) == ("cut", "shop:2", "email", "phone")
    first, other = (explain(shop.wh, f"shop:{a}", f"shop:{6 - a}")["cause"] for a in (1, 5))
    assert first["limit"] == 1
    assert other["override"]["kind"] == "UNLINK"


def test_a_skipped_value_is_told_with_its_rule_size_and_limit() -> None:
    rules = {"email": Rule("email", ("email",), 1, max_group_size=2), "phone": Rule("phone", ("phone",), 2)}
    shop = Shop(rules=rules, guardrails=UNLIMITED)
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(4)))
    shop.run("FULL")
    told = explain(shop.wh, "shop:0", "shop:3")
    assert told["cause"] == {"kind": "oversized", "rule_id": "email", "group_size": 4, "max_group_size": 2}
    assert told["reason"] == (
        "They share a value of rule email, but 4 records carry it and at most 2 may: the value was skipped as oversized"
    )


def test_of_several_skipped_values_the_one_of_the_first_rule_is_told_to_those_that_share_it() -> None:
    rules = {name: Rule(name, (name,), 1, max_group_size=2) for name in ("email", "phone")}
    shop = Shop(rules=rules, guardrails=UNLIMITED)
    sizes = range(3, 7)
    shop.add(*((10 * size + i, f"{size}@x.org", f"555{size}", "x", NOW) for size in sizes for i in range(size)))
    shop.run("FULL")
    for size in sizes:
        told = explain(shop.wh, f"shop:{size}0", f"shop:{size}2")["cause"]
        assert told == {"kind": "oversized", "rule_id": "email", "group_size": size, "max_group_size": 2}
    assert explain(shop.wh, "shop:30", "shop:40")["cause"]["kind"] == "nothing"


def test_of_a_value_that_was_skipped_again_and_again_the_size_of_today_is_told() -> None:
    shop = Shop(rules={"email": Rule("email", ("email",), 1, max_group_size=2)}, guardrails=UNLIMITED)
    for size in (7, 3, 6, 4, 5):
        shop.query("delete from shop.people where id > 0")
        shop.run("FULL")
        shop.add(*((i, "a@x.org", None, "x", shop.now) for i in range(1, size)))
        shop.query("delete from shop.people where id = 0")
        shop.add((0, "a@x.org", None, "x", shop.now))
        shop.run("FULL")
        assert explain(shop.wh, "shop:0", "shop:1")["cause"]["group_size"] == size


def test_a_record_that_waits_for_its_first_run_is_unpublished() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "b@x.org", None, "b", NOW))
    shop.run("FULL")
    shop.query("delete from idr_out.identity_resolved_membership_current where entity_key = 'shop:2'")
    for a, b in (("shop:1", "shop:2"), ("shop:2", "shop:1")):
        told = explain(shop.wh, a, b)
        assert (told["cause"]["kind"], told["reason"]) == ("unpublished", "shop:2 has no published identity yet")


def test_an_unknown_key_is_answered_with_the_three_that_are_nearest() -> None:
    shop = Shop(guardrails=UNLIMITED, sources={"shop": SHOP})
    shop.add(*((key, None, None, "x", NOW) for key in (1, 12, 123, 1234, 99, 19)))
    shop.run("FULL")
    for wanted, nearest in (("SHOP:124", "shop:12, shop:123, shop:1234"), ("shop:9", "shop:1, shop:19, shop:99")):
        with pytest.raises(IdrError) as caught:
            find_entity(shop.wh, wanted)
        assert f"Did you mean {nearest}?" in str(caught.value)
