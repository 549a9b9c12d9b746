"""Names of objects: how Snowflake folds, quotes and matches them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.errors import no_current

_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")
_PART = re.compile(r'"(?:[^"]|"")+"|[^".\s]+')


def quote(part: str) -> str:
    """The identifier in double quotes, for any SQL."""
    return '"' + part.replace('"', '""') + '"'


def literal(value: str) -> str:
    """The text as an SQL string for DuckDB."""
    return "'" + value.replace("'", "''") + "'"


def fold(text: str) -> str:
    """The stored form of an identifier as written: quoted ones as they are, others in upper case."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.upper()


def shown(part: str) -> str:
    """The identifier as Snowflake prints it: in quotes only when it needs them."""
    return part if _PLAIN.fullmatch(part) else quote(part)


def split(text: str) -> list[str]:
    """The folded parts of a dotted name."""
    return [fold(part) for part in _PART.findall(text)]


def like(pattern: str | None, value: str) -> bool:
    """Whether SHOW .. LIKE 'pattern' keeps the value: `%`, `_`, a backslash escapes, case does not matter."""
    if pattern is None:
        return True
    expression = re.sub(
        r"\\(.)|(%)|(_)|(.)",
        lambda m: re.escape(m[1] or m[4]) if m[1] or m[4] else (".*" if m[2] else "."),
        pattern,
        flags=re.DOTALL,
    )
    return re.fullmatch(expression, value, re.IGNORECASE | re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Name:
    """The full name of an object in a schema."""

    database: str
    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(shown(part) for part in (self.database, self.schema, self.name))

    @property
    def sql(self) -> str:
        return ".".join(quote(part) for part in (self.database, self.schema, self.name))


@dataclass(frozen=True, slots=True)
class SchemaName:
    database: str
    schema: str

    def __str__(self) -> str:
        return f"{shown(self.database)}.{shown(self.schema)}"

    @property
    def sql(self) -> str:
        return f"{quote(self.database)}.{quote(self.schema)}"


def complete(parts: list[str], database: str | None, schema: str | None, doing: str) -> Name:
    """Fill the missing parts of an object's name from the session's current database and schema.

    Raises 090105 or 090106 when there is none, as Snowflake does.
    """
    if len(parts) < 3 and not database:
        raise no_current("database", doing)
    if len(parts) < 2 and not schema:
        raise no_current("schema", doing)
    whole = [database, schema, ""][: 3 - len(parts)] + parts
    return Name(*(str(part) for part in whole))


def complete_schema(parts: list[str], database: str | None, doing: str) -> SchemaName:
    """The same for the name of a schema."""
    if len(parts) < 2 and not database:
        raise no_current("database", doing)
    return SchemaName(*[str(database), *parts][-2:])
