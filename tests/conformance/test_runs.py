"""Histories of runs: the same answers and the same rows, ids included, on both engines."""

from __future__ import annotations

import random

import pytest

from .twins import Twins

pytestmark = [pytest.mark.snowflake, pytest.mark.timeout(300), pytest.mark.slow]
CUSTOMERS = (
    "customer_id integer, email varchar, phone varchar, last_name varchar, birth_date date, spent number(12, 2),"
    " updated_at timestamp_ntz, is_deleted boolean"
)
LEADS = "lead_id varchar, email varchar, phone varchar, mobile varchar, name varchar"
CONFIG = """
sources:
  crm:
    table: data.crm.customers
    key: customer_id
    watermark: updated_at
    lookback_minutes: 10
    deleted_when: is_deleted
    trust: 1
    identifiers: {email: email, phone: phone, last_name: last_name, dob: birth_date}
    attributes: {email: email, last_name: last_name, spent: spent, seen: updated_at, dob: birth_date}
  web:
    table: data.crm.leads
    key: lead_id
    identifiers: {email: email, phone: "coalesce(mobile, phone)", last_name: name}
    attributes: {email: email, last_name: name}
identifiers:
  email: {normalize: email, exclude: ["test@test.com", {like: "%@spam.example"}, {regex: "no.?reply@.*"}]}
  phone: {normalize: phone, region: US}
  last_name: {normalize: name}
  dob: {normalize: date}
rules:
  - {id: email, match: [email], max_group_size: 3}
  - {id: phone, match: [phone]}
  - {id: name_dob, match: [last_name, dob]}
survivorship:
  email: {strategy: source_priority, sources: [web, crm]}
  last_name: {strategy: longest}
  spent: {strategy: max}
guardrails: {max_moved_ratio: null, suspect_group_factor: null, min_source_ratio: null}
"""


@pytest.fixture
def shop(twins: Twins) -> Twins:
    twins.table(
        "customers", CUSTOMERS,
        (1, "Ann@x.org", "(202) 555-0123", "O'Brien", "1980-01-02", "10.50", "2024-01-01 10:00:00", False),
        (2, "ann@X.org ", None, "Obrien", "1980-01-02", 3, "2024-01-02 10:00:00", False),
        (3, "bob@x.org", "+1 202 555 0199", "Müller", "1975-05-05", None, "2024-01-03 10:00:00.123456", False),
        (4, "test@test.com", None, "Muller", "1975-05-05", "7.25", "2024-01-04 10:00:00", None),
        (5, "noreply@shop.example", "n/a", "Solo", None, 0, None, False),
        (6, "gone@x.org", None, "Gone", None, 1, "2024-01-05 10:00:00", True),
        (7, "no-reply@a.org", None, "Other", None, 2, "2024-01-05 10:00:00", False),
        (8, "x@spam.example", None, None, None, 2, "2024-01-05 10:00:00", False),
        (9, "y@SPAM.example", None, None, None, 2, "2024-01-05 10:00:00", False),
    )  # fmt: skip
    twins.table(
        "leads", LEADS,
        ("a-1", "bob@x.org", None, None, "Bob Mueller"), ("a-2", None, "202.555.0123", None, "Ann"),
        ("b?:x", "info@firm.example", None, None, "One"), ("b-2", "info@firm.example", None, "2025550177", "Two"),
        ("b-3", "INFO@firm.example", None, None, "Three"),
    )  # fmt: skip
    twins.configure(CONFIG)
    return twins


def test_full_and_incremental_runs_publish_the_same_rows(shop: Twins) -> None:
    shop.run("FULL", dry_run=True, status="DRY_RUN_COMPLETE")
    assert shop.count("identity_resolved_membership_current") == 0
    assert "published the plan of run run 0" in shop.run("FULL")["message"]
    assert shop.clusters() == [
        ["crm:1", "crm:2", "web:a-2"], ["crm:3", "crm:4", "web:a-1"], ["crm:5"], ["crm:7"], ["crm:8"], ["crm:9"],
        ["web:b-2", "web:b-3", "web:b?:x"],
    ]  # fmt: skip
    assert shop.run("INCR")["counts"]["moved"] == 0

    shop.insert(
        "customers",
        (10, "new@x.org", "2025550177", "Newcomer", None, 99, "2024-06-02 00:00:00", False),
        (11, "late@x.org", None, "Solo", None, 5, "2024-01-05 09:55:00", False),  # within the lookback
        (12, "lost@x.org", None, "Solo", None, 5, "2024-01-01 00:00:00", False),  # older than the watermark
        (13, "noreply@shop.example", "(202) 555-0199", None, None, None, None, False),  # read each time
    )
    shop.insert("leads", ("b-4", "info@firm.example", None, None, "Four"))  # one more than the group may have
    shop.do(
        "update data.crm.customers set email = 'ann.two@x.org', last_name = 'Other', updated_at = '2024-06-02 01:00:00'"
        " where customer_id = 2",
        "update data.crm.customers set is_deleted = true, updated_at = '2024-06-02 02:00:00' where customer_id = 4",
        "delete from data.crm.leads where lead_id = 'a-2'",
    )
    shop.run("INCR", dry_run=True, status="DRY_RUN_COMPLETE")
    shop.run("INCR")
    assert shop.clusters() == [
        ["crm:1"], ["crm:10", "web:b-2"], ["crm:11"], ["crm:13", "crm:3", "web:a-1"], ["crm:2"], ["crm:5"], ["crm:7"],
        ["crm:8"], ["crm:9"], ["web:b-3"], ["web:b-4"], ["web:b?:x"],
    ]  # fmt: skip
    assert shop.count("skipped_identifier_groups") == 1
    shop.do("delete from data.crm.leads where lead_id = 'b-4'")  # the group is small enough again
    shop.run("INCR")
    assert ["crm:10", "web:b-2", "web:b-3", "web:b?:x"] in shop.clusters()
    shop.run("FULL")
    assert ["crm:12"] in shop.clusters()
    assert shop.count("identity_alias") > 0


def test_a_changed_rule_is_computed_in_full(shop: Twins) -> None:
    shop.run("FULL")
    shop.configure(CONFIG.replace("match: [last_name, dob]", "match: [last_name]"))
    shop.do("update data.crm.customers set last_name = 'Solo' where customer_id = 7")
    answer = shop.run("INCR")
    assert "computed in full" in answer["message"]
    assert ["crm:5", "crm:7"] in shop.clusters()
    other = CONFIG.replace("key: lead_id", """key: "'x' || lead_id" """)
    shop.configure(other.replace("spent: spent, ", "").replace("  spent: {strategy: max}\n", ""))
    shop.run("INCR")
    assert ["web:xb-2", "web:xb-3", "web:xb?:x"] in shop.clusters()


def test_what_the_gate_holds_is_published_when_approved(shop: Twins) -> None:
    strict = CONFIG.replace("min_source_ratio: null", "min_source_ratio: 0.8")
    shop.configure(strict.replace("max_moved_ratio: null", "max_cluster_size: 2"))
    assert "max_cluster_size" in shop.run("FULL", status="HELD")["reasons"][0]
    assert shop.clusters() == []
    shop.approve(0)
    assert len(shop.clusters()) == 7
    shop.do("delete from data.crm.leads")
    assert "shrink" in shop.run("FULL", status="HELD")["reasons"][0]
    shop.approve(2)
    assert shop.clusters() == [["crm:1", "crm:2"], ["crm:3", "crm:4"], ["crm:5"], ["crm:7"], ["crm:8"], ["crm:9"]]


def test_the_latest_of_rows_with_one_key_wins(shop: Twins) -> None:
    shop.insert(
        "customers",
        (1, "twice@x.org", None, "Twice", None, 1, "2024-02-01 10:00:00", False),
        (3, "older@x.org", None, "Older", None, 1, "2023-02-01 10:00:00", False),
        (5, "tie@x.org", None, "Tie", None, 1, None, False),
    )
    shop.insert("leads", ("a-1", "twice@x.org", None, None, "B"), ("a-1", "twice@x.org", None, None, "A"))
    answer = shop.run("FULL", status="SUCCESS_WITH_WARNINGS")
    assert "crm" in answer["warnings"][0]
    shop.insert("customers", (1, "thrice@x.org", None, "Thrice", None, 1, "2024-03-01 10:00:00", False))
    shop.run("INCR", status="SUCCESS_WITH_WARNINGS")


def test_every_strategy_picks_the_same_value_of_every_type(twins: Twins) -> None:
    columns = "id number(9, 0), mail varchar, name varchar, born date, spent number(10, 2), seen timestamp_ntz"
    twins.table("people", columns)
    twins.table("others", "id varchar, mail varchar, name varchar, changed date")
    names = ["Ann", "ann", "Änn", "ANN ", "n/a", "", None, "Zoë", "a b", "日本", "10", "9", "Ann"]
    for number, name in enumerate(names):
        mail, day = f"m{number % 3}@x.org", f"2024-01-{1 + number % 5:02}"
        twins.insert("people", (number, mail, name, day, f"{number}.50", f"{day} 00:00:00"))
        twins.insert("others", (f"k{number}", mail, name and name.upper(), day))
    strategies = ("most_recent", "earliest", "source_priority", "most_frequent", "longest", "min", "max")
    kept = {f"{name}_{how}": (name, how) for name in ("name", "born", "spent", "seen") for how in strategies}
    twins.configure(f"""
sources:
  people:
    table: data.crm.people
    key: id
    watermark: seen
    trust: 2
    identifiers: {{mail: mail}}
    attributes: {{{", ".join(f"{kept_as}: {name}" for kept_as, (name, _) in kept.items())}}}
  others:
    table: data.crm.others
    key: id
    watermark: changed
    trust: 1
    identifiers: {{mail: mail}}
    attributes: {{{", ".join(f"name_{how}: name" for how in strategies)}}}
identifiers: {{mail: {{normalize: email}}}}
rules: [{{id: mail, match: [mail]}}]
survivorship: {{{", ".join(f"{kept_as}: {{strategy: {how}}}" for kept_as, (_, how) in kept.items())}}}
""")
    twins.run("FULL")
    assert twins.count("golden_profile_current") == 3


def test_a_random_history_publishes_the_same_rows(shop: Twins) -> None:
    rng = random.Random(2)
    for step in range(4):
        for _ in range(8):
            key, moment = rng.randrange(1, 30), f"2024-02-{1 + step:02} 00:00:{rng.randrange(60):02}"
            shop.do(f"delete from data.crm.customers where customer_id = {key}")
            email, phone = f"e{rng.randrange(8)}@x.org", f"202555{rng.randrange(1000, 1008)}"
            row = (key, email, phone, f"n{rng.randrange(5)}", f"1980-01-0{rng.randrange(1, 4)}", 1, moment)
            shop.insert("customers", (*row, rng.random() < 0.2))
        shop.do(f"delete from data.crm.leads where lead_id = 'r{step - 2}'")
        shop.insert(
            "leads", (f"r{step}", f"e{rng.randrange(8)}@x.org", None, f"202555{rng.randrange(1000, 1008)}", "R")
        )
        shop.run(rng.choice(["INCR", "INCR", "FULL"]))
    assert shop.count("identity_alias") > 0
