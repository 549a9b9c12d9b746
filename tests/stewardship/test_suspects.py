from __future__ import annotations

import pytest

from idr.config import yaml_file
from idr.errors import IdrError
from idr.model import Exclusion, Guardrails, Rule
from idr.suspects import suspects
from tests.resolution.shop import NOW, Shop

UNLIMITED = Guardrails(None, None, None, None, None, None, None, None)


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
    assert result["total"] == 2
    assert suspects(shop.wh, limit=1)["total"] == 2
    assert suspects(shop.wh)["suspects"][0]["values"] == {"email": "i********g"}
    assert "info" not in suspects(shop.wh)["suspects"][0]["exclude"]


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


def test_before_the_first_publish_there_is_nothing_to_judge(shop: Shop) -> None:
    with pytest.raises(IdrError) as caught:
        suspects(shop.wh)
    assert caught.value.code == "IDR-113"
