"""What people decide is stored or refused as a whole, and the next run respects it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idr import overrides
from idr.errors import IdrError
from idr.explain import explain
from idr.model import Identifier, Rule
from idr.statement import read
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.resolution.shop import NOW, UNLIMITED, Shop


@pytest.fixture
def shop() -> Shop:
    """1 and 2 share an e-mail, 2 and 3 a phone, 4 and 5 nothing."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", "555", "b", NOW), (3, None, "555", "c", NOW))
    shop.add((4, "d@x.org", None, "d", NOW), (5, "e@x.org", None, "e", NOW))
    shop.run("FULL")
    return shop


def decide(shop: Shop, kind: str, a: int, b: int, reason: str = "asked by mail") -> str:
    return overrides.add(shop.wh, kind, f"shop:{a}", f"shop:{b}", reason, "ann", shop.now)["override_id"]


def refused(shop: Shop, kind: str, a: int, b: int, reason: str = "asked") -> str:
    before = shop.tables("idr_meta")
    with pytest.raises(IdrError) as caught:
        decide(shop, kind, a, b, reason)
    assert shop.tables("idr_meta") == before
    return f"{caught.value.code} {caught.value}"


def test_a_link_joins_what_no_value_joins_and_its_end_parts_them(shop: Shop) -> None:
    made = decide(shop, "LINK", 4, 5)
    assert explain(shop.wh, "shop:4", "shop:5")["pending"][0]["override_id"] == made
    shop.run()
    assert ["shop:4", "shop:5"] in shop.clusters()
    answer = explain(shop.wh, "shop:4", "shop:5")
    assert (answer["pending"], answer["path"][0]["rule_id"]) == ([], "_link")
    assert answer["path"][0]["override"]["reason"] == "asked by mail"
    assert answer["path"][0]["override"]["created_by"] == "ann"
    overrides.revoke(shop.wh, made, "bob", shop.now)
    shop.run()
    assert ["shop:4"] in shop.clusters()


def test_an_unlink_cuts_the_weakest_link_and_tells_who_and_why(shop: Shop) -> None:
    made = decide(shop, "UNLINK", 1, 3, "two sisters")
    shop.run()
    assert shop.clusters() == [["shop:1", "shop:2"], ["shop:3"], ["shop:4"], ["shop:5"]]
    direct = explain(shop.wh, "shop:1", "shop:3")
    assert direct["cause"]["kind"] == "vetoed"
    assert f"unlink {made} by ann on 2024-06-01 (two sisters)" in direct["reason"]
    around = explain(shop.wh, "shop:2", "shop:3")
    assert (around["cause"]["kind"], around["cause"]["link"]["rule_id"]) == ("cut", "phone")
    assert f"unlink {made} by ann" in around["reason"]
    conflict = shop.query("select action, override_id, rule_id from idr_out.identity_conflict")
    assert conflict == [("CUT", made, "phone")]


def test_a_limit_that_cuts_is_told(shop: Shop) -> None:
    phone = Identifier("phone", "digits", unique=True, on_conflict="cut")
    shop.apply(replace(shop.config, identifiers={**shop.config.identifiers, "phone": phone}))
    shop.add((6, "a@x.org", "777", "f", NOW))
    shop.run("FULL")
    assert shop.clusters()[0] == ["shop:1", "shop:2", "shop:3"]
    answer = explain(shop.wh, "shop:1", "shop:6")
    assert answer["cause"]["kind"] == "cut"
    assert "more than 1 different values of phone" in answer["reason"]


def test_a_link_is_stronger_than_any_value_whatever_the_priority_of_its_rule(shop: Shop) -> None:
    """3 and 4 are kept apart: of what joins 2 with 3 and with 4 the value goes, and the person's link stays."""
    shop.apply(replace(shop.config, rules={"phone": Rule("phone", ("phone",), 0)}))
    decide(shop, "LINK", 2, 4)
    decide(shop, "UNLINK", 3, 4)
    shop.run()
    assert shop.clusters() == [["shop:1"], ["shop:2", "shop:4"], ["shop:3"], ["shop:5"]]
    assert [row["rule_id"] for row in explain(shop.wh, "shop:2", "shop:4")["path"]] == ["_link"]


def test_a_veto_on_a_record_elsewhere_does_not_concern_the_cut_of_an_identity(shop: Shop) -> None:
    """1, 2 and 3 are one and 1 and 3 are kept apart; so are 3 and 4, and 3 and 0, who are not with them anyway."""
    shop.add((0, "z@x.org", None, "z", shop.now))
    shop.run()
    for a, b in ((1, 3), (3, 4), (0, 3)):
        decide(shop, "UNLINK", a, b)
    assert shop.run()["status"] == "SUCCESS"
    apart = [["shop:0"], ["shop:1", "shop:2"], ["shop:3"], ["shop:4"], ["shop:5"]]
    assert shop.clusters() == apart
    assert shop.query("select other_entity_key from idr_out.identity_conflict") == [("shop:1",)]


def test_a_value_that_only_one_record_still_holds_makes_nothing_surer(shop: Shop) -> None:
    """4 and 5 share an e-mail; each shares a telephone with somebody else as well, from whom people part them."""
    shop.query("update shop.people set email = 'd@x.org', phone = '77' || id where id in (4, 5)")
    shop.add((6, None, "774", "f", NOW), (7, None, "775", "g", NOW))
    shop.run("FULL")
    decide(shop, "UNLINK", 4, 6)
    decide(shop, "UNLINK", 5, 7)
    shop.run()
    assert shop.clusters()[1:] == [["shop:4", "shop:5"], ["shop:6"], ["shop:7"]]
    told = "select confidence_score from idr_out.identity_clusters_current where cluster_size = 2"
    assert shop.query(told) == [(0.5,)]


def test_of_a_record_that_two_others_may_not_meet_one_of_them_is_told(shop: Shop) -> None:
    decide(shop, "UNLINK", 1, 3)
    decide(shop, "UNLINK", 2, 3)
    shop.run()
    assert shop.clusters()[:2] == [["shop:1", "shop:2"], ["shop:3"]]
    [(cut, other)] = shop.query("select entity_key, other_entity_key from idr_out.identity_conflict")
    assert cut == "shop:3"
    assert other in ("shop:1", "shop:2")


def test_an_identity_that_was_cut_is_as_doubtful_as_the_links_that_are_left(shop: Shop) -> None:
    """4 shares two values with 5 until the telephone is cut off its third holder; then as before."""
    shop.query("update shop.people set email = 'd@x.org', phone = '777' where id in (4, 5)")
    shop.add((6, None, "777", "f", NOW))
    shop.run("FULL")
    decide(shop, "UNLINK", 4, 6)
    shop.run()
    assert shop.clusters()[1:] == [["shop:4", "shop:5"], ["shop:6"]]
    told = "select cluster_size, confidence_score from idr_out.identity_clusters_current order by 1 desc"
    assert shop.query(told) == [(3, 0.5), (2, 0.75), (1, 1.0)]


@pytest.mark.parametrize(
    ("kind", "a", "b", "reason", "said"),
    [
        ("LINK", 4, 4, "asked", "IDR-409"),
        ("UNLINK", 4, 4, "asked", "IDR-409"),
        ("LINK", 4, 99, "asked", "IDR-407"),
        ("UNLINK", 99, 4, "asked", "IDR-407"),
        ("LINK", 4, 5, "  ", "IDR-406"),
    ],
)
def test_nonsense_is_refused(shop: Shop, kind: str, a: int, b: int, reason: str, said: str) -> None:
    assert refused(shop, kind, a, b, reason).startswith(said)


def test_what_was_said_is_refused_and_its_contrary_too(shop: Shop) -> None:
    link, unlink = decide(shop, "LINK", 1, 4), decide(shop, "UNLINK", 2, 5)
    assert refused(shop, "LINK", 4, 1).startswith("IDR-409")
    assert refused(shop, "UNLINK", 5, 2).startswith("IDR-409")
    told = refused(shop, "UNLINK", 4, 1)
    assert f"Revoking override {link} ends it" in told
    assert "made by ann on 2024-06-01 (asked by mail)" in told
    assert "Nothing to do" in refused(shop, "LINK", 4, 1)
    assert unlink in refused(shop, "LINK", 2, 5)
    assert refused(shop, "LINK", 2, 5).startswith("IDR-411")


def test_contradictions_through_other_links_are_refused(shop: Shop) -> None:
    decide(shop, "LINK", 1, 2)
    decide(shop, "LINK", 2, 3)
    assert refused(shop, "UNLINK", 1, 3).startswith("IDR-411")
    veto = decide(shop, "UNLINK", 3, 5)
    decide(shop, "LINK", 4, 5)
    told = refused(shop, "LINK", 1, 4)
    assert told.startswith("IDR-411")
    assert veto in told
    overrides.revoke(shop.wh, veto, "ann", shop.now)
    decide(shop, "LINK", 1, 4)


def test_revoking_needs_an_override_in_force(shop: Shop) -> None:
    made = decide(shop, "LINK", 4, 5)
    overrides.revoke(shop.wh, made, "ann", shop.now)
    for override_id in (made, "nothing"):
        with pytest.raises(IdrError) as caught:
            overrides.revoke(shop.wh, override_id, "ann", shop.now)
        assert caught.value.code == "IDR-410"


def test_the_list_tells_what_the_published_version_respects(shop: Shop) -> None:
    made = decide(shop, "LINK", 4, 5)

    def states(*, include_revoked: bool = False) -> list[tuple]:
        rows = overrides.listed(shop.wh, include_revoked=include_revoked)
        return [(row["override_id"], row["revoked_by"], row["is_published"]) for row in rows]

    assert states() == [(made, None, False)]
    shop.run()
    assert states() == [(made, None, True)]
    overrides.revoke(shop.wh, made, "bob", shop.now)
    assert states() == [(made, "bob", True)]
    shop.run()
    assert states() == []
    assert states(include_revoked=True) == [(made, "bob", False)]


@pytest.mark.parametrize(("column", "value"), [("kind", "UNLINK"), ("entity_a", "shop:3"), ("entity_b", "shop:6")])
def test_a_decision_that_was_edited_since_is_not_published(shop: Shop, column: str, value: str) -> None:
    made = decide(shop, "LINK", 4, 5)
    shop.run()
    shop.query(f"update idr_meta.identity_override set {column} = ? where override_id = ?", value, made)
    assert [(row["override_id"], row["is_published"]) for row in overrides.listed(shop.wh)] == [(made, False)]


@pytest.mark.parametrize(("column", "value"), [("kind", "UNLINK"), ("override_id", "other")])
def test_a_decision_that_was_edited_since_waits_for_the_next_run(shop: Shop, column: str, value: str) -> None:
    made = decide(shop, "LINK", 4, 5)
    shop.run()
    assert explain(shop.wh, "shop:5", "shop:4")["pending"] == []
    shop.query(f"update idr_meta.identity_override set {column} = ? where override_id = ?", value, made)
    waiting = explain(shop.wh, "shop:5", "shop:4")["pending"]
    assert [(row["is_published"], row["revoked_at"]) for row in waiting] == [(False, None)]


@pytest.mark.parametrize(("column", "other"), [("entity_a", 4), ("entity_b", 5)])
def test_a_decision_moved_to_another_pair_waits_there(shop: Shop, column: str, other: int) -> None:
    made = decide(shop, "LINK", 4, 5)
    shop.run()
    query = f"update idr_meta.identity_override set {column} = 'shop:1' where override_id = ?"
    shop.query(query, made)
    stays = 9 - other
    assert [row["is_published"] for row in explain(shop.wh, "shop:1", f"shop:{stays}")["pending"]] == [False]


def test_decisions_are_listed_the_oldest_first_and_by_name_where_they_are_as_old(shop: Shop) -> None:
    ends = [(1, 4), (4, 5), (1, 5), (2, 4)]
    made = [decide(shop, "UNLINK", a, b) for a, b in ends]
    for name, override_id in zip(("d", "a", "c", "b"), made, strict=True):
        shop.query("update idr_meta.identity_override set override_id = ? where override_id = ?", name, override_id)
    earlier = "update idr_meta.identity_override set created_at = created_at - interval 1 day where override_id = ?"
    shop.query(earlier, "c")
    shop.query(earlier, "d")
    assert [row["override_id"] for row in overrides.listed(shop.wh)] == ["c", "d", "a", "b"]
    assert [row["override_id"] for row in overrides.active(shop.wh)] == ["c", "d", "a", "b"]


def test_of_two_decisions_on_one_pair_the_oldest_is_told_first(shop: Shop) -> None:
    for name, day in (("b", 2), ("c", 1), ("a", 2)):
        values = f"('{name}', 'LINK', 'shop:4', 'shop:5', '2024-05-0{day}')"
        columns = "override_id, kind, entity_a, entity_b, created_at"
        shop.query(f"insert into idr_meta.identity_override ({columns}) values {values}")
    for a, b in (("shop:4", "shop:5"), ("shop:5", "shop:4")):
        assert [row["override_id"] for row in explain(shop.wh, a, b)["pending"]] == ["c", "a", "b"]
    for other in ("shop:4", "shop:5"):
        assert explain(shop.wh, "shop:1", other)["pending"] == explain(shop.wh, other, "shop:1")["pending"] == []


def test_of_two_decisions_alike_the_one_that_was_published_is(shop: Shop) -> None:
    first = decide(shop, "LINK", 4, 5)
    shop.run()
    columns = "override_id, kind, entity_a, entity_b, created_at"
    shop.query(f"insert into idr_meta.identity_override ({columns}) values ('z', 'LINK', 'shop:4', 'shop:5', ?)", NOW)
    told = {row["override_id"]: row["is_published"] for row in overrides.listed(shop.wh)}
    assert told == {first: True, "z": False}
    assert [row["override_id"] for row in explain(shop.wh, "shop:4", "shop:5")["pending"]] == ["z"]


def test_of_two_who_revoke_at_once_the_first_is_told(shop: Shop) -> None:
    made = decide(shop, "LINK", 4, 5)
    for name in ("ann", "bob"):
        shop.wh.execute(read("overrides/revoke"), {"override_id": made, "revoked_by": name, "now": shop.now})
    assert [row["revoked_by"] for row in overrides.listed(shop.wh, include_revoked=True)] == ["ann"]


def test_revoking_one_decision_leaves_the_others(shop: Shop) -> None:
    first, second, third = decide(shop, "LINK", 4, 5), decide(shop, "UNLINK", 1, 4), decide(shop, "UNLINK", 2, 5)
    overrides.revoke(shop.wh, second, "bob", shop.now)
    overrides.revoke(shop.wh, first, "cid", shop.now)
    revoked = {row["override_id"]: row["revoked_by"] for row in overrides.listed(shop.wh, include_revoked=True)}
    assert revoked == {first: "cid", second: "bob", third: None}


def test_of_a_contradiction_edited_by_hand_the_veto_wins_and_the_run_says_so(shop: Shop) -> None:
    decide(shop, "LINK", 4, 5)
    shop.connection.execute(
        "insert into idr_meta.identity_override (override_id, kind, entity_a, entity_b)"
        " values ('hand', 'UNLINK', 'shop:4', 'shop:5')"
    )
    result = shop.run()
    assert result["status"] == "SUCCESS_WITH_WARNINGS"
    assert result["warnings"][0].startswith("IDR-411 unlink hand")
    assert ["shop:4"] in shop.clusters()


def test_each_forced_link_that_a_veto_cut_is_told_once_and_in_order(shop: Shop) -> None:
    """A value that a veto cut is none of them."""
    shop.add((6, None, None, "f", NOW))
    shop.run("FULL")
    links = [
        ("l1", "LINK", 4, 5),
        ("l2", "LINK", 4, 5),
        ("l3", "LINK", 4, 6),
        ("l4", "LINK", 5, 6),
        ("l5", "LINK", 1, 3),
    ]
    for name, kind, a, b in (*links, ("b", "UNLINK", 4, 5), ("c", "UNLINK", 1, 3), ("a", "UNLINK", 1, 2)):
        columns, values = "override_id, kind, entity_a, entity_b", (name, kind, f"shop:{a}", f"shop:{b}")
        shop.query(f"insert into idr_meta.identity_override ({columns}) values (?, ?, ?, ?)", *values)
    warnings = shop.run()["warnings"]
    assert len(shop.query("select * from idr_out.identity_conflict where action = 'CUT'")) == 5
    told = "IDR-411 unlink {} keeps apart what a link forces together ({}); it won"
    assert warnings == [told.format(*row) for row in (("b", "shop:5"), ("b", "shop:6"), ("c", "shop:3"))]


def test_an_override_edited_by_hand_takes_effect(shop: Shop) -> None:
    made = decide(shop, "LINK", 4, 5)
    shop.run()
    shop.connection.execute("update idr_meta.identity_override set entity_a = 'shop:1' where override_id = ?", [made])
    shop.run()
    assert shop.clusters() == [["shop:1", "shop:2", "shop:3", "shop:5"], ["shop:4"]]


def test_an_override_whose_row_was_doubled_by_hand_counts_once(shop: Shop) -> None:
    decide(shop, "LINK", 4, 5)
    shop.connection.execute("insert into idr_meta.identity_override from idr_meta.identity_override")
    shop.run()
    assert shop.clusters() == [["shop:1", "shop:2", "shop:3"], ["shop:4", "shop:5"]]
    assert len(shop.query("from idr_meta.override_current")) == 1
    assert shop.query("select confidence_score from idr_out.identity_clusters_current where cluster_size = 2") == [
        (0.5,)
    ]


@pytest.mark.parametrize("kind", ["LINK", "UNLINK"])
def test_a_decision_about_a_record_and_itself_put_in_by_hand_decides_nothing(shop: Shop, kind: str) -> None:
    columns = "override_id, kind, entity_a, entity_b"
    shop.query(f"insert into idr_meta.identity_override ({columns}) values ('h', ?, 'shop:2', 'shop:2')", kind)
    before = shop.snapshot()
    assert shop.run()["warnings"] == []
    assert shop.snapshot() == before
    assert shop.query("from idr_meta.override_current") == []


@pytest.mark.parametrize("ends", [((4, 1), (4, 5)), ((1, 4), (5, 4)), ((1, 4), (4, 5))])
def test_a_record_that_two_new_decisions_name_is_one_record(shop: Shop, ends: tuple[tuple[int, int], ...]) -> None:
    for number, (a, b) in enumerate(ends):
        columns = "override_id, kind, entity_a, entity_b"
        values = (f"h{number}", f"shop:{a}", f"shop:{b}")
        shop.query(f"insert into idr_meta.identity_override ({columns}) values (?, 'LINK', ?, ?)", *values)
    counts = shop.run()["counts"]
    assert shop.clusters() == [[f"shop:{key}" for key in range(1, 6)]]
    assert (counts["entities_after"], counts["largest_cluster"], counts["merged"]) == (5, 5, 2)
    assert len(shop.query("from idr_out.match_key_current where rule_id = '_link'")) == 4
    assert len(shop.query("from idr_out.entity_current")) == 5


def test_with_the_limit_that_cut_its_cuts_are_gone(shop: Shop) -> None:
    without = shop.config
    phone = Identifier("phone", "digits", unique=True, on_conflict="cut")
    shop.apply(replace(without, identifiers={**without.identifiers, "phone": phone}))
    shop.add((6, "a@x.org", "777", "f", NOW))
    shop.run("FULL")
    assert len(shop.query("from idr_meta.cut_component")) == 4
    shop.apply(without)
    shop.run("FULL")
    assert shop.clusters()[0] == ["shop:1", "shop:2", "shop:3", "shop:6"]
    assert shop.query("from idr_meta.cut_component") == shop.query("from idr_out.identity_conflict") == []


@pytest.mark.parametrize("change", ["made", "revoked"])
def test_a_plan_made_before_an_override_changed_is_not_published(shop: Shop, change: str) -> None:
    first = decide(shop, "LINK", 4, 5) if change == "revoked" else None
    shop.connection.execute("update shop.people set phone = null, upd = upd + interval 1 minute where id = 3")
    planned = shop.run(dry_run=True)
    if first is None:
        decide(shop, "LINK", 1, 4)
    else:
        overrides.revoke(shop.wh, first, "ann", shop.now)
    assert shop.approve(planned["run_id"])["error"]["code"] == "IDR-403"
    assert "published the plan" not in shop.run()["message"]
    joined = [["shop:1", "shop:2", "shop:4"], ["shop:3"], ["shop:5"]]
    apart = [["shop:1", "shop:2"], ["shop:3"], ["shop:4"], ["shop:5"]]
    assert shop.clusters() == (joined if first is None else apart)


def test_a_plan_that_respects_the_overrides_in_force_is_published(shop: Shop) -> None:
    decide(shop, "LINK", 4, 5)
    planned = shop.run(dry_run=True)
    assert planned["run_id"] in shop.run()["message"]
    assert ["shop:4", "shop:5"] in shop.clusters()


THEIRS = """
insert into idr_meta.identity_override (override_id, kind, entity_a, entity_b, reason, created_by, created_at)
values ('theirs', 'UNLINK', 'shop:4', 'shop:5', 'two people', 'bob', timestamp '2024-06-01')
"""


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [(THEIRS, "IDR-411"), ("delete from idr_out.entity_current where entity_key = 'shop:5'", "IDR-407")],
    ids=["contradicted", "gone"],
)
def test_a_decision_that_something_else_overtook_is_withdrawn(shop: Shop, meanwhile: str, code: str) -> None:
    """Another steward, or a run, commits between the check and the insert."""

    class Overtaken:
        def execute(self, sql: str, *values: object) -> object:
            if "insert into idr_meta.identity_override" in sql.lower():
                shop.query(meanwhile)
            return shop.connection.execute(sql, *values)

    with pytest.raises(IdrError) as caught:
        overrides.add(DuckDBWarehouse(Overtaken()), "LINK", "shop:4", "shop:5", "one", "ann", shop.now)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert shop.query("select count(*) from idr_meta.identity_override where created_by = 'ann'") == [(0,)]
