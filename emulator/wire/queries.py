"""Running statements by the client's request id: none runs twice, long ones are asked for again."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from emulator.engine.binds import Rows, decode
from emulator.errors import SqlError
from emulator.result import done_several
from emulator.scripting import Part, split_statements
from emulator.server import Server
from emulator.session import Session
from emulator.wire.results import failure, success

_log = logging.getLogger("emulator")
_FINISHED_KEPT = 64
# CALL holds a thread while its procedure sends statements that need threads too: never a small pool
_THREADS = 512
_COUNT = "MULTI_STATEMENT_COUNT"


@dataclass(slots=True)
class Query:
    session: Session
    text: str
    work: asyncio.Future[dict[str, Any]] | None = None  # None: in the thread of whoever waits for it
    reply: dict[str, Any] | None = None  # None: it still runs
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    children: list[Query] = field(default_factory=list)  # of a request with several statements


class Queries:
    """Starts statements and hands out their replies."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(_THREADS, "statement")
        self._by_request: OrderedDict[str, Query] = OrderedDict()
        self._by_id: dict[str, Query] = {}
        server.workers.listen(self.answer)

    async def start(self, session: Session, request_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Run the statement of a request, or join it when the client sends the request again."""
        query = self._by_request.get(request_id)
        if query is None:
            query = Query(session, body["sqlText"])
            self._by_request[request_id] = self._by_id[query.id] = query
            self._forget_old()
            loop = asyncio.get_running_loop()
            query.work = asyncio.ensure_future(loop.run_in_executor(self._pool, self._run, query, body))
        if body.get("asyncExec"):
            return self._in_progress(query, "333334")
        return await self._wait(query)

    def answer(self, session: Session, request_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Run the statement of a procedure's session in the thread of its call, and return the reply."""
        query = Query(session, body["sqlText"])
        self._by_request[request_id] = self._by_id[query.id] = query
        self._forget_old()
        return self._run(query, body)

    async def result(self, query_id: str) -> dict[str, Any]:
        """The reply of a statement by its query id."""
        query = self._by_id.get(query_id)
        if query is None:
            return failure(SqlError(f"Statement {query_id} not found", "000709", "02000"))
        return await self._wait(query)

    def state(self, query_id: str) -> str | None:
        """RUNNING, SUCCESS or FAILED_WITH_ERROR; None for an unknown statement."""
        query = self._by_id.get(query_id)
        if query is None:
            return None
        if query.reply is None:
            return "RUNNING"
        return "SUCCESS" if query.reply["success"] else "FAILED_WITH_ERROR"

    def abort(self, request_id: str | None, query_id: str | None = None) -> bool:
        """Cancel a running statement and whatever its procedures run."""
        query = self._by_request.get(request_id or "") or self._by_id.get(query_id or "")
        if query is None or query.reply is not None:
            return False
        self._server.workers.cancel(query.session)
        query.session.connection.interrupt()
        return True

    async def _wait(self, query: Query) -> dict[str, Any]:
        if query.reply is None and query.work is not None:
            await asyncio.wait({query.work}, timeout=self._server.settings.answer_within)
        return query.reply or self._in_progress(query, "333333")

    @staticmethod
    def _in_progress(query: Query, code: str) -> dict[str, Any]:
        data = {"queryId": query.id, "getResultUrl": f"/queries/{query.id}/result", "queryAbortsAfterSecs": 300}
        return {"success": True, "code": code, "message": "Query execution in progress.", "data": data}

    def _run(self, query: Query, body: dict[str, Any]) -> dict[str, Any]:
        """The reply to a request: of its statement, or of its statements together."""
        try:
            parts = split_statements(query.text)
            _check_count(parts, query.session, body)
            rows = decode(body.get("bindings"))
        except SqlError as error:
            reply = failure(error, query.id)
        else:
            if len(parts) == 1:
                reply = self._run_one(query, rows, bool(body.get("describeOnly")))
            else:
                reply = self._run_several(query, parts, rows)
        query.reply = reply
        return reply

    def _run_several(self, query: Query, parts: list[Part], rows: Rows | None) -> dict[str, Any]:
        """Run one statement after the other up to one that fails, each with a query id and a reply of its own."""
        values = list(rows[0]) if rows else []
        for part in parts:
            child = Query(query.session, part.text)
            binds, values = values[: part.binds], values[part.binds :]
            child.reply = self._run_one(child, [binds] if binds else None)
            if not child.reply["success"]:
                return failure(_failure_of(part, child.reply), query.id)
            self._by_id[child.id] = child
            query.children.append(child)
        result = self._server.results[query.id] = done_several()
        reply = success(result, query.session, query.id)
        reply["data"]["resultIds"] = ",".join(child.id for child in query.children)
        return reply

    def _run_one(self, query: Query, rows: Rows | None, describe_only: bool = False) -> dict[str, Any]:
        started = time.perf_counter()
        query.session.statement = query.text
        try:
            result = self._server.execute(query.session, query.text, rows, describe_only)
            self._server.results[query.id] = result
            query.session.queries.append(query.id)
            reply = success(result, query.session, query.id)
        except SqlError as error:
            reply = failure(error, query.id)
        except Exception as error:  # noqa: BLE001 - a client would repeat what looks like a lost connection
            _log.exception("statement failed: %s", query.text)
            reply = failure(SqlError(f"Local Snowflake failed: {error!r}", "370001", "XX000"), query.id)
        elapsed = (time.perf_counter() - started) * 1000
        outcome = "ok" if reply["success"] else reply["message"]
        _log.debug("%7.1f ms  %.500s  %.200s", elapsed, query.text, outcome)
        return reply

    def _forget_old(self) -> None:
        for request_id, query in list(self._by_request.items())[: max(0, len(self._by_request) - _FINISHED_KEPT)]:
            if query.reply is not None:
                self._by_request.pop(request_id, None)
                for forgotten in (query, *query.children):
                    self._by_id.pop(forgotten.id, None)


def _check_count(parts: list[Part], session: Session, body: dict[str, Any]) -> None:
    """Raises 000008 when a client sends another number of statements than it said; 0 stands for any number."""
    setting = "1" if session.caller else session.parameters.get(_COUNT, "1")
    wanted = int((body.get("parameters") or {}).get(_COUNT, setting))
    if wanted not in (0, len(parts)):
        raise SqlError(
            f"Actual statement count {len(parts)} did not match the desired statement count {wanted}.",
            "000008",
            "0A000",
        )


def _failure_of(part: Part, reply: dict[str, Any]) -> SqlError:
    where = f"at line {part.line}, position {part.position}"
    return SqlError(
        "JavaScript execution error: Uncaught Execution of multiple statements failed on statement "
        f'"{part.text}" ({where}).\n{reply["message"]}',
        "100132",
        "P0000",
    )
