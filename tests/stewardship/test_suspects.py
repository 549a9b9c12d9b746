from __future__ import annotations

from dataclasses import replace

import pytest

from idr.config import yaml_file
from idr.errors import IdrError
from idr.model import Exclusion, Rule
from idr.suspects import suspects
from tests.resolution.shop import NOW, UNLIMITED, Shop


@pytest.fixture
def shop() -> Shop:
    shop = Shop(
        guardrails=UNLIMITED,
        rules={"email": Rule("email", ("email",), 1, 15), "both": Rule("both", ("email", "phone"), 2)},
    )
    shop.add(*((i, f"u{i // 2}@x.org", None, "x", NOW) for i in range(80)))
    shop.add(*((100 + i, "info@x.org", f"55{i // 12}", "x", NOW) for i in range(24)))
    shop.add(*((200 + i, "team@x.org", None, "x", NOW) for i in range(12)))
    return shop


def test_values_on_far_more_records_than_usual_are_listed(shop: Shop) -> None:
    shop.run("FULL")
    result = suspects(shop.wh, show_values=True)
    found = [(row["rule_id"], row["records"], row["is_skipped"], row["values"]["email"]) for row in result["suspects"]]
    assert found == [("email", 24, True, "info@x.org"), ("email", 12, False, "team@x.org")]
    assert [row["example"] for row in result["suspects"]] == ["shop:100", "shop:200"]
    assert result["total"] == 2
    assert suspects(shop.wh, limit=1)["total"] == 2
    assert suspects(shop.wh)["suspects"][0]["values"] == {"email": "i********g"}
    assert "info" not in suspects(shop.wh)["suspects"][0]["exclude"]


def test_twenty_are_listed_unless_another_number_is_asked_for() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(80)))
    shop.add(*((100 + i, f"team{i // 11}@x.org", None, "x", NOW) for i in range(22 * 11)))
    shop.run("FULL")
    result = suspects(shop.wh)
    assert (len(result["suspects"]), result["total"]) == (20, 22)


def test_the_largest_are_told_first() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(30)))
    shop.add(*((100 * size + i, f"team{size}@x.org", None, "x", NOW) for size in range(11, 17) for i in range(size)))
    shop.run("FULL")
    for limit in (3, 6):
        told = [row["records"] for row in suspects(shop.wh, limit=limit)["suspects"]]
        assert told == [16, 15, 14, 13, 12, 11][:limit]


def test_the_entry_excludes_the_value(shop: Shop) -> None:
    shop.run("FULL")
    found = suspects(shop.wh, show_values=True)["suspects"][0]
    text = f"""
sources:
  shop: {{table: shop.people, key: id, identifiers: {{email: email}}}}
identifiers:
  {found["identifier"]}: {{exclude: [{found["exclude"]}]}}
rules:
  - {{id: email, match: [email]}}
guardrails: {{suspect_group_factor: null, max_moved_ratio: null}}
"""
    shop.apply(yaml_file.load_text(text))
    assert shop.config.identifiers["email"].exclude == (Exclusion("exact", "info@x.org"),)
    assert shop.run("FULL")["status"] == "SUCCESS"
    assert [row["values"]["email"] for row in suspects(shop.wh, show_values=True)["suspects"]] == ["team@x.org"]


def test_the_entry_is_written_in_the_letters_of_the_value() -> None:
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(80)))
    shop.add(*((100 + i, "büro@x.org", None, "x", NOW) for i in range(24)))
    shop.run("FULL")
    [found] = suspects(shop.wh, show_values=True)["suspects"]
    assert found["exclude"] == '{exact: "büro@x.org"}'


def test_far_more_is_a_multiple_of_the_upper_quartile_and_never_ten_or_fewer() -> None:
    """Three is usual for an e-mail, so that more than 15 are suspect; of a rule that nobody used yet, one is."""
    shop = Shop(guardrails=UNLIMITED)
    shop.add(*((i, f"u{i // 3}@x.org", None, "x", NOW) for i in range(120)))
    for name, size, start in (("a", 16, 200), ("b", 15, 300), ("c", 17, 400), ("d", 16, 500)):
        shop.add(*((start + i, f"{name}@x.org", None, "x", NOW) for i in range(size)))
    shop.run("FULL")
    shop.add(*((600 + i, None, f"555{i // 11}", "x", shop.now) for i in range(21)))
    shop.run()
    result = suspects(shop.wh, show_values=True)
    keys = dict(
        shop.query("select i_email, match_key from idr_out.entity_current natural join idr_out.match_key_current")
    )
    equals = sorted(("a@x.org", "d@x.org"), key=lambda email: keys[email])
    first = {"a@x.org": "shop:200", "d@x.org": "shop:500"}
    told = [(*row["values"].values(), row["records"], row["usual"], row["example"]) for row in result["suspects"]]
    assert told == [
        ("c@x.org", 17, 3, "shop:400"),
        *((email, 16, 3, first[email]) for email in equals),
        ("5550", 11, None, "shop:600"),
    ]
    for limit in (1, 2, 3):
        bounded = suspects(shop.wh, limit=limit, show_values=True)
        assert (bounded["suspects"], bounded["total"]) == (result["suspects"][:limit], 4)


def test_two_rules_on_one_value_are_told_in_order_of_their_names() -> None:
    rules = {name: Rule(name, ("email",), rank) for rank, name in enumerate(("b", "a", "c"))}
    shop = Shop(guardrails=UNLIMITED, rules=rules)
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(60)))
    shop.add(*((100 + i, "info@x.org", None, "x", NOW) for i in range(11)))
    shop.run("FULL")
    assert [row["rule_id"] for row in suspects(shop.wh)["suspects"]] == ["a", "b", "c"]
    assert [row["rule_id"] for row in suspects(shop.wh, limit=2)["suspects"]] == ["a", "b"]


def test_a_group_that_was_skipped_once_and_links_again_is_listed_once() -> None:
    shop = Shop(guardrails=UNLIMITED, rules={"email": Rule("email", ("email",), 1, 12)})
    shop.add(*((i, f"u{i}@x.org", None, "x", NOW) for i in range(60)))
    shop.add(*((100 + i, "info@x.org", None, "x", NOW) for i in range(13)))
    told = []
    for change in ("id < 0", "id = 112", "id < 0"):
        shop.query(f"delete from shop.people where {change}")
        shop.run("FULL")
        told.append([(row["records"], row["is_skipped"]) for row in suspects(shop.wh)["suspects"]])
    assert told == [[(13, True)], [(12, False)], [(12, False)]]
    shop.add((112, "info@x.org", None, "x", NOW))
    shop.run("FULL")
    assert [(row["records"], row["is_skipped"]) for row in suspects(shop.wh)["suspects"]] == [(13, True)]


def test_where_no_group_was_usual_when_all_was_read_one_record_is() -> None:
    shop = Shop(guardrails=replace(UNLIMITED, suspect_group_factor=12.0))
    shop.run("FULL")
    shop.add(
        *((i, "a@x.org", None, "x", NOW) for i in range(12)), *((20 + i, "b@x.org", None, "x", NOW) for i in range(13))
    )
    shop.approve(shop.run()["run_id"])
    assert [(row["records"], row["usual"]) for row in suspects(shop.wh)["suspects"]] == [(13, None)]


def test_before_the_first_publish_there_is_nothing_to_judge(shop: Shop) -> None:
    with pytest.raises(IdrError) as caught:
        suspects(shop.wh)
    assert caught.value.code == "IDR-113"


def test_of_a_rule_of_several_parts_the_commonest_is_the_one_to_exclude(shop: Shop) -> None:
    """Twenty records share e-mail and phone; the e-mail is on thirty others as well, each with a phone of its own."""
    shop.apply(replace(shop.config, rules={"both": Rule("both", ("email", "phone"), 1)}))
    shop.add(*((300 + i, "desk@x.org", "77", "x", NOW) for i in range(20)))
    shop.add(*((400 + i, "desk@x.org", f"8{i}", "x", NOW) for i in range(30)))
    shop.run("FULL")
    [found] = [row for row in suspects(shop.wh, show_values=True)["suspects"] if row["records"] == 20]
    assert (found["values"], found["identifier"]) == ({"email": "desk@x.org", "phone": "77"}, "email")
    assert found["exclude"] == '{exact: "desk@x.org"}'
