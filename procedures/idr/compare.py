"""How two states of the identities differ: published runs, plans that wait, dry runs, or what is current."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from idr import journal
from idr.errors import IdrError
from idr.published import base
from idr.statement import read, work_table, work_tokens
from idr.warehouse import Row, Warehouse

CURRENT = "current"
_BIND = re.compile(r"(?<!:):(\w+)")
_PAGE = 500_000


@dataclass(frozen=True, slots=True)
class State:
    """A query that gives entity_key, resolved_id of one state, and its binds. `version` is None unless published."""

    kind: str
    query: str
    binds: dict[str, Any] = field(default_factory=dict)
    version: int | None = None

    def named(self, side: str) -> tuple[str, dict[str, Any]]:
        """The query as a common table expression, its binds told apart from those of the other side."""
        query = _BIND.sub(rf":\1_{side}", self.query)
        return f"side_{side} as ({query})", {f"{name}_{side}": value for name, value in self.binds.items()}


def state(wh: Warehouse, run: str) -> State:
    """The state that a run published or planned. IDR-413 when it did neither, or its plan is gone."""
    if run == CURRENT:
        return State("current", read("compare/current"), {}, base(wh)[0])
    rows = wh.query(
        "select status, is_dry_run, version from idr_out.run_history where run_id = :run_id", {"run_id": run}
    )
    if not rows:
        raise IdrError.of(
            "IDR-413",
            "there is no such run",
            where=run,
            fix="idr_out.run_history lists the runs; `current` stands for what is published",
        )
    if rows[0]["version"] is not None:
        version = int(rows[0]["version"])
        return State("published", read("compare/version"), {"version": version}, version)
    plan = journal.find_plan(wh, run)
    if plan is not None and plan["status"] in ("READY", "HELD") and int(plan["base_version"]) == base(wh)[0]:
        names = json.loads(plan["table_names"])
        table = names.get("membership_change", "membership_change")
        query = work_tokens(read("compare/plan"))
        return State("plan", query.replace(work_table("membership_change"), f"idr_work.{table}_{run}"))
    if plan is not None and rows[0]["is_dry_run"]:
        return State("dry run", read("compare/preview"), {"run_id": run, "version": plan["base_version"]})
    raise IdrError.of(
        "IDR-413",
        f"the run published nothing ({rows[0]['status']}), and no plan of it is left",
        where=run,
        fix="Choose a published run of idr_out.run_history, or plan again",
    )


def compare(wh: Warehouse, run_a: str, run_b: str, *, limit: int = 10) -> dict[str, Any]:
    """Counts of entities and clusters on both sides, and what happened from the first to the second.

    `split` are identities of the first whose records are in several of the second, `merged` the reverse, `moved`
    records whose id differs; of each at most `limit`, the largest first, with `totals`. Records that only one side
    has are counted in `only_in_a` and `only_in_b` and nowhere else.
    """
    first, second = state(wh, run_a), state(wh, run_b)

    def rows(name: str, a: State, b: State) -> list[Row]:
        (query_a, binds_a), (query_b, binds_b) = a.named("a"), b.named("b")
        return wh.query(
            f"with {query_a}, {query_b} {read(f'compare/{name}')}", binds_a | binds_b | {"row_limit": limit}
        )

    lists = {
        "split": rows("split", first, second),
        "merged": rows("split", second, first),
        "moved": rows("moved", first, second),
    }
    return {
        "a": {"run": run_a, "kind": first.kind},
        "b": {"run": run_b, "kind": second.kind},
        **{name: int(value) for name, value in rows("counts", first, second)[0].items() if name != "moved"},
        **{name: [_plain(row) for row in found] for name, found in lists.items()},
        "totals": {name: found[0]["total"] if found else 0 for name, found in lists.items()},
    }


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "total"}


def membership(wh: Warehouse, run: str) -> Iterator[Row]:
    """entity_key and resolved_id of every record as of a run, in order of entity_key."""
    query, binds = state(wh, run).named("a")
    text = f"with {query} {read('compare/page')}"
    after = ""
    while True:
        rows = wh.query(text, {**binds, "after": after, "row_limit": _PAGE})
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1]["entity_key"]
