"""Where a session stands and what it is set to: USE, ALTER SESSION, SHOW PARAMETERS; transactions."""

from __future__ import annotations

from decimal import Decimal

from emulator.errors import compilation_error
from emulator.functions import USER
from emulator.names import like, literal
from emulator.parameters import DEFAULTS, check_name, kind, normal
from emulator.result import Result, done, table
from emulator.scripting import is_block
from emulator.statement import Request, statement
from emulator.statements.scripting import run_block

_NO_OBJECT = "Object does not exist, or operation cannot be performed."


@statement("USE ROLE")
def use_role(request: Request) -> Result:
    role = request.words.identifier()
    if role not in request.server.grants.roles():
        raise compilation_error(_NO_OBJECT, "002043", "02000")
    request.session.role = role
    return done()


@statement("USE SECONDARY ROLES")
def use_secondary_roles(_: Request) -> Result:
    return done()


@statement("USE DATABASE")
def use_database(request: Request) -> Result:
    [database] = request.words.name()
    if not request.server.databases.exists(database):
        raise compilation_error(_NO_OBJECT, "002043", "02000")
    public = "PUBLIC" if request.server.databases.has_schema(database, "PUBLIC") else None
    request.session.stand_in(database, public)
    return done()


@statement("USE [SCHEMA]")
def use_schema(request: Request) -> Result:
    parts = request.words.name()
    if not request.has("SCHEMA") and len(parts) == 1 and request.server.databases.exists(parts[0]):
        return request.query(f'use database "{parts[0]}"')
    name = request.session.schema_name(parts, "USE SCHEMA")
    if not request.server.databases.has_schema(name.database, name.schema):
        raise compilation_error(_NO_OBJECT, "002043", "02000")
    request.session.stand_in(name.database, name.schema)
    return done()


@statement("ALTER SESSION SET")
def set_parameters(request: Request) -> Result:
    options = {name: normal(name, value) for name, value in request.words.options().items()}
    request.session.parameters.update(options)
    if "AUTOCOMMIT" in options:
        request.session.connection.commit(request.session)
        request.session.autocommit = options["AUTOCOMMIT"] == "true"
    return done()


@statement("ALTER SESSION UNSET")
def unset_parameters(request: Request) -> Result:
    while not request.words.ended:
        name = request.words.identifier()
        check_name(name)
        request.session.parameters.pop(name, None)
        request.words.accept(",")
    return done()


@statement("SHOW PARAMETERS")
def show_parameters(request: Request) -> Result:
    words, session = request.words, request.session
    pattern = words.string() if words.accept("LIKE") else None
    values = DEFAULTS if words.accept("IN ACCOUNT", "FOR ACCOUNT") else {**DEFAULTS, **session.parameters}
    rows = [
        (name, value, default, "" if value == default else "SESSION", "", kind(name))
        for name, value in sorted(values.items())
        for default in [DEFAULTS.get(name, "")]
        if like(pattern, name)
    ]
    return table("key value default level description type", rows)


@statement("SET (")
def set_variables(request: Request) -> Result:
    """`SET (a, b) = (1, 2)`; SET of one variable is the engine's."""
    words = request.words
    names = [name.strip() for name in words.until(")").split(",")]
    words.expect(")")
    words.expect("=")
    [values] = request.query(f"select {words.balanced()}").fetch()
    words.end()
    if len(names) != len(values):
        raise compilation_error("The number of variables and of values is not the same.", "001003")
    for name, value in zip(names, values, strict=True):
        written = str(value) if isinstance(value, (bool, int, float, Decimal)) else literal(str(value))
        request.query(f"set {name} = {'null' if value is None else written}")
    return done()


@statement("UNSET")
def unset_variables(request: Request) -> Result:
    text = request.words.rest().strip("() ")
    request.session.connection.unset([name.strip() for name in text.split(",")])
    return done()


@statement("SHOW TRANSACTIONS")
def show_transactions(request: Request) -> Result:
    """The session's own transaction, if it is open."""
    request.words.accept("IN ACCOUNT")
    request.words.end()
    connection, session = request.session.connection, request.session
    rows = [(connection.transaction_id, USER, session.id, "", None, "running", "")] if connection.in_transaction else []
    return table("id user session name started_on:timestamp_ltz state scope", rows)


@statement("BEGIN [WORK|TRANSACTION] [NAME]", "START TRANSACTION [NAME]")
def begin(request: Request) -> Result:
    if is_block(request.text):
        return run_block(request.server, request.session, request.text)
    if request.has("NAME"):
        request.words.identifier()
    request.words.end()
    request.session.connection.begin(request.session)
    return done()


@statement("COMMIT [WORK]")
def commit(request: Request) -> Result:
    request.words.end()
    request.session.connection.commit(request.session)
    return done()


@statement("ROLLBACK [WORK]")
def rollback(request: Request) -> Result:
    request.words.end()
    request.session.connection.rollback(request.session)
    return done()
