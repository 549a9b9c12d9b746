"""An erased record is nowhere in IDR's tables, and no run brings it back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from idr import overrides, schema
from idr.compare import membership
from idr.config import store
from idr.errors import IdrError
from idr.model import Exclusion, Identifier, Rule
from idr.run import forget
from idr.show import show
from idr.stages.context import RunContext
from idr.warehouse.compact import compact
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.resolution.shop import NOW, SHOP, UNLIMITED, WATCHED, Shop

KEY = "shop:7070707"
VALUES = ("zebulon@quirk.example", "4915550001", "Zebulon Quirk-Ä")
WORDS = (KEY, "7070707", *VALUES)


def everywhere(shop: Shop, words: tuple[str, ...] = WORDS) -> list[str]:
    """Table, column and value of everything in IDR's schemas that has one of the words, escaped ones included."""
    forms = {form.lower() for word in words for form in (word, json.dumps(word)[1:-1])}
    return [
        f"{name}.{column}: {value}"
        for name, (columns, *rows) in shop.tables("idr_out", "idr_meta", "idr_work").items()
        for row in rows
        for column, value in zip(columns, row, strict=True)
        if any(form in str(value).lower() for form in forms)
    ]


def full_shop() -> Shop:
    """One whose tables name the record wherever they can: log, plans, previews, samples, messages, overrides, cuts."""
    shop = Shop(
        guardrails=replace(UNLIMITED, suspect_group_factor=5),
        sources=WATCHED,
    )
    rule = shop.config.rules["phone"]
    shop.apply(replace(shop.config, rules={**shop.config.rules, "phone": replace(rule, max_group_size=2)}))
    email, phone, name = VALUES
    shop.add(
        (7070707, email, phone, name, NOW + timedelta(seconds=1)),
        (7070707, "old@x.org", None, "old", NOW - timedelta(days=1)),
    )
    shop.add((2, email, None, "b", NOW), (3, None, phone, "c", NOW), (4, "d@x.org", phone, "d", NOW))
    shop.add((5, "e@x.org", None, "e", NOW), (6, "f@x.org", None, "f", NOW))
    shop.run("FULL", dry_run=True)
    shop.run("FULL")
    for kind, other in (("LINK", "shop:5"), ("UNLINK", "shop:2"), ("UNLINK", "shop:6")):
        overrides.add(shop.wh, kind, KEY, other, f"see {KEY}", "ann", shop.now)
    overrides.add(shop.wh, "UNLINK", "shop:2", "shop:6", f"they are {name}, says {KEY}", "ann", shop.now)
    shop.run()
    shop.connection.execute("update idr_out.run_history set error_message = ?", [f"cannot cast '{email}'"])
    shop.connection.execute("update shop.people set name = 'new', upd = upd + interval 1 minute where id = 7070707")
    shop.connection.execute("update shop.people set phone = null where id = 3")
    shop.run(dry_run=True)
    shop.connection.execute("update shop.people set name = ? where id = 7070707", [name])
    return shop


def test_the_shop_names_the_record_in_every_place_there_is() -> None:
    places = {line.split(":")[0] for line in everywhere(full_shop())}
    wanted = {
        "idr_out.entity_current.entity_key",
        "idr_out.entity_current.i_email",
        "idr_out.entity_current.a_name",
        "idr_out.identity_resolved_membership_current.entity_key",
        "idr_out.golden_profile_current.name",
        "idr_out.golden_provenance_current.name",
        "idr_out.identity_event.entity_key",
        "idr_out.skipped_identifier_groups.sample_entity_keys",
        "idr_out.run_history.warnings",
        "idr_out.run_history.error_message",
        "idr_out.plan.warnings",
        "idr_out.dry_run_results.entity_key",
        "idr_meta.identity_override.entity_a",
        "idr_meta.identity_override.reason",
        "idr_meta.override_current.entity_a",
        "idr_meta.cut_component.entity_key",
    }
    assert wanted <= {place.replace("entity_b", "entity_a") for place in places}
    assert any(place.startswith("idr_work.") for place in places)


def test_nothing_tells_of_an_erased_record_and_no_run_brings_it_back() -> None:
    shop = full_shop()
    shop.connection.execute("update shop.people set email = null where id = 2")
    shop.run()
    shop.connection.execute("update shop.people set phone = null where id in (3, 4)")
    shop.run("FULL")
    receipt = forget(shop.wh, KEY, clock=lambda: shop.now)
    assert receipt["status"] == "SUCCESS"
    assert everywhere(shop) == []
    for mode in ("INCR", "FULL", "INCR"):
        assert shop.run(mode)["status"] in ("SUCCESS", "SUCCESS_WITH_WARNINGS")
        assert KEY not in shop.ids()
        assert everywhere(shop, (KEY, *VALUES)) == []
    with pytest.raises(IdrError) as caught:
        forget(shop.wh, KEY, clock=lambda: shop.now)
    assert caught.value.code == "IDR-412"


def test_values_that_others_hold_stay_with_them() -> None:
    shop = full_shop()
    forget(shop.wh, KEY, clock=lambda: shop.now)
    assert {line.split(":")[0] for line in everywhere(shop)} == {
        "idr_out.entity_current.i_email",
        "idr_out.entity_current.i_phone",
    }


def test_the_receipt_counts_rows_and_tells_what_became_of_the_clusters() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", "555", "b", NOW), (3, None, "555", "c", NOW))
    shop.run("FULL")
    old = shop.ids()["shop:2"]
    receipt = forget(shop.wh, "shop:2", clock=lambda: shop.now)
    assert shop.clusters() == [["shop:1"], ["shop:3"]]
    assert (receipt["mode"], receipt["clusters_changed"]) == ("FORGET", 1)
    names = ("rows_read", "removed", "moved", "entities_before", "entities_after", "clusters_before", "clusters_after")
    assert [receipt["counts"][name] for name in names] == [0, 1, 1, 3, 2, 1, 2]
    assert shop.query("select is_dry_run from idr_out.run_history where run_mode = 'FORGET'") == [(False,)]
    assert receipt["clusters"] == [{"old_resolved_id": old, "resolved_id": old, "part_count": 2}]
    assert receipt["rows"] == {
        "idr_out.entity_current": 1,
        "idr_out.match_key_current": 2,
        "idr_out.identity_resolved_membership_current": 1,
        "idr_out.identity_event": 1,
        "texts": 0,
    }
    history = shop.query("select run_mode, status, version from idr_out.run_history order by version desc limit 1")
    assert history == [("FORGET", "SUCCESS", 2)]
    assert {row["entity_key"] for row in membership(shop.wh, receipt["run_id"])} == {"shop:1", "shop:3"}


def test_the_receipt_counts_every_row_that_names_the_record() -> None:
    shop = full_shop()
    for column, other in (("entity_key", "other_entity_key"), ("other_entity_key", "entity_key")):
        shop.query(f"insert into idr_out.identity_conflict ({column}, {other}) values (?, 'shop:2')", KEY)
    shop.query("insert into idr_meta.cut_component values ('shop:9', ?), (?, 'shop:9')", KEY, KEY)
    shop.query(
        "insert into idr_meta.identity_override (entity_a, entity_b) values (?, 'shop:8'), ('shop:8', ?)", KEY, KEY
    )
    shop.query(
        "insert into idr_meta.override_current values ('x', 'LINK', ?, 'shop:8'), ('y', 'LINK', 'shop:8', ?)", KEY, KEY
    )
    shop.query("insert into idr_out.skipped_identifier_groups (sample_entity_keys) values (?), ('shop:70707070')", KEY)
    [(entity_id,)] = shop.query("select entity_id from idr_out.entity_current where entity_key = ?", KEY)

    def names(table: str, row: tuple) -> bool:
        if table == "idr_out.match_key_current":
            return row[0] == entity_id
        return any(KEY in (str(value).split(", ") if "skipped" in table else [value]) for value in row)

    tables = {name: rows[1:] for name, rows in shop.tables("idr_out", "idr_meta").items()}
    del tables["idr_out.golden_provenance_current"]  # computed anew, like the profile
    wanted = {name: sum(names(name, row) for row in rows) for name, rows in tables.items()}
    receipt = forget(shop.wh, KEY, clock=lambda: shop.now)
    for name in ("idr_out.dry_run_results", "idr_out.identity_event", "idr_meta.override_current"):
        others = [row for row in tables[name] if not names(name, row)]
        assert others
        assert set(others) <= set(shop.tables(name.partition(".")[0])[name][1:])
    assert shop.query("select entity_a, entity_b from idr_meta.identity_override") == [("shop:2", "shop:6")]
    del receipt["rows"]["texts"]
    assert receipt["rows"] == {name: number for name, number in wanted.items() if number}
    assert len(receipt["rows"]) == 10


def test_the_id_of_an_erased_single_record_is_retired() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    old = shop.ids()["shop:1"]
    receipt = forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert receipt["clusters"] == [{"old_resolved_id": old, "resolved_id": None, "part_count": 0}]
    assert show(shop.wh, old)["resolved_id"] is None
    for name in ("shop:1", "shop:2"):
        with pytest.raises(IdrError) as caught:
            show(shop.wh, name)
        assert caught.value.code == ("IDR-412" if name == "shop:1" else "IDR-407")


def test_a_group_that_shrinks_to_its_limit_links_again() -> None:
    shop = Shop(guardrails=UNLIMITED)
    rule = replace(shop.config.rules["email"], max_group_size=2)
    shop.apply(replace(shop.config, rules={"email": rule}))
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(3)))
    shop.run("FULL")
    assert shop.clusters() == [["shop:0"], ["shop:1"], ["shop:2"]]
    was = shop.ids()
    receipt = forget(shop.wh, "shop:0", clock=lambda: shop.now)
    assert shop.clusters() == [["shop:1", "shop:2"]]
    became = {
        was["shop:0"]: (None, 0),
        was["shop:1"]: (shop.ids()["shop:1"], 1),
        was["shop:2"]: (shop.ids()["shop:1"], 1),
    }
    assert [tuple(row.values()) for row in receipt["clusters"]] == [(old, *new) for old, new in sorted(became.items())]


def test_groups_of_a_value_that_nobody_else_holds_are_erased_and_all_others_stay() -> None:
    rules = {"email": Rule("email", ("email",), 1, max_group_size=2), "phone": Rule("phone", ("phone",), 2)}
    shop = Shop(guardrails=UNLIMITED, rules=rules, sources=WATCHED)
    shop.add(*((i, "left@x.org", None, "x", NOW) for i in range(3)))
    shop.add(*((10 + i, "mine@x.org", "555", "x", NOW) for i in range(3)), (20, None, "555", "x", NOW))
    shop.run("FULL")
    shop.query("delete from shop.people where id in (0, 1, 2, 11, 12)")
    shop.run()
    keys = shop.query("select distinct rule_id, match_key from idr_out.skipped_identifier_groups")
    keys += shop.query("select distinct rule_id, match_key from idr_out.match_key_current where rule_id = 'phone'")
    for row in keys:
        shop.query("insert into idr_meta.known_suspect_group values (?, ?, 9)", *row)
    mine = shop.query("select match_key from idr_out.match_key_current where rule_id = 'email'")
    forget(shop.wh, "shop:10", clock=lambda: shop.now)
    left = {row for row in keys if row[1:] not in mine}
    assert len(left) == len(keys) - 1 == 2
    assert set(shop.query("select rule_id, match_key from idr_meta.known_suspect_group")) == left
    skipped = shop.query("select rule_id, match_key from idr_out.skipped_identifier_groups")
    assert set(skipped) == {row for row in left if row[0] == "email"}


def test_at_most_fifty_identities_are_listed_in_a_receipt() -> None:
    shop = Shop(guardrails=UNLIMITED, rules={"email": Rule("email", ("email",), 1, max_group_size=59)})
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in range(60)))
    shop.run("FULL")
    before = shop.ids().values()
    receipt = forget(shop.wh, "shop:0", clock=lambda: shop.now)
    assert receipt["clusters_changed"] == 60
    assert [row["old_resolved_id"] for row in receipt["clusters"]] == sorted(before)[:50]


def test_erasure_ends_what_the_records_vetoes_cut() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", "555", "b", NOW), (3, None, "555", "c", NOW))
    shop.add((4, "a@x.org", None, "d", NOW))
    shop.run("FULL")
    overrides.add(shop.wh, "UNLINK", "shop:1", "shop:2", "no", "ann", shop.now)
    shop.run()
    assert len(shop.clusters()) == 2
    forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert shop.clusters() == [["shop:2", "shop:3", "shop:4"]]
    assert shop.run("FULL")["counts"]["moved"] == 0


def test_a_record_that_left_its_source_before_is_erased_from_the_log() -> None:
    shop = Shop(guardrails=UNLIMITED, sources=WATCHED)
    shop.add((1, "a@x.org", None, "a", NOW), (7070707, *VALUES, NOW))
    shop.run("FULL")
    shop.connection.execute("delete from shop.people where id = 7070707")
    shop.run()
    assert everywhere(shop)
    assert forget(shop.wh, KEY, clock=lambda: shop.now)["rows"]["idr_out.identity_event"] == 2
    assert everywhere(shop) == []
    shop.add((7070707, *VALUES, NOW))
    shop.run("FULL")
    assert everywhere(shop) == []


def test_of_a_record_that_left_before_nothing_stays_and_of_others_everything() -> None:
    """No run computes its links, cuts and plans anew: they are taken out one by one."""
    shop = Shop(guardrails=UNLIMITED, sources=WATCHED)
    shop.add((1, "a@x.org", None, "a", NOW), (7070707, *VALUES, NOW))
    shop.run("FULL")
    shop.query("delete from shop.people where id = 7070707")
    shop.run()
    for name, first, second in (("x", KEY, "shop:1"), ("y", "shop:1", KEY), ("z", "shop:1", "shop:2")):
        shop.query("insert into idr_out.identity_conflict (entity_key, other_entity_key) values (?, ?)", first, second)
        shop.query("insert into idr_meta.override_current values (?, 'UNLINK', ?, ?)", name, first, second)
        shop.query("insert into idr_meta.cut_component values (?, ?)", first, second)
    became = {"READY": "STALE", "HELD": "STALE", "STALE": "STALE", "PUBLISHED": "PUBLISHED"}
    for status in became:
        shop.query("insert into idr_out.plan (run_id, status) values (?, ?)", f"was {status}", status)
    forget(shop.wh, KEY, clock=lambda: shop.now)
    conflicts = shop.query("select entity_key, other_entity_key from idr_out.identity_conflict order by all")
    assert conflicts == [("shop:1", "shop:2"), ("shop:1", None)]
    assert shop.query("select * from idr_meta.override_current") == [("z", "UNLINK", "shop:1", "shop:2")]
    assert shop.query("select * from idr_meta.cut_component") == [("shop:1", "shop:2")]
    assert dict(shop.query("select run_id[5:], status from idr_out.plan where run_id like 'was %'")) == became


def test_a_record_that_was_only_planned_is_erased_with_its_plan() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((7070707, *VALUES, NOW))
    shop.run("FULL", dry_run=True)
    assert any(line.startswith("idr_work.") for line in everywhere(shop))
    forget(shop.wh, KEY, clock=lambda: shop.now)
    assert everywhere(shop) == []
    shop.run("FULL")
    assert shop.clusters() == []


def test_pending_plans_are_discarded() -> None:
    shop = full_shop()
    (plan,) = shop.query("select run_id from idr_out.plan where status = 'READY'")[0]
    forget(shop.wh, KEY, clock=lambda: shop.now)
    assert shop.query("select status from idr_out.plan where run_id = ?", plan) == [("STALE",)]
    assert shop.query("select * from information_schema.tables where table_schema = 'idr_work'") == []
    assert shop.approve(plan)["error"]["code"] == "IDR-403"


def test_the_gate_does_not_stop_an_erasure() -> None:
    shop = Shop(guardrails=replace(UNLIMITED, min_source_ratio=1.0, max_moved_ratio=0.0, max_split_clusters=0))
    shop.add((1, "a@x.org", None, "a", NOW), (2, "a@x.org", "555", "b", NOW), (3, None, "555", "c", NOW))
    shop.run("FULL")
    assert forget(shop.wh, "shop:2", clock=lambda: shop.now)["status"] == "SUCCESS"
    assert shop.clusters() == [["shop:1"], ["shop:3"]]
    assert shop.run("FULL")["status"] == "SUCCESS"


def test_an_erasure_keeps_to_the_published_configuration() -> None:
    """A configuration that waits for its first run is not published by the way."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", "555", "a", NOW), (2, "a@x.org", "555", "b", NOW), (3, None, "555", "c", NOW))
    shop.run("FULL")
    shop.apply(replace(shop.config, rules={"email": shop.config.rules["email"]}))
    waiting = overrides.add(shop.wh, "UNLINK", "shop:2", "shop:3", "no", "ann", shop.now)["override_id"]
    forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert shop.clusters() == [["shop:2", "shop:3"]]
    assert not overrides.listed(shop.wh)[0]["is_published"], waiting
    assert "rules changed" in shop.run()["message"]
    assert shop.clusters() == [["shop:2"], ["shop:3"]]


def test_a_configuration_that_names_a_value_is_told() -> None:
    email = Identifier("phone", "digits", exclude=(Exclusion("exact", VALUES[1]), Exclusion("exact", "000")))
    shop = Shop(guardrails=UNLIMITED, identifiers={"email": Identifier("email", "email"), "phone": email})
    shop.add((7070707, VALUES[0], None, VALUES[2], NOW), (2, None, "000", "x", NOW))
    shop.run("FULL")
    shop.apply(
        replace(
            shop.config,
            identifiers={
                **shop.config.identifiers,
                "email": Identifier("email", "email", exclude=(Exclusion("like", VALUES[0]),)),
            },
        )
    )
    assert forget(shop.wh, KEY, clock=lambda: shop.now)["notes"] == [
        "identifier email: its exclusions name a value of the record; edit the configuration"
    ]


def test_an_erasure_that_meets_a_run_changes_nothing() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add((1, "a@x.org", None, "a", NOW))
    shop.run("FULL")
    shop.wh.execute(
        "update idr_meta.run_lock set holder = :holder, expires_at = :until",
        {"holder": f"{shop.wh.process_token}:other", "until": NOW + timedelta(days=1)},
    )
    before = shop.tables("idr_meta")
    receipt = forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert (receipt["status"], receipt["rows"]) == ("SKIPPED", {})
    assert shop.tables("idr_meta") == before
    assert shop.ids().keys() == {"shop:1"}


def test_an_erasure_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = full_shop()
    before, membership_before = shop.snapshot(), shop.ids()
    monkeypatch.setattr("idr.erase._scrub", lambda *_: {}["broken"])
    with pytest.raises(KeyError):
        forget(shop.wh, KEY, clock=lambda: shop.now)
    assert (shop.snapshot(), shop.ids()) == (before, membership_before)
    assert shop.query("select * from idr_meta.tombstone") == []
    monkeypatch.undo()
    assert forget(shop.wh, KEY, clock=lambda: shop.now)["status"] == "SUCCESS"


def test_an_unknown_record_is_idr_407() -> None:
    shop = full_shop()
    with pytest.raises(IdrError) as caught:
        forget(shop.wh, "shop:707070", clock=lambda: shop.now)
    assert caught.value.code == "IDR-407"
    assert KEY in shop.ids()


def test_a_key_that_begins_like_the_erased_one_stays() -> None:
    shop = Shop(guardrails=UNLIMITED)
    rule = replace(shop.config.rules["email"], max_group_size=2)
    shop.apply(replace(shop.config, rules={"email": rule}))
    shop.add(*((i, "a@x.org", None, "x", NOW) for i in (1, 11, 12, 21, 31)))
    shop.run("FULL")
    forget(shop.wh, "shop:1", clock=lambda: shop.now)
    samples = shop.query("select sample_entity_keys from idr_out.skipped_identifier_groups")
    assert samples == [("shop:11, shop:12, shop:21, shop:31",)]


def test_the_files_bytes_tell_nothing_after_a_compaction(tmp_path: Path) -> None:
    """The sources are in a file of their own: what they hold is theirs to erase."""
    file, source = tmp_path / "idr.duckdb", tmp_path / "source.duckdb"
    with duckdb.connect(str(source)) as connection:
        connection.execute("create schema shop")
        connection.execute("create table shop.people (id bigint, email text, phone text, name text, upd timestamp)")
        connection.execute("insert into shop.people values (7070707, ?, ?, ?, ?)", [*VALUES, NOW])
        connection.execute("insert into shop.people select i, i || '@x.org', null, 'n', ? from range(99) t(i)", [NOW])
    shop = Shop.__new__(Shop)
    shop.connection = duckdb.connect(str(file))
    shop.connection.execute(f"attach '{source}' as source (read_only)")
    shop.wh, shop.now = DuckDBWarehouse(shop.connection), NOW
    schema.install(shop.wh)
    memory = Shop(guardrails=UNLIMITED, sources={"shop": replace(SHOP, table="source.shop.people")})
    store.apply(shop.wh, memory.config)
    assert shop.run("FULL")["status"] == "SUCCESS"
    shop.connection.execute("checkpoint")
    assert VALUES[0].encode() in file.read_bytes()
    assert forget(shop.wh, KEY, clock=lambda: shop.now)["status"] == "SUCCESS"
    shop.connection.close()
    compact(file)
    content = file.read_bytes()
    assert [word for word in WORDS if word.encode() in content] == []
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"attach '{source}' as source (read_only)")
        shop.connection, shop.wh = connection, DuckDBWarehouse(connection)
        assert shop.run("FULL")["counts"]["entities_after"] == 99
        assert shop.query("select count(*) from idr_out.identity_edges_current") == [(0,)]


def test_an_erasure_that_would_leave_a_row_publishes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = full_shop()
    before = shop.snapshot()
    run_file = RunContext.run_file
    skipping = lambda ctx, path, *rest: 0 if path == "publish/erased" else run_file(ctx, path, *rest)  # noqa: E731
    monkeypatch.setattr(RunContext, "run_file", skipping)
    receipt = forget(shop.wh, KEY, clock=lambda: shop.now)
    assert (receipt["status"], receipt["error"]["code"]) == ("FAILED", "IDR-302")
    assert shop.snapshot() == before
