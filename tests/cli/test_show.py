from __future__ import annotations

import pytest

from idr.errors import IdrError
from idr.show import show
from idr.warehouse.duckdb import DuckDBWarehouse


@pytest.mark.parametrize(("asked", "entity_key"), [("crm:2", "crm:2"), ("R1", None), ("OLDER", None), ("OLD", None)])
def test_every_name_leads_to_the_identity(state: DuckDBWarehouse, asked: str, entity_key: str | None) -> None:
    result = show(state, asked)
    assert (result["asked"], result["entity_key"], result["resolved_id"]) == (asked, entity_key, "R1")
    assert [row["entity_key"] for row in result["members"]] == ["crm:1", "crm:2", "crm:3", "crm:4"]
    assert result["profile"] == {"name": "Anna B"}
    assert result["provenance"] == {"name": "crm:4"}
    assert [row["event_type"] for row in result["events"]] == ["created", "merged"]


def test_aliases_are_listed_in_order(state: DuckDBWarehouse) -> None:
    assert [row["old_resolved_id"] for row in show(state, "OLD")["aliases"]] == ["OLD", "OLDER"]


def test_a_retired_id_keeps_its_events(state: DuckDBWarehouse) -> None:
    result = show(state, "GONE")
    assert (result["resolved_id"], result["members"], result["cluster"]) == (None, [], None)
    assert [row["event_type"] for row in result["events"]] == ["retired"]


def test_aliases_in_a_circle_end(state: DuckDBWarehouse) -> None:
    state.execute(
        "insert into idr_out.identity_alias (old_resolved_id, resolved_id) values ('LOOP', 'POOL'), ('POOL', 'LOOP')"
    )
    assert show(state, "LOOP")["members"] == []


def test_an_unknown_name_is_idr_407(state: DuckDBWarehouse) -> None:
    with pytest.raises(IdrError) as caught:
        show(state, "nobody' or 1=1 --")
    assert caught.value.code == "IDR-407"
