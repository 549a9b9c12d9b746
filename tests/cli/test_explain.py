from __future__ import annotations

from types import SimpleNamespace

import pytest

from idr.errors import IdrError
from idr.explain import explain
from idr.warehouse.duckdb import DuckDBWarehouse


def test_a_direct_link_prefers_the_rule_of_lower_priority(state: DuckDBWarehouse, names: SimpleNamespace) -> None:
    answer = explain(state, "crm:2", "crm:4", show_values=True)
    step = answer["path"][0]
    assert len(answer["path"]) == 1
    assert (step["from"], step["to"], step["rule_id"]) == ("crm:2", "crm:4", "email")
    assert step["values"] == {"email": "anna@x.org"}
    assert (step["from_source"], step["to_source"]) == ("crm", "crm")
    assert step["since_run_id"] == answer["since_run_id"] == names.runs[3]
    assert (answer["linked"], answer["resolved_id"], answer["reason"]) == (True, names.anna, None)


def test_the_chain_goes_through_the_smaller_entity_key(state: DuckDBWarehouse, names: SimpleNamespace) -> None:
    answer = explain(state, "crm:1", "crm:3")
    steps = [(step["from"], step["rule_id"], step["to"], step["since_run_id"]) for step in answer["path"]]
    assert steps == [
        ("crm:1", "email", "crm:2", names.runs[0]),
        ("crm:2", "phone", "crm:3", names.runs[3]),
    ]
    assert answer["since_run_id"] == names.runs[3]


def test_values_are_masked_unless_asked_for(state: DuckDBWarehouse) -> None:
    assert explain(state, "crm:2", "crm:4")["path"][0]["values"] == {"email": "a********g"}


def test_records_that_met_before_they_joined_the_others_are_one_since_then(
    state: DuckDBWarehouse, names: SimpleNamespace
) -> None:
    assert explain(state, "crm:3", "crm:4")["since_run_id"] == names.runs[2]


def test_a_record_is_one_with_itself(state: DuckDBWarehouse) -> None:
    answer = explain(state, "crm:1", "crm:1")
    assert answer["linked"]
    assert answer["path"] == []
    assert answer["reason"] is None


def test_an_oversized_value_is_told(state: DuckDBWarehouse) -> None:
    answer = explain(state, "crm:1", "crm:9")
    assert not answer["linked"]
    assert "4 records" in answer["reason"]
    assert "oversized" in answer["reason"]
    assert answer["cause"]["kind"] == "oversized"


def test_nothing_in_common_is_told(state: DuckDBWarehouse) -> None:
    answer = explain(state, "crm:1", "crm:10")
    assert answer["reason"].startswith("No rule finds a value that both carry")
    assert answer["cause"]["kind"] == "nothing"


def test_an_oversized_value_is_no_evidence_inside_a_cluster(state: DuckDBWarehouse, names: SimpleNamespace) -> None:
    state.execute(
        "update idr_out.identity_resolved_membership_current set resolved_id = :anna where entity_key = 'crm:9'",
        {"anna": names.anna},
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
