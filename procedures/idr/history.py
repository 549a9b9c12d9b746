"""What ran, and how things stand."""

from __future__ import annotations

import json
from typing import Any

from idr.statement import read
from idr.warehouse import Row, Warehouse

_JSON_COLUMNS = ("reasons", "warnings", "counts")


def history(wh: Warehouse, limit: int = 20) -> list[Row]:
    """The latest runs, newest first, with reasons, warnings and counts as objects."""
    return [_parsed(row) for row in wh.query(read("history/runs"), {"run_limit": limit})]


def status(wh: Warehouse) -> dict[str, Any]:
    """Totals of the published state, the plans that wait for a person, what went wrong since, and the last run."""
    totals = wh.query(read("history/totals"))[0]
    held = [row["run_id"] for row in wh.query(read("history/held"))]
    alerts = wh.query(read("history/open_alerts"))
    return {**totals, "held_plans": held, "alerts": alerts, "last_run": next(iter(history(wh, 1)), None)}


def _parsed(row: Row) -> Row:
    texts = {name: row[name] for name in _JSON_COLUMNS if isinstance(row.get(name), str)}
    return row | {name: json.loads(text) for name, text in texts.items()}
