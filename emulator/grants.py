"""Privileges, roles and who holds them: one table beside the catalogue, whose rows go with what they belong to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.catalogue import Catalogue, Object
from emulator.names import Name, shown

if TYPE_CHECKING:
    from emulator.session import Session

ADMIN = "ACCOUNTADMIN"
SYSTEM_ROLES = (ADMIN, "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN")

_TABLE = """
create table if not exists privilege_grant (
    privilege text not null,             -- USAGE on a role: the role is granted
    kind text not null,
    database text not null,
    schema text not null,
    name text not null,
    signature text not null,
    grantee_kind text not null,          -- ROLE, APPLICATION, APPLICATION ROLE
    grantee_database text not null,      -- the application of an application role
    grantee text not null,
    grant_option integer not null,
    granted_by text not null,
    granted_on text not null,
    primary key (privilege, kind, database, schema, name, signature, grantee_kind, grantee_database, grantee)
)
"""
_GO_WITH_OBJECT = """
create trigger if not exists grants_of_dropped after delete on object begin
    delete from privilege_grant where
        (kind = old.kind and database = old.database and schema = old.schema and name = old.name
            and signature = old.signature)
        or (old.kind = 'DATABASE' and database = old.name)
        or (old.kind = 'SCHEMA' and database = old.database and schema = old.name)
        or (grantee_kind = old.kind and grantee_database = old.database and grantee = old.name);
end
"""
_OWNED = (
    "APPLICATION", "APPLICATION PACKAGE", "DATABASE", "FILE FORMAT", "INTEGRATION", "PROCEDURE", "ROLE", "SCHEMA",
    "STAGE", "TABLE", "TASK", "VIEW", "WAREHOUSE",
)  # fmt: skip
_OBJECT = "kind = ? and database = ? and schema = ? and name = ? and signature = ?"
_GRANTEE = "grantee_kind = ? and grantee_database = ? and grantee = ?"


@dataclass(frozen=True, slots=True)
class Securable:
    """What a privilege is for: an object of the account, of a database or of a schema."""

    kind: str
    name: str
    database: str = ""
    schema: str = ""
    signature: str = ""

    def __str__(self) -> str:
        name = ".".join(shown(part) for part in (self.database, self.schema, self.name) if part)
        return f"{name}({self.signature})" if self.kind in ("PROCEDURE", "FUNCTION") else name

    @classmethod
    def of(cls, item: Object) -> Securable:
        return cls(item.kind, item.name, item.database, item.schema, item.signature)

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        return self.kind, self.database, self.schema, self.name, self.signature


ACCOUNT = Securable("ACCOUNT", "LOCAL")


@dataclass(frozen=True, slots=True)
class Grantee:
    """Who holds privileges: a role, an application, or a role of an application (`database`)."""

    kind: str
    name: str
    database: str = ""

    def __str__(self) -> str:
        return ".".join(shown(part) for part in (self.database, self.name) if part)

    @property
    def role(self) -> Securable:
        """The role itself, as something that can be granted."""
        return Securable(self.kind, self.name, self.database)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.database, self.name


@dataclass(frozen=True, slots=True)
class Grant:
    privilege: str
    on: Securable
    to: Grantee
    grant_option: bool = False
    granted_by: str = ""
    granted_on: datetime = field(default_factory=lambda: datetime.now(UTC))


class Grants:
    """Grants by object and by grantee. Every change is durable when the method returns."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        with catalogue.transaction() as db:
            db.execute(_TABLE)
            db.execute(_GO_WITH_OBJECT)

    def add(self, grants: Iterable[Grant]) -> None:
        with self._catalogue.transaction() as db:
            db.executemany(
                "insert or replace into privilege_grant values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (g.privilege, *g.on.key, *g.to.key, g.grant_option, g.granted_by, g.granted_on.isoformat())
                    for g in grants
                ],
            )

    def remove(self, on: Securable, to: Grantee, privileges: Iterable[str] | None) -> None:
        """Take privileges back; None: all of them."""
        with self._catalogue.transaction() as db:
            for grant in self.on(on):
                if grant.to == to and (privileges is None or grant.privilege in privileges):
                    db.execute(
                        f"delete from privilege_grant where privilege = ? and {_OBJECT} and {_GRANTEE}",
                        (grant.privilege, *on.key, *to.key),
                    )

    def forget(self, on: Securable) -> None:
        """Take every privilege on the object back."""
        with self._catalogue.transaction() as db:
            db.execute(f"delete from privilege_grant where {_OBJECT}", on.key)

    def rename(self, kind: str, old: Name, new: Name) -> None:
        """An object goes by another name and keeps its grants."""
        places = ((new.database, new.schema, new.name), (kind, old.database, old.schema, old.name))
        with self._catalogue.transaction() as db:
            for table in ("object", "privilege_grant"):
                db.execute(
                    f"update {table} set database = ?, schema = ?, name = ? "
                    "where kind = ? and database = ? and schema = ? and name = ?",
                    (*places[0], *places[1]),
                )

    def on(self, securable: Securable) -> list[Grant]:
        return self._find(_OBJECT, securable.key)

    def to(self, grantee: Grantee) -> list[Grant]:
        return self._find(_GRANTEE, grantee.key)

    def _find(self, condition: str, values: tuple[str, ...]) -> list[Grant]:
        query = f"select * from privilege_grant where {condition} order by kind, database, schema, name, privilege"
        with self._catalogue.transaction() as db:
            return [_grant(row) for row in db.execute(query, values).fetchall()]

    # ---- who may do what

    def roles(self) -> list[str]:
        """The roles of the account."""
        return sorted({*SYSTEM_ROLES, *(role.name for role in self._catalogue.find("ROLE"))})

    def application_roles(self, application: str) -> list[Grantee]:
        return [Grantee("APPLICATION ROLE", r.name, application) for r in self._catalogue.find("APPLICATION ROLE")
                if r.database == application]  # fmt: skip

    def principals(self, session: Session) -> set[Grantee]:
        """In whose name a session acts: its role and all that it holds, or the application whose code runs."""
        if session.application and session.owner_rights:
            return {Grantee("APPLICATION", session.application)}
        waiting = [Grantee("ROLE", session.role), Grantee("ROLE", "PUBLIC")]
        if session.role == ADMIN:
            waiting += [Grantee("ROLE", role) for role in self.roles()]
        held: set[Grantee] = set()
        while waiting:
            one = waiting.pop()
            if one not in held:
                held.add(one)
                waiting += [
                    Grantee(grant.on.kind, grant.on.name, grant.on.database)
                    for grant in self.to(one)
                    if grant.on.kind in ("ROLE", "APPLICATION ROLE")
                ]
        for application in self._catalogue.find("APPLICATION"):
            if Grantee("ROLE", application.owner) in held:
                held.update(self.application_roles(application.name))
        return held

    def owner(self, securable: Securable) -> Grantee:
        """Who owns an object. What the catalogue does not know belongs to the owner of what it lies in."""
        if securable.database and self._catalogue.get("APPLICATION", securable.database):
            return Grantee("APPLICATION", securable.database)
        places = [(securable.kind, securable.database, securable.schema, securable.name, securable.signature)]
        if securable.schema:
            places.append(("SCHEMA", securable.database, "", securable.schema, ""))
        if securable.database:
            places.append(("DATABASE", "", "", securable.database, ""))
        for kind, database, schema, name, signature in places:
            found = self._catalogue.find(kind, database=database, schema=schema, name=name, signature=signature)
            if found:
                return Grantee("ROLE", found[0].owner or ADMIN)
        return Grantee("ROLE", ADMIN)

    def ownership(self, securable: Securable) -> Grant:
        """The ownership of an object, as a grant."""
        owner = self.owner(securable)
        known = self._catalogue.find(
            securable.kind, database=securable.database, schema=securable.schema, name=securable.name
        )
        created = {"granted_on": known[0].created_on} if known else {}
        return Grant("OWNERSHIP", securable, owner, True, owner.name, **created)

    def owned_by(self, role: str) -> list[Grant]:
        """The ownerships of a role of the account."""
        applications = {application.name for application in self._catalogue.find("APPLICATION")}
        return [
            Grant("OWNERSHIP", Securable.of(item), Grantee("ROLE", role), True, role, item.created_on)
            for kind in _OWNED
            for item in self._catalogue.find(kind, owner=role)
            if item.database not in applications and (kind != "DATABASE" or "kind" not in item.definition)
        ]

    def set_owner(self, securable: Securable, owner: Grantee) -> None:
        with self._catalogue.transaction() as db:
            changed = db.execute(f"update object set owner = ? where {_OBJECT}", (owner.name, *securable.key))
            if not changed.rowcount:
                kind, database, schema, name, signature = securable.key
                self._catalogue.put(Object(kind, name, database, schema, signature, owner=owner.name))
            if securable.kind in ("APPLICATION", "APPLICATION PACKAGE"):
                db.execute(
                    "update object set owner = ? where kind = 'DATABASE' and name = ?", (owner.name, securable.name)
                )

    def inherit(self, role: str, heir: str) -> None:
        """What a role owned belongs to another one."""
        with self._catalogue.transaction() as db:
            for held in self.owned_by(role):
                db.execute(f"update object set owner = ? where {_OBJECT}", (heir, *held.on.key))

    def manages(self, who: set[Grantee]) -> bool:
        """Whether one of them gives and takes privileges on objects of others: MANAGE GRANTS."""
        if any(Grantee("ROLE", role) in who for role in (ADMIN, "SECURITYADMIN")):
            return True
        return any(grant.to in who and grant.privilege == "MANAGE GRANTS" for grant in self.on(ACCOUNT))

    def allowed(self, session: Session, privilege: str, securable: Securable) -> bool:
        """Whether the session may do what the privilege stands for."""
        return self.holds(self.principals(session), privilege, securable)

    def holds(self, who: set[Grantee], privilege: str | None, securable: Securable) -> bool:
        """Whether one of them holds the privilege (None: any) on the object, and what leads to it."""
        return self._reach(who, securable) and self._hold(who, privilege, securable)

    def sees(self, who: set[Grantee], securable: Securable) -> bool:
        """Whether one of them may know of the object: SHOW lists it."""
        if securable.kind == "DATABASE":
            return self._enter(who, securable.name)
        return self.holds(who, None, securable)

    def _reach(self, who: set[Grantee], securable: Securable) -> bool:
        if securable.database and not self._enter(who, securable.database):
            return False
        return not securable.schema or self._hold(who, None, Securable("SCHEMA", securable.schema, securable.database))

    def _enter(self, who: set[Grantee], database: str) -> bool:
        """A database is open to who holds a privilege on it, an application to who holds one of its roles."""
        application = self._catalogue.get("APPLICATION", database)
        if application is None:
            return self._hold(who, None, Securable("DATABASE", database))
        inside = Grantee("APPLICATION", database) in who or Grantee("ROLE", application.owner) in who
        return inside or any(one.kind == "APPLICATION ROLE" and one.database == database for one in who)

    def _hold(self, who: set[Grantee], privilege: str | None, securable: Securable) -> bool:
        owner = self.owner(securable)
        if owner in who or (owner.kind == "ROLE" and Grantee("ROLE", ADMIN) in who):
            return True
        return any(
            grant.to in who and (privilege is None or grant.privilege == privilege) for grant in self.on(securable)
        )


def _grant(row: sqlite3.Row) -> Grant:
    return Grant(
        row["privilege"],
        Securable(row["kind"], row["name"], row["database"], row["schema"], row["signature"]),
        Grantee(row["grantee_kind"], row["grantee"], row["grantee_database"]),
        bool(row["grant_option"]),
        row["granted_by"],
        datetime.fromisoformat(row["granted_on"]),
    )
