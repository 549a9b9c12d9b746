"""The results of earlier statements: RESULT_SCAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.errors import SqlError
from emulator.functions import function
from emulator.result import Result
from emulator.statement import Request, statement
from emulator.table_functions import table_function

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session


@statement("SELECT * FROM TABLE ( RESULT_SCAN (")
def result_scan(request: Request) -> Result:
    """The whole result of a statement by its query id, as the connector asks for it after an asynchronous statement."""
    words = request.words
    query_id = words.string() if words.sees_string() else ""
    if not words.accept(") )") or not words.ended:
        return request.forward()
    return _recalled(request.server, query_id)


@table_function("RESULT_SCAN", "query_id", in_schema=False)
def result_rows(session: Session, _: str, arguments: dict[str, Any]) -> Result:
    return _recalled(session.server, str(arguments["QUERY_ID"]))


def _recalled(server: Server, query_id: str) -> Result:
    """Raises 000709 when the statement is not known or its result is gone."""
    result = server.results.get(query_id)
    if result is None:
        raise SqlError(f"Statement {query_id} not found", "000709", "02000")
    return result


@function("LAST_QUERY_ID")
def last_query_id(session: Session, arguments: list[str]) -> str | None:
    """The latest statement of the session; -2 is the one before it, 1 the first."""
    number = int(arguments[0]) if arguments else -1
    place = number - 1 if number > 0 else number
    return session.queries[place] if number and -len(session.queries) <= place < len(session.queries) else None
