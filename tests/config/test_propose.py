from __future__ import annotations

import pytest

from idr.config import inspect
from idr.config.example import EXAMPLE
from idr.config.propose import propose
from idr.config.yaml_file import load_text
from idr.warehouse.duckdb import DuckDBWarehouse


@pytest.fixture
def wh() -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse.open(":memory:")
    warehouse.execute("create schema crm")
    warehouse.execute(
        "create table crm.customers (customer_id integer, surname varchar, birth_date date, contact varchar,"
        ' "Zip: Code" varchar, tags variant, updated_at timestamp, active boolean)'
    )
    warehouse.execute(
        "insert into crm.customers (customer_id, surname, contact)"
        " select 1, 'Lee', 'a@b.org' union all select 2, 'Ray', 'c@d.org'"
    )
    return warehouse


def test_the_example_is_valid() -> None:
    assert load_text(EXAMPLE).rules


def test_a_proposal_loads_and_fits_the_database(wh: DuckDBWarehouse) -> None:
    config = load_text(propose(wh))
    source = config.sources["crm_customers"]
    assert (source.key, source.watermark) == ("customer_id", "updated_at")
    assert source.identifiers["email"] == "contact"
    assert source.identifiers["last_name"] == "surname"
    assert source.identifiers["dob"] == "birth_date"
    assert ("last_name", "dob") in {rule.match for rule in config.rules.values()}
    assert inspect.check(wh, config) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("table: crm.customers", "table: crm.customer", "IDR-104"),
        ("email: contact", "email: contakt", "IDR-103"),
        ("watermark: updated_at", "watermark: surname", "IDR-114"),
        ("key: customer_id", "key: customer_id\n    deleted_when: surname", "IDR-114"),
        ("email: contact", "email: tags", "IDR-114"),
    ],
)
def test_what_the_database_lacks_is_reported(wh: DuckDBWarehouse, old: str, new: str, code: str) -> None:
    text = propose(wh)
    assert old in text
    assert code in {problem.code for problem in inspect.check(wh, load_text(text.replace(old, new, 1)))}
