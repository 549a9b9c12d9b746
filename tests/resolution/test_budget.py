"""What a run may cost: its statements, and the rows that it writes, on a small retail base. Seconds are not judged.

A budget is what a run needs now and a little more. Lower it when a run needs less.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from math import log2
from pathlib import Path

import duckdb
import pytest

from benchmarks import retail
from benchmarks.counted import Counted
from benchmarks.graphs import GRAPHS, write
from benchmarks.solvers import solve
from benchmarks.statement_log import StatementLog
from idr.warehouse.duckdb import DuckDBWarehouse

SMALL, LARGE = 2_000, 6_000
CHANGE = 40
STATEMENTS = {  # those that read or write tables, and all; each round of components takes four
    "FULL": (85, 113),
    "nothing": (38, 49),
    "change": (86, 99),
    "tenfold": (89, 102),
    "plan": (64, 90),
    "publish": (44, 53),
}
HOUSEKEEPING = 130  # rows of the journal, the lease, rules and watermarks: for five sources, whatever their size


@dataclass(frozen=True)
class Cost:
    """`heavy` statements read or write tables. `rows` were inserted, updated or deleted; readers see `readable`."""

    heavy: int
    statements: int
    rows: int
    readable: int


def costs(rows: int) -> dict[str, Cost]:
    """A FULL run, and INCR runs after it on the same database."""
    connection = duckdb.connect(":memory:")
    connection.execute("set threads = 1")
    retail.fill(connection, rows, seed=7)
    counted = Counted(connection)
    wh = DuckDBWarehouse(counted)
    retail.configure(wh)

    def cost(mode: str, *, changed: int = 0, dry_run: bool = False) -> Cost:
        if changed:
            retail.change(connection, changed, seed=changed)
        counted.reset()
        retail.published(wh, mode, dry_run=dry_run)
        readable = sum(rows for table, rows in counted.rows.items() if table.endswith("_current"))
        return Cost(counted.heavy, len(counted.statements), counted.rows.total(), readable)

    return {
        "FULL": cost("FULL"),
        "nothing": cost("INCR"),
        "change": cost("INCR", changed=CHANGE),
        "tenfold": cost("INCR", changed=10 * CHANGE),
        "plan": cost("INCR", changed=CHANGE + 1, dry_run=True),
        "publish": cost("INCR"),
    }


@pytest.fixture(scope="module")
def small() -> Mapping[str, Cost]:
    return costs(SMALL)


@pytest.fixture(scope="module")
def large() -> Mapping[str, Cost]:
    return costs(LARGE)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_run_keeps_to_its_statements_whatever_the_size(
    name: str, small: Mapping[str, Cost], large: Mapping[str, Cost]
) -> None:
    heavy, statements = STATEMENTS[name]
    for found in (small[name], large[name]):
        assert found.heavy <= heavy
        assert found.statements <= statements


def test_full_writes_so_many_rows_for_each_of_the_sources(small: Mapping[str, Cost], large: Mapping[str, Cost]) -> None:
    assert small["FULL"].rows <= 17 * SMALL
    assert large["FULL"].rows <= 17 * LARGE


def test_incr_without_a_change_writes_nothing_that_readers_see(large: Mapping[str, Cost]) -> None:
    assert large["nothing"].readable == 0
    assert large["nothing"].rows <= HOUSEKEEPING


@pytest.mark.parametrize(("name", "changed"), [("change", CHANGE), ("tenfold", 10 * CHANGE)])
def test_incr_writes_in_proportion_to_the_change(name: str, changed: int, large: Mapping[str, Cost]) -> None:
    assert large[name].rows <= 90 * changed + HOUSEKEEPING
    assert 0 < large[name].readable <= 12 * changed


def test_incr_writes_hardly_more_for_the_same_change_of_a_base_three_times_as_large(
    small: Mapping[str, Cost], large: Mapping[str, Cost]
) -> None:
    assert large["change"].rows <= 1.5 * small["change"].rows
    assert large["change"].readable <= 1.5 * small["change"].readable


def test_the_publish_of_a_plan_writes_the_change_and_computes_nothing(large: Mapping[str, Cost]) -> None:
    assert 0 < large["publish"].readable <= 12 * CHANGE
    assert large["publish"].rows - large["publish"].readable <= CHANGE + HOUSEKEEPING


@pytest.mark.parametrize("shape", GRAPHS)
def test_components_of_any_shape_are_right_after_few_rounds(shape: str, tmp_path: Path) -> None:
    nodes = 300
    write(shape, nodes, 7, tmp_path / "graph.duckdb")
    ours, theirs = (solve(name, str(tmp_path / "graph.duckdb"), str(tmp_path)) for name in ("idr", "networkx"))
    assert ours["partition"] == theirs["partition"]
    assert ours["rounds"] <= 2 * log2(nodes)


def test_a_log_tells_what_each_statement_read_and_wrote() -> None:
    """Of published tables as of work tables, which are in a database of their own."""
    with closing(duckdb.connect(":memory:")) as connection:
        retail.fill(connection, SMALL, seed=7)
        log = StatementLog(connection)
        wh = DuckDBWarehouse(log)
        retail.configure(wh)
        log.reset()
        retail.published(wh, "FULL")
        [made] = [sent for sent in log.sent if ".match_key AS SELECT" in sent.text]
        [published] = [sent for sent in log.sent if sent.text.startswith("INSERT INTO idr_out.match_key_current")]
    assert made.written == published.read == published.written > 0
    assert made.read > 0
