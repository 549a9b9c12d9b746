"""Why two records are not one: the nearest reason comes first."""

from __future__ import annotations

import pytest

from idr.explain import explain
from idr.model import Exclusion, Guardrails, Identifier, Rule, Source
from tests.resolution.shop import NOW, Shop

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
        guardrails=Guardrails(None, None, None, None, None, None, None, None),
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
    missing = explain(shop.wh, "shop:1", "shop:4")["reason"]
    assert missing == "Rule both comes nearest: name agrees; phone is missing in shop:4"


def test_nothing_shared_is_nothing(shop: Shop) -> None:
    assert explain(shop.wh, "shop:2", "shop:3")["cause"]["kind"] == "nothing"
