"""Incremental runs: joins, updates, deletions, group caps and watermarks, one promise each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import networkx as nx
import pytest

from idr import overrides
from idr.model import Rule
from tests.resolution.shop import NOW, SHOP, UNLIMITED, WATCHED, Shop, capped_shop

LATER = NOW + timedelta(hours=1)


def oracle(shop: Shop) -> list[list[str]]:
    """The partition of the source's rows by networkx."""
    graph = nx.Graph()
    for key, email, phone in shop.query("select id, email, phone from shop.people"):
        graph.add_node(f"shop:{key}")
        graph.add_edges_from((f"shop:{key}", value) for value in (("email", email), ("phone", phone)) if value[1])
    parts = nx.connected_components(graph)
    return sorted(sorted(node for node in part if isinstance(node, str)) for part in parts)


def add_chain(shop: Shop, first: int, length: int) -> None:
    """Entities `first` .. `first + length - 1`, each linked to the next by e-mail and phone in turn."""
    shop.add(*((first + i, f"m{first}.{i // 2}@x.org", f"{first}0{(i + 1) // 2:05}", "x", NOW) for i in range(length)))


def add_one(shop: Shop, key: int, email: str | None = None, phone: str | None = None) -> None:
    shop.add((key, email, phone, "x", LATER))


def test_a_record_that_joins_two_long_chains_relabels_them_whole() -> None:
    shop = Shop(guardrails=UNLIMITED)
    add_chain(shop, 1000, 12)
    add_chain(shop, 2000, 9)
    add_chain(shop, 3000, 9)
    shop.run("FULL")
    assert shop.clusters() == oracle(shop)
    assert len(shop.clusters()) == 3
    add_one(shop, 1, email="m1000.5@x.org", phone="2000000000")
    joined = shop.run()
    assert shop.clusters() == oracle(shop)
    assert (len(shop.clusters()), joined["counts"]["merged"]) == (2, 1)
    assert sorted(shop.sizes().values()) == [9, 22]
    again = shop.run("FULL")["counts"]
    assert (again["moved"], again["created"], again["retired"]) == (0, 0, 0)


def test_a_smaller_key_does_not_rename_the_cluster() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((5, "a@x.org", None, "old", NOW), (6, "a@x.org", None, "old", NOW))
    shop.run("FULL")
    before = shop.ids()
    add_one(shop, 1, email="a@x.org")
    shop.run()
    assert shop.ids() == dict.fromkeys(("shop:1", "shop:5", "shop:6"), before["shop:5"])
    for table in ("identity_clusters_current", "golden_profile_current", "golden_provenance_current"):
        assert shop.query(f"select resolved_id from idr_out.{table}") == [(before["shop:5"],)]


def test_an_id_that_is_gone_leads_to_the_last_that_took_over_until_that_one_ends() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((8, "h@x.org", None, "x", NOW), (9, "i@x.org", None, "x", NOW))
    for key in (1, 2, 3):
        shop.add((key, f"{key}@x.org", None, "x", NOW + timedelta(seconds=key)))
        shop.run()
    ids = shop.ids()
    told = "select old_resolved_id, resolved_id, reason from idr_out.identity_alias"

    def publish(change: str) -> None:
        shop.query(f"update shop.people set upd = upd + interval 1 minute, {change}")
        shop.run("FULL")

    publish("email = '2@x.org' where id = 3")
    assert shop.query(told) == [(ids["shop:3"], ids["shop:2"], "MERGED")]
    publish("email = 'h@x.org' where id = 9")
    kept = next((old, new, reason) for old, new, reason in shop.query(told) if old != ids["shop:3"])
    publish("email = '1@x.org' where id in (2, 3)")
    taken = {(ids[f"shop:{key}"], ids["shop:1"], "MERGED") for key in (2, 3)}
    assert set(shop.query(told)) == {kept, *taken}
    shop.query("delete from shop.people where id < 8")
    shop.run("FULL")
    assert set(shop.query(told)) == {kept, *((ids[f"shop:{key}"], None, "RETIRED") for key in (1, 2, 3))}


@pytest.mark.parametrize("key", [1, 3])
def test_of_two_equal_parts_the_one_with_the_smallest_key_keeps_the_id(key: int) -> None:
    """Whichever of them it is that gets other values."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"{(i + 1) // 2}@x.org", "55", "x", NOW) for i in range(1, 5)))
    shop.run("FULL")
    before = shop.ids()["shop:1"]
    shop.query("update shop.people set phone = null, upd = ? where id in (?, ?)", LATER, key, key + 1)
    shop.run()
    assert shop.clusters() == [["shop:1", "shop:2"], ["shop:3", "shop:4"]]
    assert shop.ids()["shop:2"] == before != shop.ids()["shop:3"]


def test_the_smallest_key_decides_whatever_the_other_keys_of_the_parts_are() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"{i in (1, 4)}@x.org", "55", "x", NOW) for i in range(1, 5)))
    shop.run("FULL")
    before = shop.ids()["shop:1"]
    shop.query("update shop.people set phone = null, upd = ? where id in (1, 4)", LATER)
    shop.run()
    assert shop.clusters() == [["shop:1", "shop:4"], ["shop:2", "shop:3"]]
    assert shop.ids()["shop:4"] == before != shop.ids()["shop:3"]


def test_of_ids_that_began_together_the_one_of_the_largest_identity_stays() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"{max(i, 2)}@x.org", None, "x", NOW) for i in range(1, 9)))
    shop.run("FULL")
    before = shop.ids()
    assert before["shop:2"] == before["shop:1"] != min(before.values())
    shop.query("update shop.people set email = '2@x.org', upd = ?", LATER)
    shop.run()
    assert set(shop.ids().values()) == {before["shop:1"]}


def test_an_update_takes_back_the_edge_of_the_old_value() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.run("FULL")
    edges = "select left_entity_key, right_entity_key, rule_id from idr_out.identity_edges_current"
    assert shop.query(edges) == [("shop:1", "shop:2", "email")]
    shop.connection.execute("update shop.people set email = 'c@x.org', upd = ? where id = 2", [LATER])
    shop.run()
    assert shop.query(edges) == [("shop:2", "shop:3", "email")]
    assert shop.clusters() == [["shop:1"], ["shop:2", "shop:3"]]
    assert sorted(shop.sizes().values()) == [1, 2]


@pytest.mark.parametrize("mode", ["FULL", "INCR"])
def test_a_cluster_outlives_the_record_that_founded_it(mode: str) -> None:
    shop = Shop(guardrails=UNLIMITED, sources=WATCHED)
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    founder = shop.ids()["shop:1"]
    add_one(shop, 2, email="a@x.org")
    add_one(shop, 3, email="a@x.org")
    shop.run()
    assert shop.sizes() == {founder: 3}
    shop.connection.execute("delete from shop.people where id = 1")
    shop.run(mode)
    assert shop.ids() == {"shop:2": founder, "shop:3": founder}
    assert shop.sizes() == {founder: 2}


def test_the_values_of_a_deleted_record_are_in_no_table() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "bridge@gone.org", "5559871", "Gonecki", NOW), (2, "bridge@gone.org", None, "b", NOW))
    shop.add((3, None, "5559871", "c", NOW))
    shop.run("FULL", dry_run=True)
    shop.run("FULL")
    shop.connection.execute("update shop.people set name = 'Gonecka', upd = ? where id = 1", [LATER])
    shop.run("INCR", dry_run=True)

    def holders(text: str) -> set[str]:
        tables = shop.tables("idr_out", "idr_meta", "idr_work")
        return {name for name, rows in tables.items() if any(text in str(value) for row in rows for value in row)}

    values = ("bridge@gone.org", "5559871", "Gonecki", "Gonecka")
    assert all("idr_out.entity_current" in holders(value) for value in values[:3])
    assert any(name.startswith("idr_work.") for name in holders("Gonecka"))
    assert "idr_out.golden_profile_current" in holders("Gonecki")
    shop.connection.execute("delete from shop.people where id = 1")
    shop.connection.execute("update shop.people set email = 'b@x.org', phone = null, upd = ? where id > 1", [LATER])
    shop.connection.execute("update shop.people set email = 'c@x.org' where id = 3")
    shop.run("FULL")
    assert shop.clusters() == [["shop:2"], ["shop:3"]]
    assert [holders(value) for value in values] == [set()] * len(values)
    assert holders("shop:1") <= {"idr_out.identity_event", "idr_out.dry_run_results"}


def test_repeated_rows_of_one_entity_do_not_fill_a_group() -> None:
    shop = Shop(guardrails=UNLIMITED, rules={"email": Rule("email", ("email",), 1, max_group_size=2)})
    shop.add(*((1, "a@x.org", None, f"v{i}", NOW + timedelta(seconds=i)) for i in range(4)))
    shop.add((2, "a@x.org", None, "b", NOW))
    shop.run("FULL")
    assert shop.clusters() == [["shop:1", "shop:2"]]
    assert list(shop.sizes().values()) == [2]
    assert len(shop.query("select entity_key from idr_out.identity_resolved_membership_current")) == 2


def test_two_rules_on_one_identifier_do_not_double_its_groups() -> None:
    rules = {name: Rule(name, ("email",), rank, max_group_size=3) for rank, name in enumerate(("first", "second"))}
    shop = Shop(guardrails=UNLIMITED, rules=rules)
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(3)))
    shop.run("FULL")
    assert shop.clusters() == [["shop:0", "shop:1", "shop:2"]]
    assert shop.query("select * from idr_out.skipped_identifier_groups") == []
    add_one(shop, 3, email="a@x.org")
    shop.run()
    skipped = shop.query("select rule_id, group_size from idr_out.skipped_identifier_groups order by 1")
    assert skipped == [("first", 4), ("second", 4)]
    assert len(shop.clusters()) == 4


def test_a_group_that_outgrows_its_cap_ends_as_a_fresh_database_would() -> None:
    rules = {
        "email": Rule("email", ("email",), 1, max_group_size=3),
        "phone": Rule("phone", ("phone",), 2, max_group_size=3),
    }
    grown = Shop(guardrails=UNLIMITED, rules=rules, sources=WATCHED)
    grown.add(*((i, "a@x.org", f"555{i // 2}", "x", NOW) for i in range(3)))
    grown.run("FULL")
    assert grown.clusters() == [["shop:0", "shop:1", "shop:2"]]
    add_one(grown, 3, email="a@x.org")
    grown.run()
    fresh = Shop(guardrails=UNLIMITED, rules=rules)
    fresh.add(*grown.query("select * from shop.people"))
    fresh.run("FULL")
    assert grown.clusters() == fresh.clusters() == [["shop:0", "shop:1"], ["shop:2"], ["shop:3"]]
    assert grown.run("FULL")["counts"]["moved"] == 0
    grown.connection.execute("delete from shop.people where id = 0")
    grown.run()
    assert grown.clusters() == oracle(grown) == [["shop:1", "shop:2", "shop:3"]]


def test_a_group_stays_skipped_while_it_is_above_its_cap() -> None:
    rules = {"email": Rule("email", ("email",), 1, max_group_size=2)}
    shop = Shop(guardrails=UNLIMITED, rules=rules, sources=WATCHED)
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(5)))
    shop.run("FULL")
    skipped = "select group_size, resumed_at is null from idr_out.skipped_identifier_groups order by 1 desc"
    for gone, left, is_skipped in ((0, 4, True), (1, 3, True), (2, 3, False)):
        shop.connection.execute("delete from shop.people where id = ?", [gone])
        assert shop.run()["counts"]["skipped_groups"] == int(is_skipped)
        assert shop.query(skipped) == [(left, is_skipped)]
    assert shop.clusters() == oracle(shop) == [["shop:3", "shop:4"]]


@pytest.mark.parametrize("mode", ["FULL", "INCR"])
def test_a_skipped_value_joins_not_even_records_that_others_join(mode: str) -> None:
    """1 and 2 share an e-mail and a name, 3 and 4 too; the telephone is that of too many."""
    shop = capped_shop(max_group_size=2)
    shop.add((0, None, None, None, NOW))
    shop.run("FULL")
    shop.add(*((i, f"{(i + 1) // 2}@x.org", "55", f"name {(i + 1) // 2}", LATER) for i in range(1, 5)))
    shop.run(mode)
    assert shop.clusters() == [["shop:0"], ["shop:1", "shop:2"], ["shop:3", "shop:4"]]


def test_a_skipped_group_names_the_first_run_that_met_it_and_the_last_that_examined_it() -> None:
    shop = Shop(guardrails=UNLIMITED, rules={"email": Rule("email", ("email",), 1, max_group_size=2)})
    shop.add(
        *((i, "a@x.org", None, "x", NOW) for i in range(3)), *((10 + i, "b@x.org", None, "x", NOW) for i in range(3))
    )
    first, began = shop.run("FULL")["run_id"], shop.now
    add_one(shop, 3, email="a@x.org")
    second = shop.run()["run_id"]
    columns = "group_size, first_run_id, last_run_id, skipped_at, resumed_at"
    skipped = f"select {columns} from idr_out.skipped_identifier_groups order by 1"
    assert shop.query(skipped) == [(3, first, first, began, None), (4, first, second, began, None)]
    shop.query("update shop.people set name = 'y', upd = ? where id = 10", LATER)
    shop.run()
    assert shop.query(skipped) == [(3, first, first, began, None), (4, first, second, began, None)]
    shop.query("delete from shop.people where id in (10, 11)")
    third = shop.run("FULL")["run_id"]
    assert shop.query(skipped) == [(3, first, third, began, shop.now), (4, first, third, began, None)]


@pytest.mark.parametrize("mode", ["INCR", "FULL"])
def test_each_time_that_a_group_was_skipped_has_a_row_of_its_own(mode: str) -> None:
    rules = {"email": Rule("email", ("email",), 1, max_group_size=2)}
    shop = Shop(guardrails=UNLIMITED, rules=rules, sources=WATCHED)
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(3)))
    shop.run("FULL")
    times = [shop.now]
    for number in range(3):
        if number % 2:
            shop.add((0, "a@x.org", None, "x", shop.now))
        else:
            shop.query("delete from shop.people where id = 0")
        shop.run(mode)
        times.append(shop.now)
    skipped = "select skipped_at, resumed_at from idr_out.skipped_identifier_groups order by 1"
    assert shop.query(skipped) == [(times[0], times[1]), (times[2], times[3])]


def test_an_alias_leads_to_where_the_records_are_now_and_tells_since_when() -> None:
    shop = Shop(guardrails=UNLIMITED)
    emails = ("a", "b", "c", "c", "c", "d", "e")
    shop.add(*((number, f"{name}@x.org", None, "x", NOW) for number, name in enumerate(emails)))
    shop.run("FULL")
    ids, told = (
        shop.ids(),
        "select old_resolved_id, resolved_id, reason, run_id, updated_ts from idr_out.identity_alias",
    )

    def change(assignment: str) -> tuple[str, datetime]:
        shop.query(f"update shop.people set upd = upd + interval 1 minute, {assignment}")
        return shop.run("FULL")["run_id"], shop.now

    second = change("email = case id when 1 then 'a@x.org' when 6 then 'd@x.org' else email end")
    first, other = shop.ids()["shop:0"], shop.ids()["shop:5"]
    [merged] = {ids["shop:0"], ids["shop:1"]} - {first}
    [aside] = {ids["shop:5"], ids["shop:6"]} - {other}
    apart = (aside, other, "MERGED", *second)
    assert {*shop.query(told)} == {(merged, first, "MERGED", *second), apart}
    third = change("email = case when id < 2 then 'c@x.org' else email end")
    crowd = ids["shop:2"]
    assert shop.ids()["shop:0"] == crowd
    assert {*shop.query(told)} == {(old, crowd, "MERGED", *third) for old in (merged, first)} | {apart}
    shop.query("delete from shop.people where id < 5")
    fourth = shop.run("FULL")["run_id"], shop.now
    assert {*shop.query(told)} == {(old, None, "RETIRED", *fourth) for old in (merged, first, crowd)} | {apart}


def test_an_incremental_run_looks_at_what_a_change_can_alter_and_at_nothing_else() -> None:
    """Also where people decided, and where a chain was cut: those are looked at when they change."""
    shop = Shop(guardrails=UNLIMITED)
    add_chain(shop, 100, 4)
    add_chain(shop, 200, 6)
    add_chain(shop, 300, 5)
    shop.run("FULL")
    overrides.add(shop.wh, "UNLINK", "shop:200", "shop:205", "no", "ann", shop.now)
    overrides.add(shop.wh, "LINK", "shop:100", "shop:101", "yes", "ann", shop.now)

    def looked_at() -> int:
        run_id = shop.run()["run_id"]
        query = "select rows_written from idr_out.stage_metrics where run_id = ? and stage = 'scope'"
        [(rows,)] = shop.query(query, run_id)
        return rows

    assert looked_at() == 4 + 6
    assert looked_at() == 0
    for number, (key, size) in enumerate(((304, 5), (200, 6), (103, 4))):
        at = LATER + timedelta(minutes=number)
        shop.query("update shop.people set name = 'new', upd = ? where id = ?", at, key)
        assert looked_at() == size


def test_who_holds_a_value_is_looked_at_when_it_links_or_linked_before() -> None:
    """A value that one holds, or more than may, links nobody."""
    rules = {"email": Rule("email", ("email",), 1, max_group_size=2)}
    shop = Shop(guardrails=UNLIMITED, rules=rules, sources=WATCHED)
    add_one(shop, 1, email="a@x.org")
    shop.run("FULL")

    def looked_at(*keys: int) -> int:
        for key in keys:
            add_one(shop, key, email="a@x.org")
        run_id = shop.run()["run_id"]
        query = "select rows_written from idr_out.stage_metrics where run_id = ? and stage = 'scope'"
        return shop.query(query, run_id)[0][0]

    assert looked_at(2, 3) == 2
    shop.query("delete from shop.people where id in (2, 3)")
    assert looked_at() == 0
    assert looked_at(4) == 2
    assert shop.clusters() == [["shop:1", "shop:4"]]
    assert looked_at(5) == 3
    assert shop.clusters() == [["shop:1"], ["shop:4"], ["shop:5"]]


def test_a_row_that_ties_with_the_watermark_is_not_lost() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    shop.add((2, "a@x.org", None, "b", NOW))
    shop.run()
    assert shop.clusters() == [["shop:1", "shop:2"]]


def test_a_source_without_new_rows_keeps_its_watermark_until_a_full_run_sees_what_is_left() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "b@x.org", None, "b", NOW + timedelta(seconds=1)))
    shop.run("FULL")
    shop.query("delete from shop.people where id = 2")
    mark = "select last_watermark_value from idr_meta.run_state"
    assert shop.run()["counts"]["rows_read"] == 0
    assert shop.query(mark) == [(NOW + timedelta(seconds=1),)]
    shop.run("FULL")
    assert shop.query(mark) == [(NOW,)]


def test_reading_the_last_rows_again_changes_nothing() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", None, "b", NOW), (3, "a@x.org", None, "c", None))
    shop.run("FULL")
    before, events = shop.snapshot(), shop.query("select count(*) from idr_out.identity_event")
    again = shop.run()
    assert again["counts"]["rows_read"] == 3
    assert shop.snapshot() == before
    assert shop.query("select count(*) from idr_out.identity_event") == events


@pytest.mark.parametrize(("lookback", "found"), [(10, [["shop:1", "shop:2"]]), (0, [["shop:1"]])])
def test_a_late_row_is_found_within_the_lookback(lookback: int, found: list[list[str]]) -> None:
    shop = Shop(guardrails=UNLIMITED, sources={"shop": replace(SHOP, lookback_minutes=lookback)})
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    shop.add((2, "a@x.org", None, "late", NOW - timedelta(minutes=9)))
    shop.run()
    assert shop.clusters() == found
    shop.run("FULL")
    assert shop.clusters() == [["shop:1", "shop:2"]]


@pytest.mark.parametrize("cap", [True, False])
def test_the_watermark_follows_a_future_date_only_when_it_may(cap: bool) -> None:
    shop = Shop(guardrails=UNLIMITED, sources={"shop": replace(SHOP, cap_watermark=cap)})
    future = NOW + timedelta(days=365)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "b@x.org", None, "b", future))
    shop.run("FULL")
    mark = shop.query("select last_watermark_value from idr_meta.run_state")
    assert mark == [(NOW if cap else future,)]
    shop.add((3, "a@x.org", None, "c", NOW + timedelta(minutes=1)))
    shop.run()
    assert (["shop:1", "shop:3"] in shop.clusters()) is cap
