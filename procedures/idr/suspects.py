"""Values that link far more records than is usual for their rule, each with the entry that would exclude it."""

from __future__ import annotations

import json
from typing import Any

from idr.errors import IdrError
from idr.mask import mask, mask_values
from idr.model import Config, Rule
from idr.published import base
from idr.stages.conflicts import SUSPECT_FLOOR
from idr.statement import read
from idr.warehouse import Row, Warehouse

_USUAL_FACTOR = 5.0


def suspects(wh: Warehouse, *, limit: int = 20, show_values: bool = False) -> dict[str, Any]:
    """`suspects`, the largest groups first and at most `limit`, and `total`, how many there are.

    A group is suspect above 10 records and above `suspect_group_factor` (5 when it is off) times the upper quartile
    of its rule's group sizes at the last FULL run. Groups that are skipped as oversized count as well. `exclude` is an
    entry for the list `exclude` of `identifier` in `idr.yml`: of a rule's parts the one that most records carry.
    """
    config = base(wh)[1]
    if config is None:
        raise IdrError.of("IDR-113", "nothing was published yet", fix="Publish a FULL run first")
    factor = config.guardrails.suspect_group_factor or _USUAL_FACTOR
    rows = wh.query(read("suspects/groups"), {"floor": SUSPECT_FLOOR, "factor": factor, "row_limit": limit})
    found = (_suspect(wh, config, row, show_values) for row in rows if row["rule_id"] in config.rules)
    return {"suspects": list(found), "total": rows[0]["total"] if rows else 0}


def _suspect(wh: Warehouse, config: Config, row: Row, show_values: bool) -> dict[str, Any]:
    rule = config.rules[row["rule_id"]]
    record = wh.query(read("explain/record"), {"entity_key": row["entity_key"]})[0]
    values = {name: record[f"i_{name}"] for name in rule.match}
    name = _commonest(wh, rule, values)
    pattern = values[name] if show_values else mask(values[name])
    return {
        "rule_id": rule.rule_id,
        "values": values if show_values else mask_values(values),
        "records": row["group_size"],
        "usual": row["usual_group_size"],
        "is_skipped": row["is_skipped"],
        "example": row["entity_key"],
        "identifier": name,
        "exclude": f"{{exact: {json.dumps(pattern, ensure_ascii=False)}}}",
    }


def _commonest(wh: Warehouse, rule: Rule, values: dict[str, Any]) -> str:
    if len(rule.match) == 1:
        return rule.match[0]
    counts = {
        name: wh.query(f"select count(*) as n from idr_out.entity_current where i_{name} = :value", {"value": value})
        for name, value in values.items()
    }
    return max(counts, key=lambda name: counts[name][0]["n"])
