"""Databases and schemas."""

from __future__ import annotations

from datetime import UTC, datetime

from emulator.catalogue import Object
from emulator.errors import already_exists, compilation_error, does_not_exist
from emulator.names import SchemaName, like, shown
from emulator.result import Result, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import scope_of


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
    request.server.catalogue.put(Object("DATABASE", name, owner=request.session.role, comment=comment))
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
            return status("Drop statement executed successfully.")
        raise does_not_exist("Database", shown(name))
    remove_database(request, name)
    return status(f"{shown(name)} successfully dropped.")


@statement("SHOW [TERSE] DATABASES")
def show_databases(request: Request) -> Result:
    pattern, _, _ = scope_of(request)
    request.words.end()
    known = {item.name: item for item in request.server.catalogue.find("DATABASE")}
    rows = [
        (
            item.created_on, name, "N", "Y" if name == request.session.database else "N", "",
            item.owner, item.comment, "", "1", item.definition.get("kind", "STANDARD"), "ROLE",
        )
        for name in request.server.databases.names()
        if like(pattern, name)
        for item in [known.get(name, _unrecorded(name))]
    ]  # fmt: skip
    return table(
        "created_on:timestamp_ltz name is_default is_current origin owner comment options retention_time kind "
        "owner_role_type",
        rows,
    )


def _unrecorded(name: str) -> Object:
    return Object("DATABASE", name, created_on=datetime.fromtimestamp(0, UTC))


@statement("DESCRIBE|DESC DATABASE")
def describe_database(request: Request) -> Result:
    name = request.words.identifier()
    if not request.server.databases.exists(name):
        raise does_not_exist("Database", shown(name))
    item = request.server.catalogue.get("DATABASE", name) or _unrecorded(name)
    rows = [(item.created_on, schema, "SCHEMA") for schema in request.server.databases.schemas(name)]
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
    exists = request.server.databases.has_schema(name.database, name.schema)
    if exists and not (request.has("IF NOT EXISTS") or request.has("OR REPLACE")):
        raise already_exists(name.schema)
    if exists and request.has("OR REPLACE"):
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
            return status("Drop statement executed successfully.")
        raise does_not_exist("Schema", name)
    if name.schema == "INFORMATION_SCHEMA":
        raise compilation_error("Cannot drop schema INFORMATION_SCHEMA.", "003001", "42501")
    remove_schema(request, name)
    return status(f"{shown(name.schema)} successfully dropped.")


@statement("SHOW [TERSE] SCHEMAS")
def show_schemas(request: Request) -> Result:
    words, session = request.words, request.session
    pattern = words.string() if words.accept("LIKE") else None
    database = session.database
    if words.accept("IN"):
        if words.accept("ACCOUNT"):
            database = None
        else:
            words.accept("DATABASE", "APPLICATION PACKAGE", "APPLICATION")
            database = words.identifier()
            if not request.server.databases.exists(database):
                raise does_not_exist("Database", shown(database))
    words.end()
    rows = []
    for place in request.server.databases.names() if database is None else [database]:
        known = {item.name: item for item in request.server.catalogue.find("SCHEMA", database=place)}
        for name in sorted(["INFORMATION_SCHEMA", *request.server.databases.schemas(place)]):
            if like(pattern, name):
                item = known.get(name, _unrecorded(name))
                current = (session.database, session.schema) == (place, name)
                rows.append(
                    (
                        item.created_on,
                        name,
                        "N",
                        "Y" if current else "N",
                        place,
                        item.owner,
                        item.comment,
                        "",
                        "1",
                        "ROLE",
                    )
                )
    return table(
        "created_on:timestamp_ltz name is_default is_current database_name owner comment options retention_time "
        "owner_role_type",
        rows,
    )


@statement("DESCRIBE|DESC SCHEMA")
def describe_schema(request: Request) -> Result:
    name = request.session.schema_name(request.words.name(), "DESCRIBE SCHEMA")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", name)
    shown_objects = request.query(f"show objects in schema {name.sql}").records()
    rows = [(record["created_on"], record["name"], record["kind"]) for record in shown_objects]
    return table("created_on:timestamp_ltz name kind", rows)
