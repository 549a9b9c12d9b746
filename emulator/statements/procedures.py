"""CREATE, DROP, DESCRIBE, SHOW and ALTER PROCEDURE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emulator.catalogue import Object
from emulator.errors import SqlError, already_exists, compilation_error, does_not_exist, unsupported
from emulator.names import Name, shown
from emulator.result import Result, already_dropped, done, status, table
from emulator.statement import Request, statement
from emulator.statements.scope import of_schema
from emulator.statements.versioned import is_versioned
from emulator.types import family
from emulator.words import Words

KIND = "PROCEDURE"
_PYTHON_RUNTIMES = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


@statement("CREATE [OR REPLACE] [SCOPED] [TEMPORARY|TEMP] [SECURE] PROCEDURE [IF NOT EXISTS]")
def create_procedure(request: Request) -> Result:
    words, session = request.words, request.session
    name = session.name(words.name(), "CREATE PROCEDURE")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", f"{name.database}.{name.schema}")
    definition: dict[str, Any] = {"arguments": parameters(words), "application": session.application}
    if request.has("TEMPORARY") or request.has("TEMP"):
        definition["session"] = session.client.id
    clauses(words, definition)
    _check(request, definition)
    if session.application and definition["imports"] and not is_versioned(request.server, name.database, name.schema):
        raise unsupported("IMPORTS outside of a versioned schema")
    return store(request, KIND, name, definition)


def store(request: Request, kind: str, name: Name, definition: dict[str, Any]) -> Result:
    """Put a procedure or function, told apart from others of its name by its arguments, into the catalogue.

    The former one and its grants go in the same transaction. Raises 002002 when there is one that may stay.
    """
    catalogue = request.server.catalogue
    signature = ", ".join(family(parameter["type"]) for parameter in definition["arguments"])
    existing = catalogue.get(kind, name, signature)
    if existing and request.has("IF NOT EXISTS"):
        return status(f"{name.name} already exists, statement succeeded.")
    if existing and not request.has("OR REPLACE"):
        raise already_exists(f"{name}({signature})")
    comment, owner = definition.pop("comment", ""), request.session.role
    with catalogue.transaction():
        if existing:
            catalogue.drop(existing)
        catalogue.put(
            Object(
                kind,
                name.name,
                name.database,
                name.schema,
                signature,
                owner=owner,
                comment=comment,
                definition=definition,
            )
        )
    return status(f"Function {shown(name.name)} successfully created.")


def parameters(words: Words) -> list[dict[str, Any]]:
    """Name, type and default of each parameter."""
    found: list[dict[str, Any]] = []
    words.expect("(")
    while not words.accept(")"):
        name = words.identifier()
        kind = words.until(",", ")", "DEFAULT")
        family(kind)
        default = words.until(",", ")") if words.accept("DEFAULT") else None
        if default is None and found and found[-1]["default"] is not None:
            raise compilation_error(
                f"Parameter '{name}' without default follows one with a default.", "001003", "42601"
            )
        found.append({"name": name, "type": kind.upper(), "default": default})
        words.accept(",")
    return found


def clauses(words: Words, definition: dict[str, Any]) -> None:
    """The clauses after the parameters, in any order, up to AS and the body."""
    definition.update(
        language="SQL", execute_as="OWNER", body=None, imports=[], packages=[], handler=None, returns="VARCHAR"
    )
    words.accept("COPY GRANTS")
    words.expect("RETURNS")
    definition["returns"] = _returns(words)
    while not words.ended:
        if words.accept("AS"):
            definition["body"] = words.string() if words.sees_string() else words.rest()
            words.end()
        elif words.accept("EXECUTE AS RESTRICTED CALLER"):
            definition["execute_as"] = "RESTRICTED CALLER"
        elif words.accept("EXECUTE AS"):
            definition["execute_as"] = words.expect("OWNER", "CALLER")
        elif words.accept("LANGUAGE"):
            definition["language"] = words.identifier()
        elif not words.accept(
            "CALLED ON NULL INPUT", "RETURNS NULL ON NULL INPUT", "STRICT", "VOLATILE", "IMMUTABLE", "NOT NULL"
        ):
            key = words.identifier()
            words.expect("=")
            values = words.values() if words.sees("(") else words.value()
            definition[key.lower()] = values


def _returns(words: Words) -> str:
    if words.accept("TABLE"):
        return f"TABLE ({words.balanced()})"
    kind = words.identifier()
    if words.sees("("):
        kind += f"({words.balanced()})"
    family(kind)
    return kind


def _check(request: Request, definition: dict[str, Any]) -> None:
    session = request.session
    if session.application and definition["execute_as"] == "CALLER":
        raise compilation_error(
            "Procedures of an application cannot be created with EXECUTE AS CALLER.", "093028", "0A000"
        )
    if definition["language"] == "SQL":
        if definition["body"] is None:
            raise request.words.unexpected()
        return
    if definition["language"] != "PYTHON":
        raise compilation_error(f"Unsupported feature 'LANGUAGE {definition['language']}'.", "000002", "0A000")
    if not definition["handler"]:
        raise compilation_error("Missing option(s): [HANDLER].", "002082", "42601")
    if definition.get("runtime_version", "3.11") not in _PYTHON_RUNTIMES:
        raise compilation_error(f"Python runtime {definition['runtime_version']} is not supported.", "391531", "42601")
    definition["files"] = [str(_imported(request, location)) for location in definition["imports"]]


def _imported(request: Request, location: str) -> Path:
    """The file of an import: in a stage, or in an application's own folder. Raises 391528 when it is not there."""
    session = request.session
    if location.startswith("@"):
        if session.application:
            raise compilation_error("IMPORTS from a named stage are not allowed in an application.", "093028", "0A000")
        name, below = request.server.stages.resolve(location, session)
        path = request.server.stages.path(name, below)
    elif session.application and session.root:
        path = (session.root / location.lstrip("/")).resolve()
        if session.root.resolve() not in path.parents:
            raise compilation_error(f"Invalid import '{location}': it leaves the application.", "391528", "22000")
    else:
        raise compilation_error(f"Invalid import '{location}': it must start with '@'.", "001003", "42601")
    if not path.is_file():
        raise compilation_error(f"Unable to find remote file {location}.", "391528", "22000")
    return path


def overloads(request: Request, name: Name) -> list[Object]:
    found = request.server.catalogue.find(KIND, database=name.database, schema=name.schema, name=name.name)
    return [procedure for procedure in found if request.session.sees(procedure)]


def by_types(request: Request, doing: str) -> Object | None:
    """The procedure that `name(TYPE, ..)` stands for."""
    name = request.session.name(request.words.name(), doing)
    types = request.words.balanced()
    signature = ", ".join(family(kind) for kind in types.split(",") if kind.strip())
    found = request.server.catalogue.get(KIND, name, signature)
    if found is None and not request.has("IF EXISTS"):
        raise does_not_exist("Procedure", f"{name}({signature})")
    return found


@statement("DROP PROCEDURE [IF EXISTS]")
def drop_procedure(request: Request) -> Result:
    procedure = by_types(request, "DROP PROCEDURE")
    if procedure is None:
        return already_dropped(_plain_name(request))
    request.server.catalogue.drop(procedure)
    return status(f"{procedure.name} successfully dropped.")


def _plain_name(request: Request) -> str:
    words = Words(request.text)
    words.accept("PROCEDURE")
    words.accept("IF EXISTS")
    return words.name()[-1]


@statement("DESCRIBE|DESC PROCEDURE")
def describe_procedure(request: Request) -> Result:
    procedure = by_types(request, "DESCRIBE PROCEDURE")
    if procedure is None:
        raise SqlError("unreachable", "000603", "XX000")
    d = procedure.definition
    parameters = ", ".join(f"{parameter['name']} {parameter['type']}" for parameter in d["arguments"])
    rows: list[tuple[str, Any]] = [
        ("signature", f"({parameters})"),
        ("returns", d["returns"].upper()),
        ("language", d["language"]),
    ]
    if d["language"] == "PYTHON":
        rows += [
            ("null handling", "CALLED ON NULL INPUT"),
            ("volatility", "VOLATILE"),
            ("body", d["body"]),
            ("imports", str(d["imports"])),
            ("handler", d["handler"]),
            ("runtime_version", d.get("runtime_version", "3.11")),
            ("packages", str(d["packages"])),
            ("installed_packages", "[]"),
            ("is_aggregate", "false"),
        ]
    else:
        rows.append(("body", d["body"]))
    return table("property value", [*rows, ("execute as", d["execute_as"])])


@statement("SHOW [USER] PROCEDURES")
def show_procedures(request: Request) -> Result:
    listing = of_schema(request)
    rows = [
        (
            p.created_on, p.name, p.schema, "N", "N", "N", _required(p), len(p.definition["arguments"]),
            _arguments(p), p.comment or "user-defined procedure", p.database, "N", "N", "N", "", "", "N",
        )
        for p in request.server.catalogue.find(KIND)
        if listing.keeps(p)
    ]  # fmt: skip
    return table(
        "created_on:timestamp_ltz name schema_name is_builtin is_aggregate is_ansi min_num_arguments:fixed "
        "max_num_arguments:fixed arguments description catalog_name is_table_function valid_for_clustering is_secure "
        "secrets external_access_integrations is_external_function",
        rows,
    )


def _required(procedure: Object) -> int:
    return sum(parameter["default"] is None for parameter in procedure.definition["arguments"])


def _arguments(procedure: Object) -> str:
    shown_types = [
        f"DEFAULT {kind}" if parameter["default"] is not None else kind
        for parameter in procedure.definition["arguments"]
        for kind in [family(parameter["type"])]
    ]
    return f"{procedure.name}({', '.join(shown_types)}) RETURN {procedure.definition['returns'].upper()}"


@statement("ALTER PROCEDURE [IF EXISTS]")
def alter_procedure(request: Request) -> Result:
    procedure = by_types(request, "ALTER PROCEDURE")
    if procedure is None:
        return done()
    if request.words.accept("EXECUTE AS"):
        procedure.definition["execute_as"] = request.words.expect("OWNER", "CALLER")
    elif request.words.accept("SET COMMENT ="):
        procedure.comment = request.words.string()
    elif request.words.accept("UNSET COMMENT"):
        procedure.comment = ""
    else:
        raise request.words.unexpected()
    request.server.catalogue.put(procedure)
    return done()
