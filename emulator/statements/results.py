"""The results of earlier statements: RESULT_SCAN."""

from __future__ import annotations

from emulator.errors import SqlError
from emulator.result import Result
from emulator.statement import Request, statement


@statement("SELECT * FROM TABLE ( RESULT_SCAN (")
def result_scan(request: Request) -> Result:
    """The whole result of a statement by its query id, as the connector asks for it after an asynchronous statement."""
    words = request.words
    query_id = request.session.last_query if words.accept("LAST_QUERY_ID ( )") else words.string()
    words.expect(")")
    words.expect(")")
    words.end()
    result = request.server.results.get(query_id or "")
    if result is None:
        raise SqlError(f"Statement {query_id} not found", "000709", "02000")
    return result
