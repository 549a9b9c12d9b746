"""The objects that DuckDB does not know: procedures, stages, applications, roles, tasks, in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.names import Name

_TABLES = """
create table if not exists object (
    kind text not null,
    database text not null,
    schema text not null,
    name text not null,
    signature text not null,      -- tells overloads apart; empty for other kinds
    owner text not null,
    comment text not null,
    created_on text not null,
    definition text not null,     -- JSON: what the kind needs
    primary key (kind, database, schema, name, signature)
);
"""


@dataclass(slots=True)
class Object:
    """An object of the account (`database` and `schema` empty), of a database (`schema` empty) or of a schema."""

    kind: str
    name: str
    database: str = ""
    schema: str = ""
    signature: str = ""
    owner: str = ""
    comment: str = ""
    definition: dict[str, Any] = field(default_factory=dict)
    created_on: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def full_name(self) -> Name:
        return Name(self.database, self.schema, self.name)


class Catalogue:
    """Objects by kind and name. Every change outlives the process when the method returns (not a loss of power)."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Several changes at once, all or none; nests. The connection is there for tables of other modules."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def put(self, item: Object) -> None:
        """Add the object, or replace the one of the same kind, name and signature."""
        with self.transaction() as db:
            db.execute(
                "insert into object values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set "
                "owner = excluded.owner, comment = excluded.comment, created_on = excluded.created_on, "
                "definition = excluded.definition",
                (
                    item.kind,
                    item.database,
                    item.schema,
                    item.name,
                    item.signature,
                    item.owner,
                    item.comment,
                    item.created_on.isoformat(),
                    json.dumps(item.definition),
                ),
            )

    def find(self, kind: str, **where: str) -> list[Object]:
        """The objects of a kind whose columns have the given values, by name."""
        conditions = "".join(f" and {column} = ?" for column in where)
        query = f"select * from object where kind = ?{conditions} order by database, schema, name, signature"
        with self._lock:
            rows = self._db.execute(query, (kind, *where.values())).fetchall()
        return [_object(row) for row in rows]

    def get(self, kind: str, name: Name | str, signature: str = "") -> Object | None:
        """An object by its full name, or one of the account by its plain name."""
        place = Name("", "", name) if isinstance(name, str) else name
        found = self.find(kind, database=place.database, schema=place.schema, name=place.name, signature=signature)
        return found[0] if found else None

    def drop(self, item: Object) -> None:
        with self.transaction() as db:
            db.execute(
                "delete from object where kind = ? and database = ? and schema = ? and name = ? and signature = ?",
                (item.kind, item.database, item.schema, item.name, item.signature),
            )

    def drop_in(self, database: str, schema: str | None = None) -> None:
        """Drop whatever lies in a database or in one of its schemas."""
        with self.transaction() as db:
            if schema is None:
                db.execute("delete from object where database = ?", (database,))
            else:
                db.execute("delete from object where database = ? and schema = ?", (database, schema))

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _object(row: sqlite3.Row) -> Object:
    values = dict(row)
    values["definition"] = json.loads(values["definition"])
    values["created_on"] = datetime.fromisoformat(values["created_on"])
    return Object(**values)
