"""What people decide about records, cut off: links, unlinks and their ends, and erasures."""

from __future__ import annotations

from typing import Any

from tests.reliability import scene
from tests.reliability.app_operations import RUN, Operation
from tests.reliability.people_app import PEOPLE, Identities, MortalApplication


class Override(Operation):
    """`link`, `unlink` or `revoke` (of a link) of two people whom nobody moves: it is stored once or not at all."""

    cuts_runs = False

    def __init__(self, application: MortalApplication, name: str) -> None:
        super().__init__(application, name)
        self._kind = "UNLINK" if name == "unlink" else "LINK"
        one, other = {"link": (50, 51), "unlink": (52, 53), "revoke": (54, 55)}[name]
        self._one, self._other = f"crm:{one}", f"crm:{other}"
        self._emails = [f"p{one}@x.org", f"p{one}@x.org" if name == "unlink" else f"p{other}@x.org"]
        for person, email in zip((one, other), self._emails, strict=True):
            application.change(person, email)
        application.call(RUN)
        self._add = f"idr_{self._kind.lower()}('{self._one}', '{self._other}', 'they said so')"
        self._in_force: list[str] = []

    def prepare(self) -> str:
        is_revoke = self.name == "revoke"
        if is_revoke and not self._in_force:
            self._in_force = [self.application.call(self._add)["override_id"]]
        elif self._in_force and not is_revoke:
            self.close()
        self.before = self.after = self.application.published()
        self._call = f"idr_revoke('{self._in_force[0]}')" if is_revoke else self._add
        return self._call

    def broken(self, tables: Any) -> list[str]:
        rows = tables.execute(
            "select override_id, revoked_at is null, kind = ? and reason = 'they said so' and created_by is not null"
            " and created_at is not null and (revoked_at is null) = (revoked_by is null)"
            " from idr_meta.identity_override where (entity_a, entity_b) = (?, ?)",
            [self._kind, self._one, self._other],
        ).fetchall()
        self._in_force = [override for override, is_in_force, _ in rows if is_in_force]
        found = [] if len(self._in_force) <= 1 else ["it is stored twice"]
        return found + ([] if all(row[2] for row in rows) else ["it is stored in part"])

    def wanted(self) -> Identities:
        expected = self.application.expected()
        if not self._in_force:
            return expected
        mine = {(email, members) for email, members in expected if members & {self._one, self._other}}
        apart = {(email, frozenset({key})) for key, email in zip((self._one, self._other), self._emails, strict=True)}
        joined = {(self._emails[-1], frozenset({self._one, self._other}))}  # the profile's value is the latest
        return (expected - mine) | (apart if self._kind == "UNLINK" else joined)

    def again(self) -> list[str]:
        is_revoke = self.name == "revoke"
        is_done = bool(self._in_force) != is_revoke
        refusal = "IDR-410" if is_revoke else "IDR-409"
        told = self.code(self._call)
        with self.application.tables() as tables:
            found = self.broken(tables)
        found += [] if told == (refusal if is_done else None) else [f"called again it says {told}"]
        return found + ([] if bool(self._in_force) != is_revoke else ["called again it does nothing"])

    def close(self) -> None:
        for override in self._in_force:
            self.application.call(f"idr_revoke('{override}')")
        self._in_force = []


class Forget(Operation):
    """An erasure of somebody who came: half of them with an address of their own, half with one of the others'."""

    _STOCK = 20

    def __init__(self, application: MortalApplication, name: str) -> None:
        super().__init__(application, name)
        self._newcomers: list[int] = []
        self._next = 1000

    def prepare(self) -> str:
        if not self._newcomers:
            self._newcomers = list(range(self._next, self._next + self._STOCK))
            self._next += self._STOCK
            for person in self._newcomers:
                self.application.change(person, f"n{person}@x.org" if person % 2 else None)
            self.application.call(RUN)
        self._person = self._newcomers.pop()
        self._key, self._email = f"crm:{self._person}", self.application.emails[self._person]
        self.before = self.application.published()
        self.after = self._without(self.before)
        self.application.change(self.rng.randrange(PEOPLE))
        return f"idr_forget('{self._key}')"

    def _without(self, identities: Identities) -> Identities:
        left = {(email, members - {self._key}) for email, members in identities}
        return {(email, members) for email, members in left if members}

    def _is_done(self) -> bool:
        return not any(self._key in members for _, members in self.application.published())

    def wanted(self) -> Identities:
        expected = self.application.expected()
        return self._without(expected) if self._is_done() else expected

    def again(self) -> list[str]:
        """It succeeds or says that it was done; nothing tells of the record, and its row in the source is ignored."""
        refusal = "IDR-412" if self._is_done() else None
        told = self.code(f"idr_forget('{self._key}')")
        self.application.change(self._person, self._email)
        del self.application.emails[self._person]
        with self.application.tables() as tables:
            found = self._traces(tables) + scene.leftovers(tables) + scene.disagreements(tables)
        return found + ([] if told == refusal else [f"called again it says {told}"])

    def _traces(self, tables: Any) -> list[str]:
        """The columns that name the record, or hold the address that was its own."""
        words = [self._key] + ([self._email] if self._person % 2 else [])
        columns = tables.execute(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() semi join duckdb_tables()"
            " using (database_name, schema_name, table_name) where data_type = 'VARCHAR'"
        ).fetchall()
        return [
            f"{table}.{column} tells of it"
            for table, column in columns
            for word in words
            if tables.execute(
                f"select 1 from {table} where regexp_matches({column}, ?) limit 1",
                [rf"(?i)(^|[^\w]){word.replace('.', '[.]')}($|[^\w])"],
            ).fetchall()
        ]
