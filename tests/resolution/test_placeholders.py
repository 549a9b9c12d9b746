"""A placeholder of the configuration is no value in a run; every other value joins."""

from __future__ import annotations

import pytest

from idr.model import Identifier, Rule
from tests.resolution.shop import Shop

PHONE = Rule("phone", ("phone",), 1)


@pytest.mark.parametrize(
    ("identifier", "placeholder", "values"),
    [
        (Identifier("phone", "phone", region="US", placeholders=("212-555-0199",)), "(212) 555 0199", "2125550123"),
        (Identifier("phone", "phone", region="GB", placeholders=("020 7946 0999",)), "+442079460999", "02079460958"),
        (Identifier("phone", "phone", placeholders=("+442079460999",)), "0044 20 7946 0999", "+442079460958"),
        (Identifier("phone", "trim", placeholders=("No Name", "-")), " no name", "Ann"),
        (Identifier("phone", "name", placeholders=("No Name", "-")), "NO NAME", "Ann"),
        (Identifier("phone", "none", placeholders=("No Name",)), "no name", "Ann"),
    ],
    ids=lambda item: f"{item.normalize}-{item.region}" if isinstance(item, Identifier) else item,
)
def test_only_the_placeholder_is_nothing(identifier: Identifier, placeholder: str, values: str) -> None:
    email = Identifier("email", "email")
    shop = Shop(identifiers={"email": email, "phone": identifier}, rules={"phone": PHONE})
    shop.add((1, "", placeholder, "", shop.now), (2, "", placeholder, "", shop.now))
    shop.add((3, "", values, "", shop.now), (4, "", values, "", shop.now))
    shop.run("FULL")
    held = shop.wh.query("select entity_key, i_phone is not null as is_held from idr_out.entity_current")
    assert {row["entity_key"] for row in held if row["is_held"]} == {"shop:3", "shop:4"}
    assert shop.clusters() == [["shop:1"], ["shop:2"], ["shop:3", "shop:4"]]
