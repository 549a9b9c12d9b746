from __future__ import annotations

from pathlib import Path

import pytest

from idr.config.diff import changes
from idr.config.store import apply, load
from idr.config.yaml_file import load_text
from idr.errors import IdrError
from idr.warehouse.duckdb import DuckDBWarehouse

DDL = Path(__file__).parents[2] / "setup" / "idr_meta.sql"


@pytest.fixture
def wh() -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse.open(":memory:")
    warehouse.execute("create schema idr_meta")
    for statement in DDL.read_text().split(";\n"):
        if statement.strip():
            warehouse.execute(statement)
    return warehouse


def test_what_is_applied_is_what_is_loaded(wh: DuckDBWarehouse, good_yaml: str) -> None:
    config = load_text(good_yaml)
    apply(wh, config)
    apply(wh, config)
    assert load(wh) == config
    assert load(wh).fingerprint() == config.fingerprint()


def test_no_configuration_is_idr_113(wh: DuckDBWarehouse) -> None:
    with pytest.raises(IdrError) as caught:
        load(wh)
    assert caught.value.code == "IDR-113"


@pytest.mark.parametrize(
    "edit",
    [
        "update idr_meta.source_table set entity_key_expr = '(select 1)'",
        "delete from idr_meta.identifier_type",
        "update idr_meta.config set value = 'x'",
        "insert into idr_meta.rule select * from idr_meta.rule",
        "insert into idr_meta.identifier_mapping select 'x', 'email', 'email'",
    ],
)
def test_an_invalid_edit_is_idr_115(wh: DuckDBWarehouse, good_yaml: str, edit: str) -> None:
    apply(wh, load_text(good_yaml))
    wh.execute(edit)
    with pytest.raises(IdrError) as caught:
        load(wh)
    assert caught.value.code == "IDR-115"


def test_a_rule_whose_priority_was_emptied_by_hand_stands_before_all_others(
    wh: DuckDBWarehouse, good_yaml: str
) -> None:
    apply(wh, load_text(good_yaml))
    wh.execute("update idr_meta.rule set priority = null where rule_id = 'name_dob'")
    assert {name: rule.priority for name, rule in load(wh).rules.items()} == {"name_dob": 1, "loyalty": 1, "email": 2}
    assert next(iter(load(wh).rules)) == "name_dob"


def test_changes_are_told_in_words(good_yaml: str) -> None:
    old = load_text(good_yaml)
    new = load_text(good_yaml.replace("max_group_size: 20", "max_group_size: 10"))
    assert changes(old, new) == ["rule loyalty: max_group_size 20 -> 10"]
    assert changes(old, old) == []
    assert "source crm: added" in changes(None, new)


def test_each_kind_of_value_is_told_as_the_file_writes_it(good_yaml: str) -> None:
    old = load_text(good_yaml)
    new = load_text(
        good_yaml.replace("unique: true", "unique: false")
        .replace("max_cluster_size: null", "max_cluster_size: 9")
        .replace("match: [last_name, dob]", "match: [last_name, phone]")
        .replace(', {regex: "^x+$"}', "")
    )
    assert changes(old, new) == [
        (
            "identifier email: exclude exact test@test.com, like %@example.com, regex ^x+$"
            " -> exact test@test.com, like %@example.com"
        ),
        "identifier loyalty: unique true -> false",
        "rule name_dob: match last_name, dob -> last_name, phone",
        "guardrails: max_cluster_size none -> 9",
    ]
