"""CALL: find the procedure, evaluate the arguments in the caller's session, run it in a frame of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.catalogue import Object
from emulator.errors import SqlError, compilation_error
from emulator.functions import FUNCTIONS
from emulator.grants import Securable
from emulator.names import Name, shown
from emulator.result import Column, Result
from emulator.scripting import Variable
from emulator.scripting.interpreter import RETURN_COLUMN
from emulator.scripting.values import is_json
from emulator.session import Session
from emulator.statement import Request, statement
from emulator.statements.procedures import overloads
from emulator.statements.scripting import run_block
from emulator.types import column_type, distance, family, from_python, result_column, shown_type, to_python
from emulator.words import Words


@dataclass(frozen=True, slots=True)
class Argument:
    name: str | None  # for `name => value`
    column: Column
    value: Any


@statement("CALL")
def call(request: Request) -> Result:
    start = request.words.position
    parts = request.words.name()
    if len(parts) == 1 and parts[0] in FUNCTIONS:
        values = [argument.value for argument in _arguments(request)]
        return Result([Column(parts[0])], [(FUNCTIONS[parts[0]](request.session, values),)])
    arguments = _arguments(request)
    if parts[0].startswith("SYSTEM$"):
        raise compilation_error(f"Unknown function {parts[0]}.", "002140", "42601")
    name = request.session.name(parts, "CALL")
    grants, session = request.server.grants, request.session
    with request.server.applications.alone(name.database):  # an upgrade takes the procedures away for a while
        candidates = [p for p in overloads(request, name) if grants.allowed(session, "USAGE", Securable.of(p))]
    if not candidates:
        raise _unknown(parts, name)
    procedure = _resolve(candidates, arguments, start)
    if request.describe_only:
        return Result(_columns(procedure))
    return invoke(request, procedure, _values(request, procedure, arguments))


def _unknown(parts: list[str], name: Name) -> SqlError:
    if len(parts) == 1:
        return compilation_error(f"Unknown function {shown(parts[0])}.", "002140", "42601")
    return compilation_error(f"Unknown user-defined function {name}.", "002141", "42601")


def _arguments(request: Request) -> list[Argument]:
    """The arguments, evaluated in one query of the caller's session, whose transaction they see."""
    words = request.words
    words.expect("(")
    names: list[str | None] = []
    expressions: list[str] = []
    while not words.accept(")"):
        names.append(_argument_name(words))
        expressions.append(words.until(",", ")"))
        words.accept(",")
    words.end()
    if not expressions:
        return []
    query = "select " + ", ".join(f"{text} as a{i}" for i, text in enumerate(expressions))
    result = request.server.execute(request.session, query, request.rows)
    row = result.fetch()[0]
    return [Argument(*argument) for argument in zip(names, result.columns, row, strict=True)]


def _argument_name(words: Words) -> str | None:
    if not words.sees("=>", ahead=1):
        return None
    name = words.identifier()
    words.expect("=>")
    return name


def _resolve(candidates: list[Object], arguments: list[Argument], position: int) -> Object:
    """The overload whose parameters are nearest to the arguments. Raises 001044 when none takes them."""
    fits: list[tuple[int, int, Object]] = []
    for procedure in candidates:
        cost = _cost(procedure, arguments)
        if cost is not None:
            fits.append((cost, len(procedure.definition["arguments"]), procedure))
    if not fits:
        types = ", ".join(shown_type(argument.column, argument.value) for argument in arguments)
        raise compilation_error(
            f"error line 1 at position {position}\n"
            f"Invalid argument types for function '{candidates[0].name}': ({types})",
            "001044",
            "42P13",
        )
    return min(fits, key=lambda fit: fit[:2])[2]


def _cost(procedure: Object, arguments: list[Argument]) -> int | None:
    parameters = procedure.definition["arguments"]
    bound = _bind(parameters, arguments)
    if bound is None:
        return None
    cost = 0
    for parameter, argument in zip(parameters, bound, strict=True):
        if argument is None:
            if parameter["default"] is None:
                return None
            continue
        if argument.value is None and argument.column.type == "text":
            continue  # an untyped NULL fits everything
        step = distance(column_type(argument.column), family(parameter["type"]))
        if step is None:
            return None
        cost += step
    return cost


def _bind(parameters: list[dict[str, Any]], arguments: list[Argument]) -> list[Argument | None] | None:
    """The argument of each parameter; None instead of the list when the arguments do not match the parameters."""
    if len(arguments) > len(parameters):
        return None
    bound: list[Argument | None] = [None] * len(parameters)
    places = {parameter["name"]: place for place, parameter in enumerate(parameters)}
    for place, argument in enumerate(arguments):
        target = place if argument.name is None else places.get(argument.name)
        if target is None or bound[target] is not None:
            return None
        bound[target] = argument
    return bound


def _values(request: Request, procedure: Object, arguments: list[Argument]) -> list[Any]:
    parameters = procedure.definition["arguments"]
    bound = _bind(parameters, arguments) or []
    values: list[Any] = []
    for parameter, argument in zip(parameters, bound, strict=True):
        if argument is None:
            default = request.query(f"select {parameter['default']} as a")
            value, column = default.scalar(), default.columns[0]
        else:
            value, column = argument.value, argument.column
        values.append(to_python(value, column, family(parameter["type"])))
    return values


def _columns(procedure: Object) -> list[Column]:
    returns = procedure.definition["returns"]
    if family(returns) != "TABLE":
        return [result_column(procedure.name, returns)]
    words = Words("TABLE " + returns.partition("(")[2].rpartition(")")[0])
    columns: list[Column] = []
    while not words.ended:
        name = words.identifier()
        columns.append(result_column(name, words.until(",")))
        words.accept(",")
    return columns


def frame_for(session: Session, procedure: Object) -> Session:
    """The session in which the procedure runs. Below an owner's rights procedure everything has owner's rights."""
    caller_rights = procedure.definition["execute_as"] != "OWNER" and not session.owner_rights
    return Session(
        session.server,
        session.connection,
        role=session.role if caller_rights else procedure.owner,
        warehouse=session.warehouse,
        database=session.database if caller_rights else procedure.database,
        schema=session.schema if caller_rights else procedure.schema,
        autocommit=session.autocommit,
        caller=session,
        owner_rights=not caller_rights,
        application=procedure.definition.get("application"),
        parameters=session.parameters,
    )


def invoke(request: Request, procedure: Object, values: list[Any]) -> Result:
    """Run a procedure with the values of its parameters."""
    server, session = request.server, request.session
    frame = server.sessions.add(frame_for(session, procedure))
    try:
        run = _run_python if procedure.definition["language"] == "PYTHON" else _run_sql
        result = run(request, frame, procedure, values)
    except BaseException:
        session.connection.end_of_scope(frame)
        raise
    finally:
        server.sessions.remove(frame)
        if not frame.owner_rights:
            session.stand_in(frame.database, frame.schema)
            session.role, session.warehouse = frame.role, frame.warehouse
    if session.connection.end_of_scope(frame):
        raise SqlError(
            "Stored procedure execution error: Scoped transaction started in stored procedure is incomplete "
            "and it was rolled back.",
            "090232",
            "57014",
        )
    return result


def _run_sql(request: Request, frame: Session, procedure: Object, values: list[Any]) -> Result:
    variables = {
        parameter["name"]: Variable(parameter["type"], from_python(value, parameter["type"]))
        for parameter, value in zip(procedure.definition["arguments"], values, strict=True)
    }
    result = run_block(request.server, frame, procedure.definition["body"], variables)
    [column, *more] = result.columns
    if more or column.name != RETURN_COLUMN:
        return result
    returns = procedure.definition["returns"]
    value = result.scalar() if is_json(column) else from_python(result.scalar(), returns)
    return Result([result_column(procedure.name, returns)], [(value,)])


def _run_python(request: Request, frame: Session, procedure: Object, values: list[Any]) -> Result:
    d = procedure.definition
    outcome = request.server.workers.run(
        frame,
        procedure=procedure.name,
        handler=d["handler"],
        body=d["body"],
        imports=d["files"],
        arguments=values,
    )
    if outcome.traceback is not None:
        raise SqlError(
            f"Python Interpreter Error:\n{outcome.traceback} in function {procedure.name} with handler {d['handler']}",
            "100357",
            "P0000",
        )
    if outcome.query is None:
        return _value(procedure, outcome.value)
    for preparation in outcome.preparations:
        request.server.execute(frame, preparation)
    return request.server.execute(frame, outcome.query)


def _value(procedure: Object, value: Any) -> Result:
    returns = procedure.definition["returns"]
    return Result([result_column(procedure.name, returns)], [(from_python(value, returns),)])
