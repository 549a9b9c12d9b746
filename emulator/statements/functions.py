"""CREATE, DROP, DESCRIBE and SHOW FUNCTION: functions whose body is SQL."""

from __future__ import annotations

from typing import Any

from emulator.catalogue import Object
from emulator.errors import compilation_error, does_not_exist, unsupported
from emulator.result import Result, already_dropped, status, table
from emulator.sql_functions import KIND, body_of
from emulator.statement import Request, statement
from emulator.statements.procedures import clauses, parameters, store
from emulator.statements.scope import of_schema
from emulator.types import family


@statement("CREATE [OR REPLACE] [TEMPORARY|TEMP] [SECURE] FUNCTION [IF NOT EXISTS]")
def create_function(request: Request) -> Result:
    words = request.words
    name = request.session.name(words.name(), "CREATE FUNCTION")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", f"{name.database}.{name.schema}")
    definition: dict[str, Any] = {"arguments": parameters(words)}
    clauses(words, definition)
    if definition["language"] != "SQL":
        raise unsupported(f"CREATE FUNCTION .. LANGUAGE {definition['language']} in the local Snowflake: only SQL")
    if family(definition["returns"]) == "TABLE":
        raise unsupported("CREATE FUNCTION .. RETURNS TABLE in the local Snowflake: only functions of one value")
    if definition["body"] is None:
        raise words.unexpected()
    body_of(definition["body"])
    return store(request, KIND, name, definition)


def _by_types(request: Request, doing: str) -> tuple[str, Object | None]:
    name = request.session.name(request.words.name(), doing)
    signature = ", ".join(family(kind) for kind in request.words.balanced().split(",") if kind.strip())
    found = request.server.catalogue.get(KIND, name, signature)
    if found is None and not request.has("IF EXISTS"):
        raise compilation_error(f"Function '{name}' does not exist or not authorized.", "002003", "02000")
    return name.name, found


@statement("DROP FUNCTION [IF EXISTS]")
def drop_function(request: Request) -> Result:
    name, function = _by_types(request, "DROP FUNCTION")
    if function is None:
        return already_dropped(name)
    request.server.catalogue.drop(function)
    return status(f"{name} successfully dropped.")


@statement("DESCRIBE|DESC FUNCTION")
def describe_function(request: Request) -> Result:
    _, function = _by_types(request, "DESCRIBE FUNCTION")
    d: dict[str, Any] = function.definition if function else {}
    arguments = ", ".join(f"{parameter['name']} {parameter['type']}" for parameter in d["arguments"])
    rows = [
        ("signature", f"({arguments})"),
        ("returns", d["returns"].upper()),
        ("language", "SQL"),
        ("body", d["body"]),
    ]
    return table("property value", rows)


@statement("SHOW [USER] FUNCTIONS")
def show_functions(request: Request) -> Result:
    listing = of_schema(request)
    rows = [
        (
            f.created_on, f.name, f.schema, "N", "N", "N",
            sum(argument["default"] is None for argument in f.definition["arguments"]), len(f.definition["arguments"]),
            f"{f.name}({f.signature}) RETURN {family(f.definition['returns'])}",
            f.comment or "user-defined function", f.database, "N", "N", "N", "", "", "N", "SQL", "N",
        )
        for f in request.server.catalogue.find(KIND)
        if listing.keeps(f)
    ]  # fmt: skip
    return table(
        "created_on:timestamp_ltz name schema_name is_builtin is_aggregate is_ansi min_num_arguments:fixed "
        "max_num_arguments:fixed arguments description catalog_name is_table_function valid_for_clustering is_secure "
        "secrets external_access_integrations is_external_function language is_memoizable",
        rows,
    )
