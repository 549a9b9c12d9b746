"""What a benchmark is asked for on the command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`rows` of the sources, or nodes of a graph; `rounds` of which the medians are told; `limit` in seconds.

    `memory` is DuckDB's `memory_limit` in growth, "" for DuckDB's own; `shape` that of the retail base.
    """

    rows: int
    seed: int
    rounds: int
    limit: float
    memory: str = ""
    shape: str = "retail"
