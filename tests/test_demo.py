"""The demo's data and rules against ground truth, with networkx as the oracle."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from types import ModuleType

import duckdb
import networkx as nx
import pytest
from typer.testing import CliRunner

from idr.cli.main import app

DEMO = Path(__file__).parents[1] / "scripts" / "demo.py"


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("idr_demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["idr_demo"] = module
    spec.loader.exec_module(module)
    return module


def _name(value: str | None) -> str:
    return re.sub(r"[^a-z]", "", (value or "").lower())


def _date(value: str | None) -> str:
    try:
        return datetime.strptime(value or "", "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a date, no clock
    except ValueError:
        return ""


def _pairs(groups: Iterable[Iterable[str]]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in itertools.combinations(sorted(group), 2)}


def test_demo_rules_find_no_wrong_pair_and_nearly_all_right_ones(demo: ModuleType) -> None:
    records = demo.records()
    graph = nx.Graph()
    for record in records:
        graph.add_node(record.entity_key)
        keys = [
            ("ssn", re.sub(r"\D", "", record.ssn or "")),
            ("name_dob", _name(record.first_name), _name(record.last_name), _date(record.dob)),
        ]
        graph.add_edges_from((record.entity_key, key) for key in keys if all(key))
    found = _pairs(
        [node for node in component if isinstance(node, str)] for component in nx.connected_components(graph)
    )
    people: dict[str, list[str]] = {}
    for record in records:
        people.setdefault(record.cluster, []).append(record.entity_key)
    truth = _pairs(people.values())
    right = len(found & truth)
    assert right == len(found)
    assert 2 * right / (len(found) + len(truth)) >= 0.962


def _truth_and_result(demo: ModuleType, path: Path) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """Pairs of the ground truth, and pairs that a full run on all records publishes."""
    records = demo.records()
    with duckdb.connect(str(path)) as connection:
        connection.execute(demo.TABLES)
        demo.load(connection, records)
    config = path.with_suffix(".yml")
    config.write_text(demo.CONFIG_TEXT, encoding="utf-8")
    arguments = ["run", "--db", str(path), "--run-mode", "FULL", "--config", str(config), "--json"]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0, outcome.output
    with duckdb.connect(str(path), read_only=True) as connection:
        groups = connection.execute(
            "select list(entity_key) from idr_out.identity_resolved_membership_current group by resolved_id"
        ).fetchall()
    people: dict[str, list[str]] = {}
    for record in records:
        people.setdefault(record.cluster, []).append(record.entity_key)
    return _pairs(people.values()), _pairs(members for (members,) in groups)


@pytest.mark.slow
def test_demo_run_is_as_good_as_its_rules(demo: ModuleType, tmp_path: Path) -> None:
    truth, found = _truth_and_result(demo, tmp_path / "demo.duckdb")
    right = len(found & truth)
    assert right == len(found)
    assert 2 * right / (len(found) + len(truth)) >= 0.962


def test_demo_records_are_split_over_two_sources_and_a_tenth_is_held_back(demo: ModuleType) -> None:
    records = demo.records()
    assert len(records) == len({record.entity_key for record in records}) == 5000
    assert {record.source for record in records} == {"crm", "shop"}
    assert 0.08 < sum(record.late for record in records) / len(records) < 0.12
    assert min(r.updated_at for r in records if r.late) > max(r.updated_at for r in records if not r.late)
