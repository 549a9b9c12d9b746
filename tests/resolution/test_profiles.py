"""Which value of an identity survives, by every strategy at once."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from idr.model import Survivorship
from tests.resolution.agreement import Value, survivor
from tests.resolution.shop import NOW, SHOP, UNLIMITED, Shop

STRATEGIES = ("most_recent", "earliest", "longest", "most_frequent", "min", "max", "source_priority")
WORDS = ("10", "9", "-1.5", "100", "b", "aa", "B", "ccc", "aa ", "09")


@pytest.mark.parametrize("sources", [(), ("mail",), ("mail", "shop")], ids=lambda names: "-".join(names) or "trust")
def test_the_strategy_decides_then_age_trust_and_key(sources: tuple[str, ...]) -> None:
    rng = random.Random(len(sources))
    attributes = {f"by_{name}": "name" for name in STRATEGIES}
    trusts = {"shop": 2, "mail": 3, "fair": 1}
    shop = Shop(guardrails=UNLIMITED)
    for name in ("mail", "fair"):
        shop.query(f"create table shop.{name} as from shop.people")
    table = {"shop": "people", "mail": "mail", "fair": "fair"}
    config = replace(
        shop.config,
        sources={
            name: replace(SHOP, source_id=name, table=f"shop.{table[name]}", trust=trust, attributes=attributes)
            for name, trust in trusts.items()
        },
        survivorship={f"by_{name}": Survivorship(f"by_{name}", name) for name in STRATEGIES}
        | {"by_source_priority": Survivorship("by_source_priority", "source_priority", sources)},
    )
    shop.apply(config)
    held: dict[str, list[Value]] = {}
    for key in range(150):
        source, email = rng.choice(sorted(trusts)), f"u{round(100 * rng.random() ** 2)}@x.org"  # some are alone
        word, at = rng.choice((None, *WORDS)), rng.choice((None, *(NOW - timedelta(days=days) for days in range(4))))
        shop.query(f"insert into shop.{table[source]} values (?, ?, null, ?, ?)", key, email, word, at)
        held.setdefault(email, [])
        if word is not None:
            held[email].append(Value(word, at, trusts[source], f"{source}:{key}"))
    assert shop.run("FULL")["status"] == "SUCCESS"
    place = {name: number - len(sources) for number, name in enumerate(sources)}
    for strategy in STRATEGIES:
        for table_name, part in (("profile", "text"), ("provenance", "entity")):
            told = dict(
                shop.query(
                    f"select distinct i_email, by_{strategy} from idr_out.golden_{table_name}_current"
                    " natural join idr_out.identity_resolved_membership_current natural join idr_out.entity_current"
                )
            )
            for email, values in held.items():
                chosen = survivor(strategy, values)
                if strategy == "source_priority":
                    best = min((place.get(value.entity.split(":")[0], value.trust) for value in values), default=None)
                    of_best = [v for v in values if place.get(v.entity.split(":")[0], v.trust) == best]
                    chosen = survivor("most_recent", of_best)
                assert told[email] == getattr(chosen, part, None), (strategy, email)


def test_attributes_may_be_called_like_what_a_run_computes_with() -> None:
    """`p_name` is an attribute, not where `name` comes from."""
    columns = {"name": "name", "p_name": "phone", "v_name": "email", "component_id": "id", "entity_key": "upd"}
    shop = Shop(sources={"shop": replace(SHOP, attributes=columns)})
    shop.add((1, "ann@x.org", "111", "Ann", NOW))
    assert shop.run("FULL")["status"] == "SUCCESS"
    names = ", ".join(columns)
    [profile] = shop.query(f"select {names} from idr_out.golden_profile_current")
    assert profile == ("Ann", "111", "ann@x.org", "1", f"{NOW:%Y-%m-%d %H:%M:%S}")
    [provenance] = shop.query(f"select {names} from idr_out.golden_provenance_current")
    assert provenance == ("shop:1",) * 5
