"""What a table holds, seen from a sample: the ground on which `idr init --from-db` proposes."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

from sqlglot import exp

from idr.config.expression import identifier, parse, table_name
from idr.errors import IdrError
from idr.warehouse import Column, TypeFamily, Warehouse

SAMPLE_ROWS = 5000
_LONGEST = 200
_SAYS_NOTHING = frozenset(
    ["", "n/a", "na", "null", "none", "nil", "unknown", "unk", "undefined", "not available", "-", "--", "?", "."]
)
_CAMEL = (re.compile(r"([a-z0-9])([A-Z])"), re.compile(r"([A-Z]+)([A-Z][a-z])"), re.compile(r"([A-Za-z])([0-9])"))


@dataclass(frozen=True, slots=True)
class Facts:
    """One column: `values` are the sampled texts that are neither empty nor a placeholder."""

    name: str
    family: TypeFamily
    sampled: int
    values: tuple[str, ...]

    @property
    def written(self) -> str:
        return identifier(self.name)

    @property
    def words(self) -> str:
        """`customerEmail`, `Customer E-Mail` -> `customer_email`, `customer_e_mail`."""
        text = self.name
        for pattern in _CAMEL:
            text = pattern.sub(r"\1_\2", text)
        return re.sub(r"[\W_]+", "_", text).strip("_").lower()

    @property
    def filled(self) -> float:
        """Share of the sampled rows with a value; 0 when there are no rows."""
        return len(self.values) / self.sampled if self.sampled else 0.0

    @property
    def top_share(self) -> float:
        """Share of the most frequent value among the values."""
        return Counter(self.values).most_common(1)[0][1] / len(self.values) if self.values else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One table; `columns` leaves out those whose type or name cannot be used in an expression."""

    table: str
    rows: int
    columns: tuple[Facts, ...]
    primary_key: tuple[str, ...]


def profile(wh: Warehouse, table: str) -> Profile:
    """Count the table and read at most `SAMPLE_ROWS` of its rows. Raises IDR-501 when it cannot be read."""
    source = exp.to_table(table_name(table), dialect="snowflake")
    rows = int(wh.query(exp.select("count(*) as n").from_(source.copy()).sql(dialect="snowflake"))[0]["n"])
    usable = [column for column in wh.table_columns(table) or [] if _usable(wh, table, column)]
    values: list[list[str]] = [[] for _ in usable]
    sampled = 0
    if usable and rows:
        for row in wh.query(_sample(source, usable, rows)):
            sampled += 1
            for position, found in enumerate(values):
                text = row[f"c{position}"]
                if text is not None and not _is_nothing(text):
                    found.append(text.strip())
    columns = (
        Facts(column.name, column.family, sampled, tuple(found)) for column, found in zip(usable, values, strict=True)
    )
    return Profile(table, rows, tuple(columns), _primary_key(wh, source))


def uniqueness(wh: Warehouse, table: str, key: str) -> bool:
    """Whether the expression is filled and different in every row of the table."""
    value = parse(key)
    text = exp.cast(value.copy(), "varchar")
    query = exp.select(
        "count(*) as n",
        exp.alias_(exp.Count(this=exp.Nullif(this=exp.Trim(this=text.copy()), expression=exp.Literal.string(""))), "f"),
        exp.alias_(exp.Count(this=exp.Distinct(expressions=[text])), "d"),
    ).from_(table_name(table))
    row = wh.query(query.sql(dialect="snowflake"))[0]
    return row["n"] == row["f"] == row["d"]


def _usable(wh: Warehouse, table: str, column: Column) -> bool:
    if column.family == "other":
        return False
    if not column.name.isprintable():
        return False
    try:
        wh.describe(exp.select(parse(identifier(column.name))).from_(table_name(table)).sql(dialect="snowflake"))
    except IdrError:
        return False
    return True


def _sample(source: exp.Table, columns: list[Column], rows: int) -> str:
    texts = (
        exp.alias_(exp.func("LEFT", exp.cast(parse(identifier(c.name)), "varchar"), exp.Literal.number(_LONGEST)), name)
        for name, c in ((f"c{position}", column) for position, column in enumerate(columns))
    )
    table = source.sql(dialect="snowflake")
    if rows > SAMPLE_ROWS:
        table += f" sample bernoulli ({min(100, math.ceil(120 * SAMPLE_ROWS / rows * 1000) / 1000)})"
    return exp.select(*texts).from_(table, dialect="snowflake").limit(SAMPLE_ROWS).sql(dialect="snowflake")


def _is_nothing(text: str) -> bool:
    bare = text.strip().lower()
    return bare in _SAYS_NOTHING or not bare.strip("0")


def _primary_key(wh: Warehouse, table: exp.Table) -> tuple[str, ...]:
    rows = wh.query(
        "select k.column_name from information_schema.key_column_usage as k"
        " inner join information_schema.table_constraints as t"
        " on k.constraint_name = t.constraint_name and k.table_schema = t.table_schema and k.table_name = t.table_name"
        " where t.constraint_type = 'PRIMARY KEY' and k.table_schema = :schema and k.table_name = :name"
        " and k.table_catalog = current_database() and t.table_catalog = current_database()"
        " order by k.ordinal_position",
        {"schema": table.db, "name": table.name},
    )
    return tuple(row["column_name"] for row in rows)
