"""Compare the published identities with a truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping
from math import comb, fsum
from pathlib import Path
from typing import Any

from idr.errors import IdrError
from idr.statement import read
from idr.truth import read_truth, read_truth_table
from idr.warehouse import Warehouse

Assignment = Mapping[str, Hashable]
_WORST = 10


def evaluate(wh: Warehouse, truth_file: str | Path) -> dict[str, Any]:
    """Score the published membership against a truth file."""
    return _compare(wh, read_truth(truth_file), str(truth_file))


def evaluate_table(wh: Warehouse, truth_table: str) -> dict[str, Any]:
    """Score the published membership against a table whose first two columns are entity key and cluster."""
    return _compare(wh, read_truth_table(wh, truth_table), truth_table)


def _compare(wh: Warehouse, truth: dict[str, str], where: str) -> dict[str, Any]:
    found = {row["entity_key"]: row["resolved_id"] for row in wh.query(read("evaluate/membership"))}
    if not truth.keys() & found.keys():
        raise IdrError.of(
            "IDR-408",
            "none of its entity keys is in the published membership",
            where=where,
            fix="Write keys as <source id>:<raw key>, and publish a run before evaluating it",
        )
    return score(truth, found)


def score(truth: Assignment, found: Assignment) -> dict[str, Any]:
    """Pairwise, B-cubed and whole-cluster agreement over the entities that both sides know.

    A ratio with nothing to count (no pair found, no pair true) is 1.
    """
    entities = sorted(truth.keys() & found.keys())
    cells = Counter((found[key], truth[key]) for key in entities)
    found_size = Counter(found[key] for key in entities)
    true_size = Counter(truth[key] for key in entities)

    shared_pairs = sum(comb(size, 2) for size in cells.values())
    found_pairs = sum(comb(size, 2) for size in found_size.values())
    true_pairs = sum(comb(size, 2) for size in true_size.values())
    cubed_precision = fsum(size * size / found_size[left] for (left, _), size in cells.items())
    cubed_recall = fsum(size * size / true_size[right] for (_, right), size in cells.items())
    exact = sum(size == found_size[left] == true_size[right] for (left, right), size in cells.items())

    return {
        "entities": len(entities),
        "only_in_truth": len(truth.keys() - found.keys()),
        "only_in_membership": len(found.keys() - truth.keys()),
        "true_clusters": len(true_size),
        "found_clusters": len(found_size),
        "pairwise": _agreement(_ratio(shared_pairs, found_pairs), _ratio(shared_pairs, true_pairs))
        | {"true_pairs": true_pairs, "found_pairs": found_pairs, "shared_pairs": shared_pairs},
        "b_cubed": _agreement(_ratio(cubed_precision, len(entities)), _ratio(cubed_recall, len(entities))),
        "exact_cluster_rate": _ratio(exact, len(true_size)),
        "over_merged": _worst(found_size, cells, side=0, name="resolved_id", pairs="wrong_pairs"),
        "over_split": _worst(true_size, cells, side=1, name="cluster", pairs="missed_pairs"),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 1.0


def _agreement(precision: float, recall: float) -> dict[str, Any]:
    total = precision + recall
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / total if total else 0.0}


def _worst(
    sizes: Counter[Hashable], cells: Counter[tuple[Hashable, Hashable]], *, side: int, name: str, pairs: str
) -> list[dict[str, Any]]:
    parts: dict[Hashable, list[int]] = defaultdict(list)
    for cell, size in cells.items():
        parts[cell[side]].append(size)
    rows = [
        {
            name: group,
            "size": sizes[group],
            "parts": len(inner),
            pairs: comb(sizes[group], 2) - sum(comb(n, 2) for n in inner),
        }
        for group, inner in parts.items()
        if len(inner) > 1
    ]
    return sorted(rows, key=lambda row: (-row[pairs], str(row[name])))[:_WORST]
