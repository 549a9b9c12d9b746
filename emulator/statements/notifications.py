"""Notification integrations, and what was sent through them: nothing leaves the machine, everything is kept."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from emulator.catalogue import Object
from emulator.errors import SqlError, already_exists, does_not_exist
from emulator.functions import function
from emulator.grants import Securable
from emulator.names import like, shown
from emulator.result import Result, already_dropped, status, table
from emulator.session import Session
from emulator.statement import Request, statement
from emulator.table_functions import table_function

KIND = "INTEGRATION"
_TABLE = """
create table if not exists notification (
    created text not null, integration text not null, message text not null
)
"""


@statement("CREATE [OR REPLACE] NOTIFICATION INTEGRATION [IF NOT EXISTS]")
def create_integration(request: Request) -> Result:
    catalogue, name = request.server.catalogue, request.words.identifier()
    if catalogue.get(KIND, name) and not request.has("OR REPLACE"):
        if request.has("IF NOT EXISTS"):
            return status(f"{name} already exists, statement succeeded.")
        raise already_exists(name)
    options = request.words.options()
    definition = {"type": options.get("TYPE"), "enabled": str(options.get("ENABLED", "false")).lower() == "true"}
    comment = str(options.get("COMMENT", ""))
    catalogue.put(Object(KIND, name, owner=request.session.role, comment=comment, definition=definition))
    return status(f"Integration {shown(name)} successfully created.")


@statement("DROP [NOTIFICATION] INTEGRATION [IF EXISTS]")
def drop_integration(request: Request) -> Result:
    name = request.words.identifier()
    found = request.server.catalogue.get(KIND, name)
    if found is None:
        if request.has("IF EXISTS"):
            return already_dropped(name)
        raise does_not_exist("Integration", shown(name))
    request.server.catalogue.drop(found)
    return status(f"{shown(name)} successfully dropped.")


@statement("SHOW [NOTIFICATION] INTEGRATIONS")
def show_integrations(request: Request) -> Result:
    pattern = request.words.string() if request.words.accept("LIKE") else None
    rows = [
        (item.name, item.definition["type"], "NOTIFICATION", str(item.definition["enabled"]).lower(), item.comment,
         item.created_on)
        for item in request.server.catalogue.find(KIND)
        if like(pattern, item.name)
    ]  # fmt: skip
    return table("name type category enabled comment created_on:timestamp_ltz", rows)


@function("SYSTEM$SEND_SNOWFLAKE_NOTIFICATION")
def send_notification(session: Session, arguments: list[str]) -> str:
    """Takes the message and the integrations as JSON texts, or lists of them."""
    messages, targets = (_list(argument) for argument in arguments)
    names = [name.upper() for target in targets for name in target]
    server = session.server
    for name in names:
        found = server.catalogue.get(KIND, name)
        if found is None or not server.grants.allowed(session, "USAGE", Securable(KIND, name)):
            raise does_not_exist("Integration", shown(name))
        if not found.definition["enabled"]:
            raise SqlError(f"Integration {shown(name)} is disabled.", "394209", "22023")
    now = server.tasks.clock.now().isoformat()
    with server.catalogue.transaction() as db:
        db.execute(_TABLE)
        rows = [(now, name, json.dumps(message)) for name in names for message in messages]
        db.executemany("insert into notification values (?, ?, ?)", rows)
    return "Enqueued notifications."


def _list(text: str) -> list[dict[str, Any]]:
    try:
        value: Any = json.loads(text)
    except ValueError:
        value = None
    found: list[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) and item for item in found):
        raise SqlError("Invalid argument of SYSTEM$SEND_SNOWFLAKE_NOTIFICATION: no JSON object.", "394300", "22023")
    return found


@table_function("NOTIFICATION_HISTORY", "start_time end_time integration_name result_limit")
def notification_history(session: Session, _: str, arguments: dict[str, Any]) -> Result:
    """The notifications of the integrations that the session may use, with their messages."""
    with session.server.catalogue.transaction() as db:
        db.execute(_TABLE)
        sent = db.execute("select * from notification order by created desc, rowid desc").fetchall()
    wanted = arguments.get("INTEGRATION_NAME")
    rows = [
        (datetime.fromisoformat(row["created"]), datetime.fromisoformat(row["created"]), "SQL", row["integration"],
         "SUCCESS", None, row["message"])
        for row in sent
        if wanted in (None, row["integration"])
        and session.server.grants.allowed(session, "USAGE", Securable(KIND, row["integration"]))
    ]  # fmt: skip
    return table(
        "CREATED:timestamp_ltz PROCESSED:timestamp_ltz MESSAGE_SOURCE INTEGRATION_NAME STATUS ERROR_MESSAGE MESSAGE",
        rows[: int(arguments.get("RESULT_LIMIT") or 100)],
    )
