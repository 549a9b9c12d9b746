"""Databases and schemas."""

from __future__ import annotations

from emulator.catalogue import Object
from emulator.errors import already_exists, compilation_error, does_not_exist, insufficient_privileges
from emulator.grants import Securable
from emulator.names import SchemaName, like, shown
from emulator.result import Result, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import finish, of_account, of_database


def _demand(request: Request, privilege: str, on: Securable) -> None:
    if not request.server.grants.allowed(request.session, privilege, on):
        raise insufficient_privileges(on.kind, on.name)


@statement("CREATE [OR REPLACE] [TRANSIENT] DATABASE [IF NOT EXISTS]")
def create_database(request: Request) -> Result:
    name = request.words.identifier()
    exists = request.server.databases.exists(name)
    if exists and request.has("IF NOT EXISTS"):
        return status(f"{name} already exists, statement succeeded.")
    if exists and request.has("OR REPLACE"):
        remove_database(request, name)
    comment = str(request.words.options().get("COMMENT", ""))
    request.server.databases.create(name)
    role = request.session.role
    with request.server.catalogue.transaction():
        request.server.catalogue.put(Object("DATABASE", name, owner=role, comment=comment))
        request.server.catalogue.put(Object("SCHEMA", "PUBLIC", name, owner=role))
    request.session.stand_in(name, "PUBLIC")
    return status(f"Database {shown(name)} successfully created.")


def remove_database(request: Request, name: str) -> None:
    """Drop a database with all that lies in it."""
    server = request.server
    server.sessions.leave_database(name)
    server.catalogue.drop_in(name)
    server.catalogue.drop(Object("DATABASE", name))
    server.stages.drop_in(name)
    server.databases.drop(name)


@statement("DROP DATABASE [IF EXISTS]")
def drop_database(request: Request) -> Result:
    name = request.words.identifier()
    if not request.server.databases.exists(name):
        if request.has("IF EXISTS"):
            return already_dropped(name)
        raise does_not_exist("Database", shown(name))
    _demand(request, "OWNERSHIP", Securable("DATABASE", name))
    remove_database(request, name)
    return status(f"{shown(name)} successfully dropped.")


@statement("SHOW [TERSE] DATABASES [HISTORY]")
def show_databases(request: Request) -> Result:
    listing, session = of_account(request), request.session
    rows = [
        (
            item.created_on, item.name, "N", "Y" if item.name == session.database else "N", "", item.owner,
            item.comment, "", "1", item.definition.get("kind", "STANDARD"), None, "ROLE", None,
        )
        for item in complete_databases(request)
        if like(listing.pattern, item.name) and listing.sees(Securable("DATABASE", item.name))
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name is_default is_current origin owner comment options retention_time kind budget "
        "owner_role_type object_visibility",
        rows,
    )
    return finish(request, result)


def complete_databases(request: Request) -> list[Object]:
    """The databases by name, without those that another session is about to make or to drop."""
    names = request.server.databases.names()
    return [item for item in request.server.catalogue.find("DATABASE") if item.name in names]


@statement("DESCRIBE|DESC DATABASE")
def describe_database(request: Request) -> Result:
    name = request.words.identifier()
    if not request.server.databases.exists(name):
        raise does_not_exist("Database", shown(name))
    whole = request.server.catalogue.find("DATABASE", name=name)
    rows = [(item.created_on, item.name, "SCHEMA") for one in whole for item in _schemas(request, one)]
    return table("created_on:timestamp_ltz name kind", rows)


@statement("ALTER DATABASE [IF EXISTS]")
def alter_database(request: Request) -> Result:
    name = request.words.identifier()
    item = request.server.catalogue.get("DATABASE", name)
    if item is None:
        if request.has("IF EXISTS"):
            return done()
        raise does_not_exist("Database", shown(name))
    request.words.expect("SET")
    item.comment = str(request.words.options().get("COMMENT", item.comment))
    request.server.catalogue.put(item)
    return done()


@statement("CREATE [OR REPLACE] [TRANSIENT] SCHEMA [IF NOT EXISTS]")
def create_schema(request: Request) -> Result:
    name = request.session.schema_name(request.words.name(), "CREATE SCHEMA")
    if not request.server.databases.exists(name.database):
        raise does_not_exist("Database", shown(name.database))
    if request.server.catalogue.get("APPLICATION", name.database):  # all within is the application's own
        _demand(request, "OWNERSHIP", Securable("SCHEMA", name.schema, name.database))
    else:
        _demand(request, "CREATE SCHEMA", Securable("DATABASE", name.database))
    exists = request.server.databases.has_schema(name.database, name.schema)
    if exists and not (request.has("IF NOT EXISTS") or request.has("OR REPLACE")):
        raise already_exists(name.schema)
    if exists and request.has("OR REPLACE"):
        _demand(request, "OWNERSHIP", Securable("SCHEMA", name.schema, name.database))
        remove_schema(request, name)
        exists = False
    request.words.accept("WITH MANAGED ACCESS")
    comment = str(request.words.options().get("COMMENT", ""))
    if not exists:
        add_schema(request, name, comment)
    request.session.stand_in(name.database, name.schema)
    if exists:
        return status(f"{name.schema} already exists, statement succeeded.")
    return status(f"Schema {shown(name.schema)} successfully created.")


def add_schema(request: Request, name: SchemaName, comment: str = "") -> None:
    request.session.connection.execute(request.session, f"create schema {name.sql}")
    request.server.catalogue.put(
        Object("SCHEMA", name.schema, name.database, owner=request.session.role, comment=comment)
    )


def remove_schema(request: Request, name: SchemaName) -> None:
    """Drop a schema with all that lies in it."""
    server = request.server
    server.sessions.leave_schema(name.database, name.schema)
    server.catalogue.drop_in(name.database, name.schema)
    server.catalogue.drop(Object("SCHEMA", name.schema, name.database))
    server.stages.drop_in(name.database, name.schema)
    request.session.connection.execute(request.session, f"drop schema {name.sql} cascade")


@statement("DROP SCHEMA [IF EXISTS]")
def drop_schema(request: Request) -> Result:
    name = request.session.schema_name(request.words.name(), "DROP SCHEMA")
    if not request.server.databases.has_schema(name.database, name.schema):
        if request.has("IF EXISTS"):
            return already_dropped(name.schema)
        raise does_not_exist("Schema", name)
    _demand(request, "OWNERSHIP", Securable("SCHEMA", name.schema, name.database))
    if name.schema == "INFORMATION_SCHEMA":
        raise compilation_error("Cannot drop schema INFORMATION_SCHEMA.", "003001", "42501")
    remove_schema(request, name)
    return status(f"{shown(name.schema)} successfully dropped.")


def _schemas(request: Request, whole: Object) -> list[Object]:
    """The schemas of a database; those that the catalogue does not know are as old as it and its owner's."""
    known = {item.name: item for item in request.server.catalogue.find("SCHEMA", database=whole.name)}
    return [
        known.get(name, Object("SCHEMA", name, whole.name, owner=whole.owner, created_on=whole.created_on))
        for name in sorted(["INFORMATION_SCHEMA", *request.server.databases.schemas(whole.name)])
    ]


@statement("SHOW [TERSE] SCHEMAS [HISTORY]")
def show_schemas(request: Request) -> Result:
    listing, current = of_database(request), (request.session.database, request.session.schema)
    rows = [
        (
            item.created_on, item.name, "N", "Y" if (whole.name, item.name) == current else "N", whole.name,
            "" if item.name == "INFORMATION_SCHEMA" else item.owner, item.comment, "", "1", "ROLE", None,
        )
        for whole in complete_databases(request)
        if listing.database in (None, whole.name) and listing.sees(Securable("DATABASE", whole.name))
        for item in _schemas(request, whole)
        if like(listing.pattern, item.name)
        and (item.name == "INFORMATION_SCHEMA" or listing.sees(Securable("SCHEMA", item.name, whole.name)))
    ]  # fmt: skip
    result = table(
        "created_on:timestamp_ltz name is_default is_current database_name owner comment options retention_time "
        "owner_role_type budget",
        rows,
    )
    return finish(request, result)


@statement("DESCRIBE|DESC SCHEMA")
def describe_schema(request: Request) -> Result:
    name = request.session.schema_name(request.words.name(), "DESCRIBE SCHEMA")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", name)
    shown_objects = request.query(f"show objects in schema {name.sql}").records()
    rows = [(record["created_on"], record["name"], record["kind"]) for record in shown_objects]
    return table("created_on:timestamp_ltz name kind", rows)
