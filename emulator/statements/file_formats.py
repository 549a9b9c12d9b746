"""File formats: CREATE, ALTER, DROP, DESCRIBE, SHOW."""

from __future__ import annotations

import json

from emulator.catalogue import Object
from emulator.errors import already_exists, does_not_exist
from emulator.loading.formats import KIND, FileFormat, find
from emulator.names import shown
from emulator.result import Result, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import of_schema
from emulator.statements.stages import temporary


@statement("CREATE [OR REPLACE] [SCOPED] [TEMPORARY|TEMP|VOLATILE] FILE FORMAT [IF NOT EXISTS]")
def create_file_format(request: Request) -> Result:
    name = request.session.name(request.words.name(), "CREATE FILE FORMAT")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", f"{name.database}.{name.schema}")
    if request.server.catalogue.get(KIND, name):
        if request.has("IF NOT EXISTS"):
            return status(f"{shown(name.name)} already exists, statement succeeded.")
        if not request.has("OR REPLACE"):
            raise already_exists(name)
    options = request.words.options()
    comment = str(options.pop("COMMENT", ""))
    FileFormat.of(options)
    definition = {"options": {"TYPE": "CSV", **options}, **temporary(request)}
    request.server.catalogue.put(
        Object(
            KIND, name.name, name.database, name.schema, owner=request.session.role, comment=comment,
            definition=definition,
        )
    )  # fmt: skip
    return status(f"File format {shown(name.name)} successfully created.")


@statement("ALTER FILE FORMAT [IF EXISTS]")
def alter_file_format(request: Request) -> Result:
    item = find(request.session, request.words.dotted())
    request.words.expect("SET")
    options = request.words.options()
    item.comment = str(options.pop("COMMENT", item.comment))
    item.definition["options"] |= options
    FileFormat.of(item.definition["options"])
    request.server.catalogue.put(item)
    return done()


@statement("DROP FILE FORMAT [IF EXISTS]")
def drop_file_format(request: Request) -> Result:
    name = request.session.name(request.words.name(), "DROP FILE FORMAT")
    item = request.server.catalogue.get(KIND, name)
    if item is None or not request.session.sees(item):
        if request.has("IF EXISTS"):
            return already_dropped(name.name)
        raise does_not_exist("File format", name)
    request.server.catalogue.drop(item)
    return status(f"{shown(name.name)} successfully dropped.")


@statement("SHOW FILE FORMATS")
def show_file_formats(request: Request) -> Result:
    listing = of_schema(request)
    rows = [
        (
            f.created_on, f.name, f.database, f.schema, f.definition["options"]["TYPE"].upper(), f.owner, f.comment,
            json.dumps(f.definition["options"]), "ROLE",
        )
        for f in request.server.catalogue.find(KIND)
        if listing.keeps(f)
    ]  # fmt: skip
    return table(
        "created_on:timestamp_ltz name database_name schema_name type owner comment format_options owner_role_type",
        rows,
    )


@statement("DESCRIBE|DESC FILE FORMAT")
def describe_file_format(request: Request) -> Result:
    item = find(request.session, request.words.dotted())
    rows = [(name, "String", str(value), "") for name, value in item.definition["options"].items()]
    return table("property property_type property_value property_default", rows)
