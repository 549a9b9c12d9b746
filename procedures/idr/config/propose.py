"""A first configuration for a database, from the names, types and contents of its tables."""

from __future__ import annotations

import re

import yaml

from idr.config.expression import table_name
from idr.warehouse import Column, Warehouse

_KINDS: tuple[tuple[str, str, str, str], ...] = (
    ("email", "email", r"e_?mail", r"^[^@ ]+@[^@ ]+$"),
    ("phone", "phone", r"phone|mobile|\btel", r"^[0-9+() .-]{7,}$"),
    ("dob", "date", r"birth|\bdob\b", ""),
    ("ssn", "digits", r"\bssn\b|soc_?sec|social_security", ""),
    ("last_name", "name", r"last_?name|surname|family_name", ""),
    ("first_name", "name", r"first_?name|given_?name", ""),
    ("postcode", "postcode", r"post_?code|postal|\bzip", ""),
)
_CLOCK = re.compile(r"updated|modified|changed|created|load", re.IGNORECASE)
_ALONE = ("email", "phone", "ssn")


def propose(wh: Warehouse) -> str:
    """YAML text with a source per table that has a unique id and something that identifies a person."""
    sources = {}
    for table in wh.list_tables():
        proposal = _source(wh, table, wh.table_columns(table) or [])
        if proposal:
            sources[re.sub(r"[^a-z0-9_]", "_", table.lower())] = proposal
    found = sorted({name for source in sources.values() for name in source["identifiers"]})
    normal = {name: normalize for name, normalize, _, _ in _KINDS}
    document = {
        "sources": sources,
        "identifiers": {name: {"normalize": normal[name]} for name in found},
        "rules": _rules(found),
    }
    head = (
        "# A proposal from the tables' names, types and contents: correct it, then `idr config check`.\n"
        "# Ask of each rule: can two people share these values? Phone numbers need their region (default US).\n"
    )
    if not sources:
        head += "# No table has both a unique id column and an identifier such as an e-mail or a phone number.\n"
    return head + yaml.safe_dump(document, sort_keys=False, default_flow_style=False)


def _rules(found: list[str]) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = [
        {"id": name, "match": [name], "max_group_size": 20} for name in _ALONE if name in found
    ]
    if {"last_name", "dob"} <= set(found):
        names = [name for name in ("first_name", "last_name", "dob") if name in found]
        rules.append({"id": "name_dob", "match": names})
    return rules


def _quoted(column: Column) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", column.name)
    return column.name if plain else '"' + column.name.replace('"', '""') + '"'


def _source(wh: Warehouse, table: str, columns: list[Column]) -> dict[str, object] | None:
    key = next((c for c in columns if re.search(r"id$|key$", c.name, re.IGNORECASE) and _is_key(wh, table, c)), None)
    identifiers = {}
    for name, _, pattern, content in _KINDS:
        match = next((c for c in columns if c is not key and re.search(pattern, c.name, re.IGNORECASE)), None)
        match = match or next((c for c in columns if content and c is not key and _looks(wh, table, c, content)), None)
        if match and _quoted(match) not in identifiers.values():
            identifiers[name] = _quoted(match)
    if key is None or not identifiers:
        return None
    source: dict[str, object] = {"table": table, "key": _quoted(key)}
    clock = next((c for c in columns if c.family.startswith("timestamp") and _CLOCK.search(c.name)), None)
    if clock:
        source["watermark"] = _quoted(clock)
    names = {name: text for name, text in identifiers.items() if name in ("email", "phone", "first_name", "last_name")}
    return {**source, "identifiers": identifiers, "attributes": names}


def _is_key(wh: Warehouse, table: str, column: Column) -> bool:
    name = _quoted(column)
    row = wh.query(f"select count(*) as n, count(distinct {name}) as d from {table_name(table)}")[0]
    return row["n"] == row["d"]


def _looks(wh: Warehouse, table: str, column: Column, content: str) -> bool:
    """Most of a sample of the column's values have the form of the identifier."""
    if column.family != "text":
        return False
    name = _quoted(column)
    rows = wh.query(f"select {name} as v from {table_name(table)} where {name} is not null limit 200")
    hits = sum(1 for row in rows if re.search(content, str(row["v"]).strip()))
    return bool(rows) and hits > 0.8 * len(rows)
