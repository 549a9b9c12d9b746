"""Why two records are not one: the nearest reason, from a person's veto down to the parts of a rule that differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from idr.evidence import fewest_cuts, priority
from idr.mask import mask
from idr.model import Config, Identifier
from idr.normalize import normalized
from idr.stages.overrides import LINK_RULE
from idr.stages.source_query import excluded
from idr.statement import read
from idr.warehouse import Row, Warehouse

Cause = dict[str, Any]


def nearest_reason(
    wh: Warehouse, config: Config | None, first: Row, second: Row, *, show_values: bool
) -> dict[str, Any]:
    """`reason` in words and `cause`, an object whose `kind` is one of unpublished, vetoed, cut, oversized, excluded,
    parts or nothing."""
    for row in (first, second):
        if config is None or row["resolved_id"] is None:
            return _told("unpublished", f"{row['entity_key']} has no published identity yet")
    a, b = first["entity_key"], second["entity_key"]
    records = [wh.query(read("explain/record"), {"entity_key": key})[0] for key in (a, b)]
    return (
        _vetoed(wh, a, b)
        or _cut(wh, config, a, b)
        or _oversized(wh, first, second)
        or _excluded_value(wh, config, records, show_values)
        or _parts(config, records, show_values)
    )


def _told(kind: str, reason: str, **details: Any) -> dict[str, Any]:
    return {"reason": reason, "cause": {"kind": kind, **details}}


def _decision(row: Row) -> str:
    verb = {"LINK": "link", "UNLINK": "unlink"}.get(row["kind"], row["kind"])
    return f"{verb} {row['override_id']} by {row['created_by']} on {str(row['created_at'])[:10]} ({row['reason']})"


def _vetoed(wh: Warehouse, a: str, b: str) -> Cause | None:
    rows = wh.query(read("explain/overrides"), {"a": a, "b": b})
    veto = next((row for row in rows if row["kind"] == "UNLINK" and row["is_published"]), None)
    if veto is None:
        return None
    return _told("vetoed", f"A person keeps them apart: {_decision(veto)}", override=veto)


def _cut(wh: Warehouse, config: Config, a: str, b: str) -> Cause | None:
    cuts = fewest_cuts(wh.query(read("explain/torn_keys"), {"entity_key": a}), a, b)
    if not cuts:
        return None
    link = {name: cuts[0][name] for name in ("entity_key", "rule_id", "identifier_type", "other_entity_key")}
    held = "a link made by a person" if link["rule_id"] == LINK_RULE else f"a value of rule {link['rule_id']}"
    where = f"The chain between them was cut where {link['entity_key']} holds {held}"
    if cuts[0]["override_id"] is None:
        name = link["identifier_type"]
        identifier = config.identifiers.get(name)
        limit = identifier.limit_per_identity if identifier else None
        why = f"one identity would have held more than {limit} different values of {name}"
        return _told("cut", f"{where}: {why}", link=link, limit=limit)
    veto = wh.query(read("explain/override"), {"override_id": cuts[0]["override_id"]})
    why = f"it would have joined it to {link['other_entity_key']}"
    decision = f", against {_decision(veto[0])}" if veto else ""
    return _told("cut", f"{where}: {why}{decision}", link=link, override=veto[0] if veto else None)


def _oversized(wh: Warehouse, first: Row, second: Row) -> Cause | None:
    shared = wh.query(read("explain/shared_keys"), {"first_id": first["entity_id"], "second_id": second["entity_id"]})
    row = next((item for item in shared if item["group_size"] is not None), None)
    if row is None:
        return None
    return _told(
        "oversized",
        f"They share a value of rule {row['rule_id']}, but {row['group_size']} records carry it and at most"
        f" {row['max_group_size']} may: the value was skipped as oversized",
        **{name: row[name] for name in ("rule_id", "group_size", "max_group_size")},
    )


def _excluded_value(wh: Warehouse, config: Config, records: list[Row], show_values: bool) -> Cause | None:
    """A value that both carry but that is excluded. Known where an attribute reads the same expression."""
    for identifier in config.identifiers.values():
        raw = [_raw_value(config, identifier, record) for record in records]
        if identifier.exclude and None not in raw and _is_excluded(wh, identifier, raw):
            value = raw[0] if show_values else mask(raw[0])
            reason = f'Both carry the {identifier.name} "{value}", which the configuration excludes'
            return _told("excluded", reason, identifier=identifier.name, value=value)
    return None


def _raw_value(config: Config, identifier: Identifier, record: Row) -> str | None:
    source = config.sources.get(record["source_id"])
    if source is None or record[f"i_{identifier.name}"] is not None:
        return None
    mapped = source.identifiers.get(identifier.name)
    same = (name for name, text in source.attributes.items() if text == mapped)
    return next((record[f"a_{name}"] for name in same), None)


def _is_excluded(wh: Warehouse, identifier: Identifier, raw: list[str | None]) -> bool:
    binds = {f"x{number}": item.pattern for number, item in enumerate(identifier.exclude)}
    value = exp.column("value")
    tests = [
        excluded(value, identifier, item, exp.Placeholder(this=f"x{number}"))
        for number, item in enumerate(identifier.exclude)
    ]
    inner = exp.select(
        exp.alias_(normalized(identifier, exp.cast(exp.Placeholder(this="a"), "varchar")), "value"),
        exp.alias_(normalized(identifier, exp.cast(exp.Placeholder(this="b"), "varchar")), "other"),
    )
    query = exp.select(
        exp.alias_(exp.EQ(this=value.copy(), expression=exp.column("other")), "is_same"),
        exp.alias_(exp.or_(*tests), "is_excluded"),
    ).from_(inner.subquery("carried"))
    row = wh.query(query.sql(dialect="snowflake"), {**binds, "a": raw[0], "b": raw[1]})[0]
    return bool(row["is_same"] and row["is_excluded"])


def _parts(config: Config, records: list[Row], show_values: bool) -> Cause:
    rules = [
        {"rule_id": rule.rule_id, "parts": list(_compared(rule.match, records, show_values))}
        for rule in sorted(config.rules.values(), key=lambda rule: priority(config, rule.rule_id))
    ]
    nearest = max(rules, key=lambda rule: _agreeing(rule["parts"]) / len(rule["parts"]))
    if not _agreeing(nearest["parts"]):
        reason = "No rule finds a value that both carry, and no chain of other records joins them"
        return _told("nothing", reason, rules=rules)
    words = "; ".join(_in_words(part) for part in nearest["parts"])
    return _told("parts", f"Rule {nearest['rule_id']} comes nearest: {words}", rule_id=nearest["rule_id"], rules=rules)


def _compared(match: tuple[str, ...], records: list[Row], show_values: bool) -> Iterator[dict[str, Any]]:
    first, second = records
    for name in match:
        a, b = first[f"i_{name}"], second[f"i_{name}"]
        lacking = [record["entity_key"] for record, value in ((first, a), (second, b)) if value is None]
        state = "missing" if lacking else "agree" if a == b else "differ"
        shown = (a, b) if show_values else (mask(a), mask(b))
        yield {"identifier": name, "state": state, "missing_in": lacking, "a": shown[0], "b": shown[1]}


def _agreeing(parts: list[dict[str, Any]]) -> int:
    return sum(part["state"] == "agree" for part in parts)


def _in_words(part: dict[str, Any]) -> str:
    if part["state"] == "missing":
        return f"{part['identifier']} is missing in {' and '.join(part['missing_in'])}"
    verb = "agrees" if part["state"] == "agree" else "differs"
    return f"{part['identifier']} {verb}"
