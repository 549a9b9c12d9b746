"""Grants on objects that are yet to come. The catalogue hands them out itself when such an object is put into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.catalogue import Catalogue
from emulator.grants import Grantee

_TABLE = """
create table if not exists future_grant (
    privilege text not null,
    kind text not null,
    database text not null,
    schema text not null,                -- empty: of every schema of the database
    grantee_kind text not null,
    grantee_database text not null,
    grantee text not null,
    grant_option integer not null,
    granted_on text not null,
    primary key (privilege, kind, database, schema, grantee_kind, grantee_database, grantee)
)
"""
# a schema that has future grants on a kind does not heed its database's
_MEANT = """
    f.kind = new.kind and f.database = new.database and new.kind <> 'DATABASE' and (
        f.schema = new.schema and (new.kind <> 'SCHEMA' or f.schema = '')
        or (f.schema = '' and new.schema <> '' and not exists (
            select 1 from future_grant as own
            where own.kind = new.kind and own.database = new.database and own.schema = new.schema)))
"""
_TRIGGERS = (
    f"""
create trigger if not exists future_grants_of_new after insert on object begin
    insert or ignore into privilege_grant
        select f.privilege, new.kind, new.database, new.schema, new.name, new.signature, f.grantee_kind,
            f.grantee_database, f.grantee, f.grant_option, new.owner, new.created_on
        from future_grant as f where f.privilege <> 'OWNERSHIP' and {_MEANT};
    update object set owner = (select f.grantee from future_grant as f where f.privilege = 'OWNERSHIP' and {_MEANT})
        where kind = new.kind and database = new.database and schema = new.schema and name = new.name
            and signature = new.signature
            and exists (select 1 from future_grant as f where f.privilege = 'OWNERSHIP' and {_MEANT});
end
""",
    """
create trigger if not exists future_grants_of_dropped after delete on object begin
    delete from future_grant where
        (old.kind = 'DATABASE' and database = old.name)
        or (old.kind = 'SCHEMA' and database = old.database and schema = old.name)
        or (grantee_kind = old.kind and grantee_database = old.database and grantee = old.name);
end
""",
)


@dataclass(frozen=True, slots=True)
class FutureGrant:
    """A privilege on every object of a kind that will be made in a database, or in one of its schemas."""

    privilege: str
    kind: str
    database: str
    schema: str
    to: Grantee
    grant_option: bool = False
    granted_on: datetime | None = None


class FutureGrants:
    """Every change is durable when the method returns."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        with catalogue.transaction() as db:
            db.execute(_TABLE)
            for trigger in _TRIGGERS:
                db.execute(trigger)

    def add(self, grants: Iterable[FutureGrant]) -> None:
        now = datetime.now(UTC).isoformat()
        with self._catalogue.transaction() as db:
            db.executemany(
                "insert or replace into future_grant values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(g.privilege, g.kind, g.database, g.schema, *g.to.key, g.grant_option, now) for g in grants],
            )

    def remove(self, grants: Iterable[FutureGrant]) -> None:
        with self._catalogue.transaction() as db:
            db.executemany(
                "delete from future_grant where privilege = ? and kind = ? and database = ? and schema = ? "
                "and grantee_kind = ? and grantee_database = ? and grantee = ?",
                [(g.privilege, g.kind, g.database, g.schema, *g.to.key) for g in grants],
            )

    def within(self, database: str, schema: str) -> list[FutureGrant]:
        """Those of a schema, or (`schema` empty) of the database itself."""
        return self._find("database = ? and schema = ?", (database, schema))

    def to(self, grantee: Grantee) -> list[FutureGrant]:
        return self._find("grantee_kind = ? and grantee_database = ? and grantee = ?", grantee.key)

    def _find(self, condition: str, values: tuple[str, ...]) -> list[FutureGrant]:
        query = f"select * from future_grant where {condition} order by database, schema, kind, privilege, grantee"
        with self._catalogue.transaction() as db:
            return [_future(row) for row in db.execute(query, values).fetchall()]


def _future(row: sqlite3.Row) -> FutureGrant:
    return FutureGrant(
        row["privilege"],
        row["kind"],
        row["database"],
        row["schema"],
        Grantee(row["grantee_kind"], row["grantee"], row["grantee_database"]),
        bool(row["grant_option"]),
        datetime.fromisoformat(row["granted_on"]),
    )
