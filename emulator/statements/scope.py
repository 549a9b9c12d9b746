"""What every SHOW statement shares: `[LIKE 'pattern'] [IN ..]`, what the role may see, `TERSE` and `HISTORY`."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.catalogue import Object
from emulator.errors import SqlError, compilation_error
from emulator.grants import Grantee, Securable
from emulator.names import like
from emulator.result import Result, column
from emulator.session import Session
from emulator.statement import Request

_TERSE = ("created_on", "name", "kind", "database_name", "schema_name")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which objects a SHOW statement lists; `database` and `schema` are None where it asks for any."""

    session: Session
    who: set[Grantee]
    pattern: str | None
    database: str | None
    schema: str | None

    def sees(self, securable: Securable) -> bool:
        """Whether the session holds any privilege on the object."""
        return self.session.server.grants.sees(self.who, securable)

    def keeps(self, item: Object) -> bool:
        return (
            like(self.pattern, item.name)
            and self.database in (None, item.database)
            and self.schema in (None, item.schema)
            and self.session.sees(item)
            and self.sees(Securable.of(item))
        )


def of_account(request: Request) -> Listing:
    """`[LIKE 'pattern'] [IN ACCOUNT]`, for objects that lie in no database."""
    words = request.words
    pattern = words.string() if words.accept("LIKE") else None
    words.accept("IN ACCOUNT")
    words.end()
    return Listing(request.session, _who(request), pattern, None, None)


def of_database(request: Request) -> Listing:
    """`[LIKE 'pattern'] [IN {ACCOUNT | [DATABASE] [x]}]`, for what lies in a database; else the current one."""
    words, database = request.words, request.session.database
    pattern = words.string() if words.accept("LIKE") else None
    if words.accept("IN"):
        if words.accept("ACCOUNT"):
            database = None
        elif not (words.accept("DATABASE", "APPLICATION PACKAGE", "APPLICATION") and words.ended):
            database = words.identifier()
    words.end()
    return _checked(Listing(request.session, _who(request), pattern, database, None))


def of_schema(request: Request, whole: bool = True) -> Listing:
    """`[LIKE 'pattern'] [IN {ACCOUNT | DATABASE [x] | [SCHEMA] [x] | APPLICATION x | ..}]`; else more may follow."""
    words, session = request.words, request.session
    pattern = words.string() if words.accept("LIKE") else None
    database, schema = session.database, session.schema
    if words.accept("IN"):
        if words.accept("ACCOUNT"):
            database = schema = None
        elif words.accept("DATABASE", "APPLICATION PACKAGE", "APPLICATION"):
            database, schema = (session.database if words.ended else words.identifier()), None
        elif not (words.accept("SCHEMA") and words.ended):
            database, schema = _place(request, words.name())
    if whole:
        words.end()
    return _checked(Listing(session, _who(request), pattern, database, schema))


def _place(request: Request, parts: list[str]) -> tuple[str, str | None]:
    """A schema, or a database whose keyword is left out."""
    databases, session = request.server.databases, request.session
    if len(parts) == 1 and not (session.database and databases.has_schema(session.database, parts[0])):
        return parts[0], None
    name = session.schema_name(parts, "SHOW")
    return name.database, name.schema


def _who(request: Request) -> set[Grantee]:
    return request.server.grants.principals(request.session)


def _checked(listing: Listing) -> Listing:
    """Raises 002043 when there is no such database or schema, or the session may not see it."""
    databases = listing.session.server.databases
    if listing.database is not None:
        found = databases.exists(listing.database) and listing.sees(Securable("DATABASE", listing.database))
        if found and listing.schema is not None:
            found = databases.has_schema(listing.database, listing.schema) and (
                listing.schema == "INFORMATION_SCHEMA"
                or listing.sees(Securable("SCHEMA", listing.schema, listing.database))
            )
        if not found:
            raise no_such_object()
    return listing


def no_such_object() -> SqlError:
    return compilation_error("Object does not exist, or operation cannot be performed.", "002043", "02000")


def finish(request: Request, result: Result, kind: str | None = None, more: tuple[str, ...] = ()) -> Result:
    """The result with the columns that TERSE leaves (and `more` of them) or HISTORY adds.

    `kind` stands for the column of that name where the statement has none, None where it has one.
    """
    if request.has("HISTORY"):
        result.columns = [*result.columns, column("dropped_on:timestamp_ltz")]
        result.rows = [(*row, None) for row in result.rows]
    if not request.has("TERSE"):
        return result
    records, kept = result.records(), {one.name: one for one in result.columns}
    names = (*_TERSE, *more)
    result.columns = [kept.get(name, column(name)) for name in names]
    result.rows = [tuple(record.get(name, kind if name == "kind" else None) for name in names) for record in records]
    return result
