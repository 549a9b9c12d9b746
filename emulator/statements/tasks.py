"""Tasks: CREATE, ALTER, DROP, DESCRIBE, SHOW, EXECUTE, and the functions that their bodies call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from emulator.applications import references
from emulator.errors import SqlError, does_not_exist, insufficient_privileges
from emulator.functions import function
from emulator.grants import ACCOUNT, Securable
from emulator.names import Name, like, shown, split
from emulator.result import Result, already_dropped, done, status
from emulator.session import Session
from emulator.statement import Request, statement
from emulator.statements.scope import finish, of_schema
from emulator.table_functions import table_function
from emulator.task_store import KIND
from emulator.tasks import history, rules, show
from emulator.tasks.definition import Resolve, Task, read_alter, read_create, read_execute
from emulator.tasks.history import GraphRecord


def _resolve(request: Request, doing: str) -> Resolve:
    return lambda parts: request.session.name(parts, doing)


def securable(name: Name) -> Securable:
    return Securable(KIND, name.name, name.database, name.schema)


def _may(session: Session, privilege: str | None, name: Name) -> bool:
    """Whether the session holds the privilege (None: any) on a task."""
    grants = session.server.grants
    return grants.holds(grants.principals(session), privilege, securable(name))


def _existing(request: Request, name: Name) -> Task:
    """The task. Raises 002003 when there is none, or the session may not know of it."""
    task = request.server.tasks.store.tasks().get(name)
    if task is None or not _may(request.session, None, name):
        raise does_not_exist("Task", name)
    return task


def _check(request: Request, privilege: str, name: Name) -> None:
    """Raise 003001 unless the session holds the privilege on a task that is there."""
    if name not in request.server.tasks.store.tasks() or _may(request.session, privilege, name):
        return
    if not _may(request.session, None, name):
        raise does_not_exist("Task", name)
    raise insufficient_privileges("TASK", shown(name.name))


def _check_may_run(request: Request, task: Task) -> None:
    """The owner of a task that is resumed needs EXECUTE TASK, and EXECUTE MANAGED TASK without a warehouse."""
    needed = ["EXECUTE TASK"] if task.warehouse else ["EXECUTE TASK", "EXECUTE MANAGED TASK"]
    for privilege in needed:
        if not request.server.grants.allowed(request.session, privilege, ACCOUNT):
            message = f"Cannot execute task, {privilege} privilege must be granted to owner role."
            raise SqlError(message, "091089", "42501")


def _check_warehouse(request: Request, task: Task) -> None:
    """A warehouse by reference is one that the consumer has bound. Raises 505019 when none is."""
    bound = re.fullmatch(r"reference\('(.*)'\)", task.warehouse or "")
    if bound:
        references.resolve(request.session, bound[1])


@statement("CREATE [OR REPLACE|OR ALTER] TASK")
def create_task(request: Request) -> Result:
    server, tasks = request.server, request.server.tasks
    creation = read_create(request.text, _resolve(request, "CREATE TASK"))
    name = creation.task.name
    if not server.databases.has_schema(name.database, name.schema):
        raise does_not_exist("Schema", f"{name.database}.{name.schema}")
    if creation.or_replace or creation.or_alter:
        _check(request, "OWNERSHIP", name)
    _check_warehouse(request, creation.task)
    with server.catalogue.transaction():
        known = tasks.store.tasks()
        task = rules.create(creation, known, tasks.clock.now())
        if task is None:
            return status(f"{shown(name.name)} already exists, statement succeeded.")
        if name in known and creation.or_alter:
            tasks.store.save(task)
        else:
            tasks.store.replace(replace(task, owner=request.session.role))
    tasks.scheduler.wake()
    return status(f"Task {shown(name.name)} successfully created.")


@statement("ALTER TASK")
def alter_task(request: Request) -> Result:
    tasks = request.server.tasks
    alteration = read_alter(request.text, _resolve(request, "ALTER TASK"))
    _check(request, "OWNERSHIP" if alteration.change else "OPERATE", alteration.name)
    with request.server.catalogue.transaction():
        task = rules.alter(alteration, tasks.store.tasks(), tasks.clock.now())
        if task is not None:
            _check_warehouse(request, task)
            if alteration.started:
                _check_may_run(request, task)
            tasks.store.save(task)
    tasks.scheduler.wake()
    return done()


@statement("DROP TASK [IF EXISTS]")
def drop_task(request: Request) -> Result:
    tasks = request.server.tasks
    name = request.session.name(request.words.name(), "DROP TASK")
    request.words.end()
    with request.server.catalogue.transaction():
        known = tasks.store.tasks()
        if name not in known:
            if request.has("IF EXISTS"):
                return already_dropped(name.name)
            raise does_not_exist("Task", name)
        _check(request, "OWNERSHIP", name)
        for changed in rules.drop(name, known):
            tasks.store.save(changed)
        tasks.store.drop(name)
    tasks.scheduler.wake()
    return status(f"{shown(name.name)} successfully dropped.")


@statement("EXECUTE TASK")
def execute_task(request: Request) -> Result:
    execution = read_execute(request.text, _resolve(request, "EXECUTE TASK"))
    _check(request, "OPERATE", execution.name)
    return status(request.server.tasks.scheduler.execute(execution.name, execution.config, execution.retry_last))


@statement("SHOW [TERSE] TASKS")
def show_tasks(request: Request) -> Result:
    words = request.words
    listing = of_schema(request, whole=False)
    prefix = words.string() if words.accept("STARTS WITH") else ""
    root_only = words.accept("ROOT ONLY") is not None
    limit = int(words.value()) if words.accept("LIMIT") else None
    words.end()
    known = request.server.tasks.store.tasks()
    found = [
        task
        for task in known.values()
        if like(listing.pattern, task.name.name)
        and task.name.name.startswith(prefix)
        and listing.database in (None, task.name.database)
        and listing.schema in (None, task.name.schema)
        and (task.is_root or not root_only)
        and listing.sees(securable(task.name))
    ]
    return finish(request, show.show_tasks(found[:limit], known), "TASK", ("schedule", "state"))


@statement("DESCRIBE|DESC TASK")
def describe_task(request: Request) -> Result:
    name = request.session.name(request.words.name(), "DESCRIBE TASK")
    request.words.end()
    return show.show_tasks([_existing(request, name)], request.server.tasks.store.tasks())


def _monitored(session: Session, names: Iterable[Name]) -> set[Name]:
    """The tasks whose history the session may read."""
    return {name for name in set(names) if _may(session, "MONITOR", name) or _may(session, "OPERATE", name)}


@table_function(
    "TASK_HISTORY",
    "scheduled_time_range_start scheduled_time_range_end result_limit task_name error_only root_task_id "
    "database_name schema_name",
)
def task_history(session: Session, _: str, arguments: dict[str, Any]) -> Result:
    tasks = session.server.tasks
    runs = [*tasks.store.runs(), *tasks.scheduler.pending()]
    readable = _monitored(session, (run.name for run in runs))
    return history.task_history([run for run in runs if run.name in readable], tasks.clock.now(), **_given(arguments))


@table_function("COMPLETE_TASK_GRAPHS", "result_limit root_task_name error_only")
def complete_task_graphs(session: Session, _: str, arguments: dict[str, Any]) -> Result:
    return history.complete_task_graphs(_graphs(session), **_given(arguments))


@table_function("CURRENT_TASK_GRAPHS", "result_limit root_task_name")
def current_task_graphs(session: Session, _: str, arguments: dict[str, Any]) -> Result:
    return history.current_task_graphs(_graphs(session), **_given(arguments))


def _graphs(session: Session) -> list[GraphRecord]:
    found = list(session.server.tasks.store.graphs())
    readable = _monitored(session, (record.root for record in found))
    return [record for record in found if record.root in readable]


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): _argument(value) for key, value in arguments.items() if value is not None}


def _argument(value: Any) -> Any:
    """Times without a zone are UTC, the session's time zone; numbers are whole."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return int(value) if isinstance(value, Decimal) else value


@function("SYSTEM$TASK_DEPENDENTS_ENABLE")
def enable_dependents(session: Session, arguments: list[str]) -> str:
    [text] = arguments
    server = session.server
    name = session.name(split(text), "SYSTEM$TASK_DEPENDENTS_ENABLE")
    with server.catalogue.transaction():
        for task in rules.enable_dependents(name, server.tasks.store.tasks(), server.tasks.clock.now()):
            server.tasks.store.save(task)
    server.tasks.scheduler.wake()
    return "true"


@function("SYSTEM$SET_RETURN_VALUE")
def set_return_value(session: Session, arguments: list[str]) -> bool:
    [value] = arguments
    session.server.tasks.context(session, "SYSTEM$SET_RETURN_VALUE").set_return_value(value)
    return True


@function("SYSTEM$GET_PREDECESSOR_RETURN_VALUE")
def get_predecessor_return_value(session: Session, arguments: list[str]) -> str | None:
    context = session.server.tasks.context(session, "SYSTEM$GET_PREDECESSOR_RETURN_VALUE")
    return context.predecessor_return_value(*arguments)


@function("SYSTEM$TASK_RUNTIME_INFO")
def task_runtime_info(session: Session, arguments: list[str]) -> str | None:
    [key] = arguments
    return session.server.tasks.context(session, "SYSTEM$TASK_RUNTIME_INFO").runtime_info(key)


@function("SYSTEM$GET_TASK_GRAPH_CONFIG")
def get_task_graph_config(session: Session, arguments: list[str]) -> str | None:
    return session.server.tasks.context(session, "SYSTEM$GET_TASK_GRAPH_CONFIG").config_value(*arguments)


@function("SYSTEM$WAIT")
def wait(session: Session, arguments: list[str]) -> str:
    """Waits in virtual time when the body of a task itself asks for it, else in real time."""
    amount, unit = (*arguments, "SECONDS")[:2]
    seconds = float(amount) * {"MILLISECONDS": 0.001, "SECONDS": 1, "MINUTES": 60, "HOURS": 3600}[unit.upper()]
    session.server.tasks.sleep(session, seconds)
    return f"waited {amount} {unit.lower()}"


@function("SYSTEM$LOCAL_ADVANCE_CLOCK")
def advance_clock(session: Session, arguments: list[str]) -> str:
    """Let virtual time pass: `call system$local_advance_clock(3600)`. Only the local Snowflake has it."""
    [seconds] = arguments
    return session.server.tasks.advance(float(seconds)).astimezone(UTC).isoformat()
