"""The configuration in `idr_meta`: written in one transaction, read back through the same checks."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from typing import Any

from idr.config.validate import Path, validate
from idr.errors import IdrError, Problem
from idr.model import Config
from idr.statement import insert_values
from idr.warehouse import Row, Warehouse

_COLUMNS: dict[str, tuple[str, ...]] = {
    "source_table": (
        "source_id", "table_name", "entity_key_expr", "watermark_expr", "lookback_minutes", "cap_watermark",
        "deleted_when", "deletes", "trust_rank",
    ),
    "identifier_mapping": ("source_id", "identifier_type", "value_expr"),
    "identifier_type": (
        "identifier_type", "normalizer", "region", "gmail", "placeholders", "is_unique", "max_per_identity",
        "on_conflict",
    ),
    "rule": ("rule_id", "match_identifiers", "priority", "max_group_size"),
    "entity_attribute_mapping": ("source_id", "attribute", "value_expr"),
    "survivorship_rule": ("attribute", "strategy", "source_priority"),
    "identifier_exclusion": ("identifier_type", "match_type", "pattern"),
    "config": ("key", "value"),
}  # fmt: skip


def _rows(config: Config) -> dict[str, list[tuple[Any, ...]]]:
    sources, identifiers = config.sources.values(), config.identifiers.values()
    return {
        "source_table": [
            (s.source_id, s.table, s.key, s.watermark, s.lookback_minutes, s.cap_watermark, s.deleted_when,
             "detect" if s.detect_deletes else "ignore", s.trust)
            for s in sources
        ],
        "identifier_mapping": [(s.source_id, *pair) for s in sources for pair in s.identifiers.items()],
        "identifier_type": [
            (i.name, i.normalize, i.region, i.gmail, None if i.placeholders is None else json.dumps(i.placeholders),
             i.unique, i.max_per_identity, i.on_conflict)
            for i in identifiers
        ],
        "rule": [(r.rule_id, ",".join(r.match), r.priority, r.max_group_size) for r in config.rules.values()],
        "entity_attribute_mapping": [(s.source_id, *pair) for s in sources for pair in s.attributes.items()],
        "survivorship_rule": [
            (s.attribute, s.strategy, ",".join(s.source_priority)) for s in config.survivorship.values()
        ],
        "identifier_exclusion": [(i.name, e.kind, e.pattern) for i in identifiers for e in i.exclude],
        "config": [
            (f"{section}.{key}", json.dumps(value))
            for section, part in (("guardrails", config.guardrails), ("settings", config.settings))
            for key, value in asdict(part).items()
        ],
    }  # fmt: skip


def apply(wh: Warehouse, config: Config) -> None:
    """Replace what `idr_meta` holds by `config`, in one transaction; the tables must exist."""
    rows = _rows(config)
    with wh.transaction():
        for table, names in _COLUMNS.items():
            wh.execute(f"delete from idr_meta.{table}")
            if rows[table]:
                wh.execute(*insert_values(f"idr_meta.{table}", names, rows[table]))


def load(wh: Warehouse) -> Config:
    """The configuration in `idr_meta`. Raises IDR-113 when there is none, IDR-115 when it is no longer valid."""
    tables = _tables(wh)
    if not tables["source_table"]:
        raise IdrError.of(
            "IDR-113",
            "idr_meta holds no configuration",
            fix="Apply an idr.yml first: `idr config apply`, in Snowflake idr_configure",
        )
    try:
        raw = _raw(tables)
        return validate(raw, partial(_where, [rule["id"] for rule in raw["rules"]]))
    except IdrError as error:
        problems = (Problem("IDR-115", f"{p.message} ({p.code})", p.where, p.fix) for p in error.problems)
        raise IdrError(*problems) from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise IdrError.of(
            "IDR-115", f"a row cannot be read ({error})", where="idr_meta", fix="Apply the idr.yml again"
        ) from error


def _tables(wh: Warehouse) -> dict[str, list[Row]]:
    """The rows of every table, read by one statement: never half of one configuration and half of the next."""
    every = list(dict.fromkeys(column for columns in _COLUMNS.values() for column in columns))
    selects = []
    for table, columns in _COLUMNS.items():
        chosen = ", ".join(column if column in columns else f"null as {column}" for column in every)
        selects.append(f"select '{table}' as of_table, {chosen} from idr_meta.{table}")
    tables: dict[str, list[Row]] = {table: [] for table in _COLUMNS}
    for row in wh.query(" union all ".join(selects)):
        tables[row["of_table"]].append(row)
    return tables


def load_if_any(wh: Warehouse) -> Config | None:
    """As `load`; None when no configuration was ever applied."""
    return _load_unless(wh, "IDR-113")


def load_if_valid(wh: Warehouse) -> Config | None:
    """As `load`; None when there is none, or it was edited into an invalid state that a new one replaces."""
    return _load_unless(wh, "IDR-113", "IDR-115")


def _load_unless(wh: Warehouse, *codes: str) -> Config | None:
    try:
        return load(wh)
    except IdrError as error:
        if error.code in codes:
            return None
        raise


def _where(rules: list[Any], path: Path) -> str:
    """Rules are rows, not a list: the row is told by its id."""
    parts = (
        str(rules[part]) if isinstance(part, int) and path[0] == "rules" and at == 1 else str(part)
        for at, part in enumerate(path)
    )
    return f"idr_meta {'.'.join(parts)}".strip()


def _keyed(rows: list[Row], key: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        name = str(row[key])
        if name in found:
            raise ValueError(f"{key} {name} has several rows")
        found[name] = row
    return found


def _decoded(text: str | None, what: str) -> Any:
    try:
        return json.loads(text or "")
    except json.JSONDecodeError as error:
        raise ValueError(f"{what} is not JSON") from error


def _names(text: str | None) -> list[str]:
    return [name for name in (text or "").split(",") if name]


def _pairs(rows: list[Row], source_id: str, name: str) -> dict[str, Any]:
    mine = [row for row in rows if row["source_id"] == source_id]
    return {key: row["value_expr"] for key, row in _keyed(mine, name).items()}


def _raw(tables: dict[str, list[Row]]) -> dict[str, Any]:
    sources = _keyed(tables["source_table"], "source_id")
    identifiers = _keyed(tables["identifier_type"], "identifier_type")
    for table, key, known in (
        ("identifier_mapping", "source_id", sources),
        ("entity_attribute_mapping", "source_id", sources),
        ("identifier_exclusion", "identifier_type", identifiers),
    ):
        orphans = {str(row[key]) for row in tables[table]} - set(known)
        if orphans:
            raise ValueError(f"{table} names an unknown {key}: {', '.join(sorted(orphans))}")
    raw: dict[str, Any] = {
        "sources": {
            name: {
                "table": row["table_name"], "key": row["entity_key_expr"], "watermark": row["watermark_expr"],
                "lookback_minutes": row["lookback_minutes"], "cap_watermark": row["cap_watermark"],
                "deleted_when": row["deleted_when"], "deletes": row["deletes"], "trust": row["trust_rank"],
                "identifiers": _pairs(tables["identifier_mapping"], name, "identifier_type"),
                "attributes": _pairs(tables["entity_attribute_mapping"], name, "attribute"),
            }
            for name, row in sources.items()
        },
        "identifiers": {
            name: {
                "normalize": row["normalizer"], "region": row["region"], "gmail": row["gmail"],
                "placeholders": row["placeholders"] and _decoded(row["placeholders"], f"placeholders of {name}"),
                "exclude": [
                    {e["match_type"]: e["pattern"]}
                    for e in tables["identifier_exclusion"] if e["identifier_type"] == name
                ],
                "unique": row["is_unique"], "max_per_identity": row["max_per_identity"],
                "on_conflict": row["on_conflict"],
            }
            for name, row in identifiers.items()
        },
        "rules": [
            {"id": row["rule_id"], "match": _names(row["match_identifiers"]), "priority": row["priority"],
             "max_group_size": row["max_group_size"]}
            for row in sorted(tables["rule"], key=lambda row: (row["priority"] or 0, str(row["rule_id"])))
        ],
        "survivorship": {
            name: {"strategy": row["strategy"], "sources": _names(row["source_priority"])}
            for name, row in _keyed(tables["survivorship_rule"], "attribute").items()
        },
        "guardrails": {}, "settings": {},
    }  # fmt: skip
    for key, row in _keyed(tables["config"], "key").items():
        section, _, name = key.partition(".")
        raw.setdefault(section, {})[name] = _decoded(row["value"], f"config {key}")
    return raw
