from __future__ import annotations

import pytest

from idr.errors import IdrError
from idr.explain import explain
from idr.warehouse.duckdb import DuckDBWarehouse


def test_a_direct_link_prefers_the_rule_of_lower_priority(state: DuckDBWarehouse) -> None:
    answer = explain(state, "crm:2", "crm:4")
    assert answer["path"] == [
        {"from": "crm:2", "to": "crm:4", "rule_id": "email", "values": {"email": "anna@x.org"}},
    ]
    assert (answer["linked"], answer["resolved_id"], answer["reason"]) == (True, "R1", None)


def test_the_chain_goes_through_the_smaller_entity_key(state: DuckDBWarehouse) -> None:
    steps = explain(state, "crm:1", "crm:3")["path"]
    assert [(step["from"], step["rule_id"], step["to"]) for step in steps] == [
        ("crm:1", "email", "crm:2"),
        ("crm:2", "phone", "crm:3"),
    ]


def test_a_record_is_one_with_itself(state: DuckDBWarehouse) -> None:
    answer = explain(state, "crm:1", "crm:1")
    assert answer["linked"]
    assert answer["path"] == []
    assert answer["reason"] is None


def test_an_oversized_value_is_told(state: DuckDBWarehouse) -> None:
    answer = explain(state, "crm:1", "crm:9")
    assert not answer["linked"]
    assert "500 records" in answer["reason"]
    assert "oversized" in answer["reason"]


def test_nothing_in_common_is_told(state: DuckDBWarehouse) -> None:
    assert explain(state, "crm:1", "crm:10")["reason"].startswith("No rule finds a value that both carry")


def test_an_oversized_value_is_no_evidence_inside_a_cluster(state: DuckDBWarehouse) -> None:
    state.execute(
        "update idr_out.identity_resolved_membership_current set resolved_id = 'R1' where entity_key = 'crm:9'"
    )
    answer = explain(state, "crm:1", "crm:9")
    assert answer["linked"]
    assert answer["path"] == []
    assert "no chain" in answer["reason"]


def test_an_unpublished_entity_is_told(state: DuckDBWarehouse) -> None:
    state.execute("delete from idr_out.identity_resolved_membership_current where entity_key = 'crm:10'")
    assert "crm:10 has no published identity" in explain(state, "crm:1", "crm:10")["reason"]


def test_an_unknown_entity_gets_a_suggestion(state: DuckDBWarehouse) -> None:
    with pytest.raises(IdrError, match="Did you mean crm:1") as caught:
        explain(state, "crm;1", "crm:2")
    assert caught.value.code == "IDR-407"
