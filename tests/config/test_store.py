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


CHOICES = "email, phone, name, date, postcode, digits, upper, lower, trim, hash, none"
EDITS = {
    "update idr_meta.source_table set entity_key_expr = '(select 1)' where source_id = 'crm'": [
        "idr_meta sources.crm.key: a sub-query is not allowed (IDR-107)",
    ],
    "update idr_meta.rule set max_group_size = 1 where rule_id = 'email'": [
        "idr_meta rules.email.max_group_size: must be a whole number from 2 to 1000000000, not 1 (IDR-105)",
    ],
    "update idr_meta.rule set match_identifiers = 'email,fax' where rule_id = 'name_dob'": [
        'idr_meta rules.name_dob.match: the identifier "fax" is not defined (IDR-109)',
    ],
    "update idr_meta.rule set match_identifiers = null where rule_id = 'email'": [
        "idr_meta rules.email.match: must name at least one identifier (IDR-106)",
    ],
    "update idr_meta.identifier_type set normalizer = 'fon' where identifier_type = 'phone'": [
        f'idr_meta identifiers.phone.normalize: "fon" is not one of {CHOICES} (IDR-105)',
        "idr_meta identifiers.phone.region: only an identifier with normalize: phone has a region (IDR-105)",
    ],
    "update idr_meta.identifier_type set placeholders = '[' where identifier_type = 'phone'": [
        "idr_meta: a row cannot be read (placeholders of phone is not JSON)",
    ],
    "update idr_meta.identifier_exclusion set match_type = 'prefix' where match_type = 'like'": [
        'idr_meta identifiers.email.exclude.1.prefix: unknown key "prefix" (IDR-102)',
    ],
    "update idr_meta.config set value = 'x' where key = 'settings.lease_minutes'": [
        "idr_meta: a row cannot be read (config settings.lease_minutes is not JSON)",
    ],
    "update idr_meta.config set value = null where key = 'settings.lease_minutes'": [
        "idr_meta: a row cannot be read (config settings.lease_minutes is not JSON)",
    ],
    "update idr_meta.config set key = 'settings.lease' where key = 'settings.lease_minutes'": [
        'idr_meta settings.lease: unknown key "lease" (IDR-102)',
    ],
    "insert into idr_meta.rule select * from idr_meta.rule where rule_id = 'email'": [
        'idr_meta rules.email.id: the rule "email" is defined twice (IDR-110)',
    ],
    "insert into idr_meta.source_table select * from idr_meta.source_table where source_id = 'crm'": [
        "idr_meta: a row cannot be read (source_id crm has several rows)",
    ],
    "insert into idr_meta.identifier_mapping values ('crm', 'email', 'mail')": [
        "idr_meta: a row cannot be read (identifier_type email has several rows)",
    ],
    "insert into idr_meta.identifier_mapping values ('x', 'email', 'email'), ('erp', 'email', 'email')": [
        "idr_meta: a row cannot be read (identifier_mapping names an unknown source_id: erp, x)",
    ],
    "insert into idr_meta.entity_attribute_mapping values ('x', 'email', 'email')": [
        "idr_meta: a row cannot be read (entity_attribute_mapping names an unknown source_id: x)",
    ],
    "insert into idr_meta.identifier_exclusion values ('fax', 'exact', '0')": [
        "idr_meta: a row cannot be read (identifier_exclusion names an unknown identifier_type: fax)",
    ],
    "update idr_meta.survivorship_rule set source_priority = 'shop,erp'": [
        'idr_meta survivorship.email.sources: the source "erp" is not defined (IDR-109)',
    ],
    "delete from idr_meta.identifier_type": [
        "idr_meta: a row cannot be read (identifier_exclusion names an unknown identifier_type: email)",
    ],
    "delete from idr_meta.rule": ["idr_meta rules: must define at least one (IDR-106)"],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_invalid_edit_is_idr_115_and_names_the_row(wh: DuckDBWarehouse, good_yaml: str, edit: str) -> None:
    apply(wh, load_text(good_yaml))
    wh.execute(edit)
    with pytest.raises(IdrError) as caught:
        load(wh)
    assert {problem.code for problem in caught.value.problems} == {"IDR-115"}
    assert [f"{problem.where}: {problem.message}" for problem in caught.value.problems] == EDITS[edit]


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


def test_of_a_source_each_value_that_changed_is_told_and_what_comes_and_goes(good_yaml: str) -> None:
    old = load_text(good_yaml)
    new = load_text(
        good_yaml.replace("lower(email)", "email")
        .replace(", first_name: first_name}", "}")
        .replace('phone: "payload:phone::varchar"}', 'phone: "payload:phone::varchar", last_name: surname}')
        .replace("    watermark: updated_at\n", "")
        .replace("  - {id: email, match: [email]}\n", "  - {id: phone, match: [phone]}\n")
        .replace("survivorship:\n  email: {strategy: source_priority, sources: [shop, crm]}\n", "")
    )
    assert changes(old, new) == [
        "source crm: watermark updated_at -> none",
        "source crm: detect_deletes false -> true",
        "source crm: identifiers.email lower(email) -> email",
        "source crm: attributes.first_name first_name -> none",
        "source shop: identifiers.last_name none -> surname",
        "rule email: removed",
        "rule phone: added",
        "survivorship email: removed",
    ]
