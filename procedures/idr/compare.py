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
from idr.statement import RUN_TOKEN, read, work_tokens
from idr.warehouse import Row, Warehouse

CURRENT = "current"
_BIND = re.compile(r"(?<!:):(\w+)")
_PAGE = 500_000


@dataclass(frozen=True, slots=True)
class State:
    """A query that gives entity_key, resolved_id of one state, its binds and the names of its work tables."""

    run: str
    kind: str
    query: str
    binds: dict[str, Any] = field(default_factory=dict)
    rename: dict[str, str] = field(default_factory=dict)

    def named(self, side: str) -> tuple[str, dict[str, Any]]:
        """The query as a common table expression, its binds told apart from those of the other side."""
        query = _BIND.sub(rf":\1_{side}", self.query)
        return f"side_{side} as ({query})", {f"{name}_{side}": value for name, value in self.binds.items()}


def state(wh: Warehouse, run: str) -> State:
    """The state that a run published or planned. IDR-413 when it did neither, or its plan is gone."""
    if run == CURRENT:
        return State(run, "current", read("compare/current"))
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
        return State(run, "published", read("compare/version"), {"version": rows[0]["version"]})
    plan = journal.find_plan(wh, run)
    if plan is not None and plan["status"] in ("READY", "HELD") and int(plan["base_version"]) == base(wh)[0]:
        names = json.loads(plan["table_names"])
        table = names.get("membership_change", "membership_change")
        rename = {f"idr_work.membership_change{RUN_TOKEN}": f"idr_work.{table}_{run}"}
        return State(run, "plan", work_tokens(read("compare/plan")), {}, rename)
    if plan is not None and rows[0]["is_dry_run"]:
        binds = {"run_id": run, "version": plan["base_version"]}
        return State(run, "dry run", read("compare/preview"), binds)
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
    sides = (state(wh, run_a), state(wh, run_b))
    (query_a, binds_a), (query_b, binds_b) = sides[0].named("a"), sides[1].named("b")
    binds = {**binds_a, **binds_b, "row_limit": limit}

    def rows(name: str) -> list[Row]:
        # Both sides may be plans: the first one's tables are renamed before the queries are joined.
        text = f"with {_renamed(query_a, sides[0])}, {_renamed(query_b, sides[1])} {read(f'compare/{name}')}"
        return wh.query(text, binds)

    lists = {name: rows(name) for name in ("split", "merged", "moved")}
    return {
        "a": {"run": run_a, "kind": sides[0].kind},
        "b": {"run": run_b, "kind": sides[1].kind},
        **{name: int(value) for name, value in rows("counts")[0].items() if name != "moved"},
        **{name: [_plain(row) for row in found] for name, found in lists.items()},
        "totals": {name: found[0]["total"] if found else 0 for name, found in lists.items()},
    }


def _renamed(query: str, of: State) -> str:
    for token, name in of.rename.items():
        query = query.replace(token, name)
    return query


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "total"}


def membership(wh: Warehouse, run: str) -> Iterator[Row]:
    """entity_key and resolved_id of every record as of a run, in order of entity_key."""
    at = state(wh, run)
    query, binds = at.named("a")
    after = ""
    while True:
        text = f"with {_renamed(query, at)} {read('compare/page')}"
        rows = wh.query(text, {**binds, "after": after, "row_limit": _PAGE})
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1]["entity_key"]
