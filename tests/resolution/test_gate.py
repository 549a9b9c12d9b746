"""What the gate tells: each number, for whom, and once."""

from __future__ import annotations

from dataclasses import replace

from idr.model import Guardrails, Identifier
from tests.resolution.shop import NOW, SHOP, UNLIMITED, Shop

LATER = replace(SHOP, source_id="later", table="shop.later")
LAST = replace(SHOP, source_id="last", table="shop.last")


def shop_of(**guardrails: float | None) -> Shop:
    return Shop(guardrails=replace(UNLIMITED, **guardrails))


def add_group(shop: Shop, name: str, size: int, start: int) -> None:
    shop.add(*((start + i, f"{name}@x.org", None, "x", NOW) for i in range(size)))


def test_every_source_that_shrinks_too_much_is_told_with_its_numbers() -> None:
    shop = Shop(guardrails=UNLIMITED)
    for table in ("later", "last"):
        shop.query(f"create table shop.{table} as from shop.people")
    shop.apply(replace(shop.config, sources={"shop": SHOP, "later": LATER, "last": LAST}))
    shop.add(*((i, None, None, "x", NOW) for i in range(10)))
    shop.query("insert into shop.later from shop.people where id < 5")
    shop.query("insert into shop.last from shop.people where id < 2")
    shop.run("FULL")
    shop.query("delete from shop.people where id < 6")
    shop.query("delete from shop.later where id < 3")
    shop.query("delete from shop.last where id = 0")
    shop.add((20, None, None, "x", NOW))
    shop.query("insert into shop.later select 30 + id, * exclude (id) from shop.people where id > 7 and id < 10")
    shop.apply(replace(shop.config, guardrails=Guardrails(min_source_ratio=0.81)))
    told = "source {} would shrink from {} to {} entities; min_source_ratio asks for 81%"
    assert shop.run("FULL")["reasons"] == [
        told.format(*row) for row in (("last", 2, 1), ("later", 5, 4), ("shop", 10, 5))
    ]
    shop.apply(replace(shop.config, guardrails=Guardrails(min_source_ratio=0.8)))
    assert [reason.split()[1] for reason in shop.run("FULL")["reasons"]] == ["last", "shop"]


def test_a_limit_that_is_reached_and_not_passed_holds_nothing() -> None:
    """Two of four records move to another id, where one identity merges into another."""
    shop = shop_of()
    add_group(shop, "a", 2, 1)
    add_group(shop, "b", 2, 3)
    shop.run("FULL")
    shop.query("update shop.people set email = 'a@x.org', upd = upd + interval 1 minute")
    reasons = {
        "max_moved_ratio": (
            0.5,
            0.49,
            "2 of 4 entities (50.0%) would move to another id; max_moved_ratio allows 49.0%",
        ),
        "max_cluster_size": (4, 3, "4 records would be one identity; max_cluster_size allows 3"),
        "max_merged_clusters": (1, 0, "1 clusters would be merged into others; max_merged_clusters allows 0"),
    }
    for name, (reached, passed, reason) in reasons.items():
        shop.apply(replace(shop.config, guardrails=replace(UNLIMITED, **{name: reached})))
        assert shop.run(dry_run=True)["reasons"] == []
        shop.apply(replace(shop.config, guardrails=replace(UNLIMITED, **{name: passed})))
        assert shop.run(dry_run=True)["reasons"] == [reason]


def test_at_most_three_suspect_values_are_told_the_largest_first() -> None:
    shop = shop_of(suspect_group_factor=5.0)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(40)))
    for name, size, start in (("b", 12, 100), ("a", 12, 200), ("c", 14, 300), ("d", 13, 400), ("few", 10, 500)):
        add_group(shop, name, size, start)
    held = shop.run("FULL")
    assert held["counts"]["suspect_groups"] == 4
    assert [(reason.split()[6], reason.split("for example ")[1].split(")")[0]) for reason in held["reasons"]] == [
        ("14", "shop:300"),
        ("13", "shop:400"),
        ("12", "shop:100"),
    ]


def test_a_suspect_value_that_was_published_is_told_again_when_more_carry_it() -> None:
    shop = shop_of(suspect_group_factor=5.0)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(40)))
    add_group(shop, "a", 12, 200)
    add_group(shop, "b", 13, 300)
    shop.approve(shop.run("FULL")["run_id"])
    for mode in ("FULL", "INCR"):
        again = shop.run(mode)
        assert (again["gate"], again["counts"]["suspect_groups"]) == ("PASS", 0)
    shop.add((250, "a@x.org", None, "x", NOW))
    for mode in ("FULL", "INCR"):
        held = shop.run(mode)
        assert held["counts"]["suspect_groups"] == len(held["reasons"]) == 1
        assert "links 13 records" in held["reasons"][0]
        assert "shop:200" in held["reasons"][0]
    shop.approve(held["run_id"])
    assert shop.run()["gate"] == shop.run("FULL")["gate"] == "PASS"


def test_a_smaller_suspect_value_is_told_beside_a_larger_one_that_is_known() -> None:
    shop = shop_of(suspect_group_factor=5.0)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(40)))
    add_group(shop, "known", 14, 200)
    shop.approve(shop.run("FULL")["run_id"])
    add_group(shop, "fresh", 12, 300)
    for mode in ("INCR", "FULL"):
        held = shop.run(mode)
        assert held["counts"]["suspect_groups"] == 1
        assert [reason.split("for example ")[1].split(")")[0] for reason in held["reasons"]] == ["shop:300"]


def test_a_smaller_conflict_of_another_identifier_is_told_beside_one_that_is_known() -> None:
    identifiers = {
        "email": Identifier("email", "email", max_per_identity=1),
        "phone": Identifier("phone", "digits", max_per_identity=1),
    }
    shop = Shop(identifiers=identifiers, guardrails=replace(UNLIMITED, max_conflicts=0))
    shop.add((1, "a@x.org", "5551", "x", NOW), (2, "b@x.org", "5551", "x", NOW), (3, "c@x.org", "5551", "x", NOW))
    shop.approve(shop.run("FULL")["run_id"])
    shop.add((4, "a@x.org", "5552", "x", NOW))
    held = shop.run()
    assert (held["status"], held["counts"]["conflicts"]) == ("HELD", 1)


def test_a_conflict_that_was_published_is_told_again_when_it_grows() -> None:
    identifiers = {
        "email": Identifier("email", "email"),
        "phone": Identifier("phone", "digits", max_per_identity=1),
    }
    shop = Shop(identifiers=identifiers, guardrails=replace(UNLIMITED, max_conflicts=0))
    shop.add((1, "a@x.org", "5551", "x", NOW), (2, "a@x.org", "5552", "x", NOW), (3, "a@x.org", "5553", "x", NOW))
    shop.add((11, "b@x.org", "5561", "x", NOW), (12, "b@x.org", "5562", "x", NOW), (13, "c@x.org", "5571", "x", NOW))
    held = shop.run("FULL")
    assert held["counts"]["conflicts"] == 2
    shop.approve(held["run_id"])
    found = "select m.entity_key, c.action, c.identifier_type, c.distinct_values, c.max_per_identity"
    found += " from idr_out.identity_conflict as c join idr_out.identity_resolved_membership_current as m"
    found += " using (resolved_id) where m.entity_key in ('shop:1', 'shop:11') order by 1"
    assert shop.query(found) == [("shop:1", "HOLD", "phone", 3, 1), ("shop:11", "HOLD", "phone", 2, 1)]
    assert shop.run("FULL")["gate"] == "PASS"
    shop.query("delete from shop.people where id = 3")  # less of a conflict is none to be told
    assert shop.run("FULL")["counts"]["conflicts"] == 0
    shop.add((14, "b@x.org", "5563", "x", NOW))
    held = shop.run("INCR")
    assert (held["status"], held["counts"]["conflicts"]) == ("HELD", 1)
    shop.approve(held["run_id"])
    assert shop.query(found) == [("shop:1", "HOLD", "phone", 2, 1), ("shop:11", "HOLD", "phone", 3, 1)]


def test_a_conflict_ends_with_its_identity() -> None:
    phone = Identifier("phone", "digits", max_per_identity=1)
    shop = Shop(identifiers={"email": Identifier("email", "email"), "phone": phone}, guardrails=UNLIMITED)
    shop.add((1, "a@x.org", "5551", "x", NOW), (2, "a@x.org", "5552", "x", NOW))
    shop.add((3, "b@x.org", "5561", "x", NOW), (4, "b@x.org", "5562", "x", NOW), (5, "c@x.org", None, "x", NOW))
    shop.run("FULL")
    told = "select distinct_values from idr_out.identity_conflict order by 1"
    assert shop.query(told) == [(2,), (2,)]
    shop.query("delete from shop.people where id < 3")
    shop.run("FULL")
    assert shop.query(told) == [(2,)]
    shop.query("update shop.people set email = 'b@x.org', phone = '5563' where id = 5")
    shop.run("FULL")
    assert shop.query(told) == [(3,)]


def test_a_conflict_that_is_only_to_be_reported_holds_nothing() -> None:
    phone = Identifier("phone", "digits", max_per_identity=1, on_conflict="report")
    shop = Shop(
        identifiers={"email": Identifier("email", "email"), "phone": phone},
        guardrails=replace(UNLIMITED, max_conflicts=0),
    )
    shop.add((1, "a@x.org", "5551", "x", NOW), (2, "a@x.org", "5552", "x", NOW))
    done = shop.run("FULL")
    assert (done["gate"], done["counts"]["conflicts"]) == ("PASS", 0)
    assert shop.query("select action, distinct_values from idr_out.identity_conflict") == [("REPORT", 2)]
