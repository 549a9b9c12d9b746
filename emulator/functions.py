"""Functions about the session, the account and the system: `select current_role()`, `call system$..`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from emulator.session import Session

Function = Callable[["Session", list[str]], str | int | float | bool | None]
FUNCTIONS: dict[str, Function] = {}

ACCOUNT = "LOCAL"
ORGANIZATION = "LOCALORG"
USER = "LOCAL_USER"
REGION = "LOCAL"


def function(*names: str) -> Callable[[Function], Function]:
    """Register a function under its names. It gets the session and its arguments, literals only, as text."""

    def register(implementation: Function) -> Function:
        for name in names:
            FUNCTIONS[name.upper()] = implementation
        return implementation

    return register


def context_function(node: exp.Func) -> str | None:
    """The registered name of a function call in parsed SQL, if it is one of ours."""
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).upper()
    return name if name in FUNCTIONS else None


function("CURRENT_ROLE")(lambda session, _: session.role)
function("CURRENT_PRIMARY_ROLE")(lambda session, _: session.role)
function("CURRENT_WAREHOUSE")(lambda session, _: session.warehouse)
function("CURRENT_DATABASE")(lambda session, _: session.database)
function("CURRENT_SCHEMA")(lambda session, _: session.schema)
function("CURRENT_SESSION")(lambda session, _: session.id)
function("CURRENT_USER")(lambda *_: USER)
function("CURRENT_ACCOUNT", "CURRENT_ACCOUNT_NAME")(lambda *_: ACCOUNT)
function("CURRENT_ORGANIZATION_NAME", "SYSTEM$RETURN_CURRENT_ORG_NAME")(lambda *_: ORGANIZATION)
function("CURRENT_STATEMENT")(lambda session, _: session.statement)
function("CURRENT_REGION")(lambda *_: REGION)
function("CURRENT_CLIENT")(lambda *_: "local")
function("CURRENT_AVAILABLE_ROLES")(lambda *_: '["ACCOUNTADMIN"]')
function("CURRENT_SECONDARY_ROLES")(lambda *_: '{"roles":"","value":""}')
function("CURRENT_TRANSACTION")(lambda session, _: session.connection.transaction_id)
function("SYSTEM$GET_SNOWSIGHT_HOST")(lambda *_: "http://localhost")
function("SYSTEM$CANCEL_ALL_QUERIES")(lambda *_: "0 queries cancelled")
