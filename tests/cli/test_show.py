from __future__ import annotations

from types import SimpleNamespace

import pytest

from idr.errors import IdrError
from idr.show import show
from idr.warehouse.duckdb import DuckDBWarehouse

MEMBERS = ["crm:1", "crm:2", "crm:3", "crm:4"]


def test_every_name_leads_to_the_identity(state: DuckDBWarehouse, names: SimpleNamespace) -> None:
    for asked, entity_key in (("crm:2", "crm:2"), (names.anna, None), *((old, None) for old in names.merged)):
        result = show(state, asked, show_values=True)
        assert (result["asked"], result["entity_key"], result["resolved_id"]) == (asked, entity_key, names.anna)
        assert [row["entity_key"] for row in result["members"]] == MEMBERS
        assert result["profile"] == {"name": "Anna B"}
        assert result["provenance"] == {"name": "crm:4"}
        assert [row["event_type"] for row in result["events"] if row["entity_key"] is None] == ["CREATED", "MERGED"]


def test_one_step_leads_from_an_id_that_was_merged_twice(state: DuckDBWarehouse, names: SimpleNamespace) -> None:
    for old in names.merged:
        steps = [(row["old_resolved_id"], row["resolved_id"]) for row in show(state, old)["aliases"]]
        assert steps == [(old, names.anna)]


def test_a_retired_id_keeps_its_events(state: DuckDBWarehouse, names: SimpleNamespace) -> None:
    result = show(state, names.gone)
    assert (result["resolved_id"], result["members"], result["cluster"]) == (None, [], None)
    assert [row["event_type"] for row in result["events"]] == ["CREATED", "JOINED", "LEFT", "RETIRED"]


def test_aliases_in_a_circle_end(state: DuckDBWarehouse) -> None:
    state.execute(
        "insert into idr_out.identity_alias (old_resolved_id, resolved_id) values ('LOOP', 'POOL'), ('POOL', 'LOOP')"
    )
    assert show(state, "LOOP")["members"] == []


def test_links_are_told_with_what_hangs_on_each(state: DuckDBWarehouse) -> None:
    result = show(state, "crm:1", show_values=True)
    links = [(row["rule_id"], row["values"], row["sample"]) for row in result["links"]]
    assert links == [
        ("email", {"email": "anna@x.org"}, ["crm:1", "crm:2", "crm:4"]),
        ("phone", {"phone": "222"}, ["crm:2", "crm:3", "crm:4"]),
    ]
    weakest = [(row["rule_id"], row["entity_key"], row["members"], row["apart"]) for row in result["weakest"]]
    assert weakest == [("phone", "crm:3", 1, ["crm:3"]), ("email", "crm:1", 1, ["crm:1"])]


def test_lists_are_bounded_and_say_how_many_there_are(state: DuckDBWarehouse) -> None:
    result = show(state, "crm:1", limit=1)
    lists = ("members", "links", "weakest", "events")
    assert [len(result[name]) for name in lists] == [1, 1, 1, 1]
    assert [result["totals"][name] for name in lists[:3]] == [4, 2, 2]
    assert result["totals"]["events"] == len(show(state, "crm:1")["events"])
    assert result["events"][0]["version"] == max(row["version"] for row in show(state, "crm:1")["events"])


def test_an_unknown_name_is_idr_407(state: DuckDBWarehouse) -> None:
    with pytest.raises(IdrError) as caught:
        show(state, "nobody' or 1=1 --")
    assert caught.value.code == "IDR-407"
