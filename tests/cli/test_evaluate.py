from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import combinations
from pathlib import Path
from statistics import harmonic_mean

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idr.errors import IdrError
from idr.evaluate import evaluate, evaluate_table, score
from idr.truth import read_truth
from idr.warehouse.duckdb import DuckDBWarehouse

assignments = st.dictionaries(st.integers(0, 14).map("s:{}".format), st.integers(0, 5).map(str), max_size=15)


def pairs(assignment: Mapping[str, Hashable], keys: set[str]) -> set[tuple[str, str]]:
    return {(a, b) for a, b in combinations(sorted(keys), 2) if assignment[a] == assignment[b]}


def groups(assignment: Mapping[str, Hashable], keys: set[str]) -> dict[str, frozenset[str]]:
    return {key: frozenset(other for other in keys if assignment[other] == assignment[key]) for key in keys}


def impure(one: Mapping[str, Hashable], other: Mapping[str, Hashable], keys: set[str]) -> list[tuple]:
    """Groups of the first that are several in the second, with size and parts: the most pairs apart first."""
    rows = []
    for name in {one[key] for key in keys}:
        members = {key for key in keys if one[key] == name}
        apart = sum(other[a] != other[b] for a, b in combinations(members, 2))
        rows.append((-apart, name, len(members), len({other[key] for key in members})))
    return [row[1:] for row in sorted(rows) if row[3] > 1]


@given(assignments, assignments)
def test_score_agrees_with_brute_force(truth: dict[str, str], found: dict[str, str]) -> None:
    result = score(truth, found)
    keys = truth.keys() & found.keys()
    true_pairs, found_pairs = pairs(truth, keys), pairs(found, keys)
    both = len(true_pairs & found_pairs)
    pairwise = result["pairwise"]
    assert pairwise["precision"] == pytest.approx(both / len(found_pairs) if found_pairs else 1)
    assert pairwise["recall"] == pytest.approx(both / len(true_pairs) if true_pairs else 1)

    true_group, found_group = groups(truth, keys), groups(found, keys)
    precision = [len(true_group[key] & found_group[key]) / len(found_group[key]) for key in keys]
    recall = [len(true_group[key] & found_group[key]) / len(true_group[key]) for key in keys]
    assert result["b_cubed"]["precision"] == pytest.approx(sum(precision) / len(keys) if keys else 1)
    assert result["b_cubed"]["recall"] == pytest.approx(sum(recall) / len(keys) if keys else 1)

    true_sets, found_sets = set(true_group.values()), set(found_group.values())
    exact = len(true_sets & found_sets) / len(true_sets) if true_sets else 1
    assert result["exact_cluster_rate"] == pytest.approx(exact)

    wrong = sum(row["wrong_pairs"] for row in result["over_merged"])
    missed = sum(row["missed_pairs"] for row in result["over_split"])
    assert (wrong, missed) == (len(found_pairs - true_pairs), len(true_pairs - found_pairs))

    counted = {"true_pairs": len(true_pairs), "found_pairs": len(found_pairs), "shared_pairs": both}
    assert {name: pairwise[name] for name in counted} == counted
    sizes = {"entities": len(keys), "true_clusters": len(true_sets), "found_clusters": len(found_sets)}
    sizes |= {"only_in_truth": len(truth.keys() - keys), "only_in_membership": len(found.keys() - keys)}
    assert {name: result[name] for name in sizes} == sizes
    for ratios in (pairwise, result["b_cubed"]):
        both_nought = ratios["precision"] + ratios["recall"] == 0
        mean = 0 if both_nought else harmonic_mean([ratios["precision"], ratios["recall"]])
        assert ratios["f1"] == pytest.approx(mean)
    assert [tuple(row.values())[:3] for row in result["over_merged"]] == impure(found, truth, keys)
    assert [tuple(row.values())[:3] for row in result["over_split"]] == impure(truth, found, keys)


@given(assignments)
def test_the_truth_itself_is_perfect(truth: dict[str, str]) -> None:
    result = score(truth, truth)
    assert result["pairwise"]["f1"] == result["b_cubed"]["f1"] == result["exact_cluster_rate"] == 1
    assert result["over_merged"] == result["over_split"] == []


def test_where_all_is_wrong_no_score_is_better_than_nought() -> None:
    wrong = score({"s:1": "a", "s:2": "a", "s:3": "b", "s:4": "b"}, {"s:1": "x", "s:2": "y", "s:3": "x", "s:4": "y"})
    assert {name: wrong["pairwise"][name] for name in ("precision", "recall", "f1")} == {
        "precision": 0.0, "recall": 0.0, "f1": 0.0,
    }  # fmt: skip


def test_worst_clusters_come_first() -> None:
    truth = {"s:1": "a", "s:2": "a", "s:3": "b", "s:4": "c", "s:5": "d"}
    found = {"s:1": "x", "s:2": "y", "s:3": "x", "s:4": "y", "s:5": "y"}
    result = score(truth, found)
    assert [row["resolved_id"] for row in result["over_merged"]] == ["y", "x"]
    assert result["over_merged"][0] == {"resolved_id": "y", "size": 3, "parts": 3, "wrong_pairs": 3}
    assert result["over_split"] == [{"cluster": "a", "size": 2, "parts": 2, "missed_pairs": 1}]


def test_ten_of_the_worst_are_told() -> None:
    truth = {f"s:{number}": number for number in range(24)}
    result = score(truth, {key: number // 2 for key, number in truth.items()})
    assert len(result["over_merged"]) == 10
    assert len(score({key: number // 2 for key, number in truth.items()}, truth)["over_split"]) == 10


def test_csv_and_parquet_give_the_same_truth(tmp_path: Path) -> None:
    csv_file, parquet_file = tmp_path / "truth.csv", tmp_path / "truth.parquet"
    csv_file.write_text('\ufeffentity_key,cluster,note\n"crm:a,b",7,x\ncrm:c,8,y\n', encoding="utf-8")
    with duckdb.connect() as connection:
        rows = connection.sql("select * from (values ('crm:a,b', 7), ('crm:c', 8)) as t(entity_key, cluster)")
        rows.write_parquet(str(parquet_file))
    assert read_truth(csv_file) == read_truth(parquet_file) == {"crm:a,b": "7", "crm:c": "8"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it has fewer than two columns"),
        (b"entity_key\ncrm:1\n", "it has fewer than two columns"),
        (b'entity_key,cluster\n"crm:1"x,a\n', "it cannot be read as CSV"),
        (b"entity_key,cluster\n", "no rows"),
        (b"entity_key,cluster\ncrm:1\n", "row 2"),
        (b"entity_key,cluster\ncrm:1,\n", "row 2"),
        (b"entity_key,cluster\ncrm:1,a\ncrm:1,b\n", "second cluster"),
        (b"crm:1,a\ncrm:2,a\n", "header"),
        (b"entity_key,cluster\n\xff\xfe,1\n", "cannot be read"),
    ],
)
def test_an_unusable_csv_is_idr_408(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "truth.csv"
    file.write_bytes(content)
    with pytest.raises(IdrError, match=said) as caught:
        read_truth(file)
    assert caught.value.code == "IDR-408"


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_missing_file_is_idr_408(tmp_path: Path, name: str) -> None:
    with pytest.raises(IdrError) as caught:
        read_truth(tmp_path / name)
    assert caught.value.code == "IDR-408"


def test_a_broken_parquet_is_idr_408(tmp_path: Path) -> None:
    file = tmp_path / "truth.parquet"
    file.write_bytes(b"not parquet at all")
    with pytest.raises(IdrError) as caught:
        read_truth(file)
    assert caught.value.code == "IDR-408"


def test_the_row_of_a_parquet_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "truth.parquet"
    with duckdb.connect() as connection:
        rows = connection.sql("select * from (values ('crm:1', 7), ('crm:2', null)) as t(entity_key, cluster)")
        rows.write_parquet(str(file))
    with pytest.raises(IdrError, match="row 2 has no entity_key or no cluster"):
        read_truth(file)


def test_evaluate_reads_the_published_membership(state: DuckDBWarehouse, tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("entity_key,cluster\ncrm:1,a\ncrm:2,a\ncrm:9,b\nother:1,z\n", encoding="utf-8")
    result = evaluate(state, file)
    assert (result["entities"], result["only_in_truth"]) == (3, 1)
    assert result["pairwise"]["recall"] == 1


def test_a_table_tells_the_truth_as_a_file_does(state: DuckDBWarehouse) -> None:
    state.execute("create table crm.truth as select 'crm:1' as entity_key, 7 as cluster union all select 'crm:9', 7")
    assert evaluate_table(state, "crm.truth")["pairwise"]["recall"] == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [("crm.no_table", "no such table"), ("crm.narrow", "fewer than two columns"), ("crm.hollow", "row 1 has no")],
)
def test_an_unusable_table_is_idr_408(state: DuckDBWarehouse, table: str, said: str) -> None:
    state.execute("create table crm.narrow (entity_key varchar)")
    state.execute("create table crm.hollow as select 'crm:1' as entity_key, null as cluster")
    with pytest.raises(IdrError, match=said) as caught:
        evaluate_table(state, table)
    assert caught.value.code == "IDR-408"


def test_the_first_two_columns_of_a_table_count_whatever_they_are_called(state: DuckDBWarehouse) -> None:
    state.execute("""create table crm.truth as select 'crm:1' as "the key", 7 as "order", 1 as more""")
    assert evaluate_table(state, "crm.truth")["entities"] == 1


def test_evaluate_needs_common_entities(state: DuckDBWarehouse, tmp_path: Path) -> None:
    file = tmp_path / "truth.csv"
    file.write_text("entity_key,cluster\n1,a\n", encoding="utf-8")
    with pytest.raises(IdrError) as caught:
        evaluate(state, file)
    assert caught.value.code == "IDR-408"
