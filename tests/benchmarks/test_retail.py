"""The retail base has the shapes that it is said to have."""

from __future__ import annotations

from functools import cache
from statistics import mean, median

import duckdb
import networkx as nx
import pytest

from benchmarks import retail

ROWS = 12_000
RECORDS = """
    select 'customer:' || customer_id as entity_key, email, phone, loyalty_id from crm.customer
    union all select 'transactions:' || order_id, customer_email, customer_phone, null from sales.transactions
    union all select 'accounts:' || account_id, email, phone, loyalty_id from loyalty.accounts
    union all select 'web_events:' || event_id, email, phone, null from digital.web_events
    union all select 'visits:' || visit_id, email, phone, loyalty_id from store.visits
"""


@cache
def people(shape: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Per person, the values of each record: mailbox, the ten digits of the telephone, loyalty id."""
    connection = duckdb.connect()
    rows = retail.fill(connection, ROWS, seed=5, shape=shape)
    assert rows == pytest.approx(ROWS, rel=0.03)
    found = connection.execute(
        "select list(list_filter([lower(trim(email)), right(regexp_replace(phone, '[^0-9]', '', 'g'), 10), loyalty_id],"
        f" lambda value: value not in ('', 'n/a', '0000000000'))) from ({RECORDS}) as r"
        " inner join truth as t on r.entity_key = t.entity_key group by t.cluster"
    )
    return tuple(tuple(map(tuple, records)) for (records,) in found.fetchall())


def longest_way(records: tuple[tuple[str, ...], ...]) -> int:
    """From one record of a person to another, by values that both have."""
    graph = nx.Graph((number, value) for number, values in enumerate(records) for value in values)
    graph.add_nodes_from(range(len(records)))
    lengths = (nx.single_source_shortest_path_length(graph, number) for number in range(len(records)))
    return max(length for found in lengths for node, length in found.items() if isinstance(node, int)) // 2


def sharing(shape: str) -> float:
    """The share of people who have a value in common with somebody."""
    holders: dict[str, set[int]] = {}
    for person, records in enumerate(people(shape)):
        for value in {value for values in records for value in values}:
            holders.setdefault(value, set()).add(person)
    sharers = set().union(*(found for found in holders.values() if len(found) > 1))
    return len(sharers) / len(people(shape))


@pytest.mark.parametrize("shape", ["retail", "shared"])
def test_most_people_have_few_records(shape: str) -> None:
    sizes = [len(records) for records in people(shape)]
    assert min(sizes) == median(sizes) - 1 == 1
    assert 11 <= max(sizes) <= 20
    assert mean(sizes) == pytest.approx(2.61, rel=0.02)


@pytest.mark.parametrize("shape", ["crowded", "chained"])
def test_everybody_has_many_records(shape: str) -> None:
    assert {len(records) for records in people(shape)} == set(range(11, 21))


def test_people_share_in_households() -> None:
    assert sharing("retail") < 0.2
    assert sharing("shared") > sharing("retail") + 0.3


def test_a_chain_is_long_and_a_crowd_is_close() -> None:
    assert median(longest_way(records) for records in people("crowded")) <= 3
    assert median(longest_way(records) for records in people("chained")) >= 8
