"""The endpoints of Snowflake's protocol."""

from __future__ import annotations

import gzip
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator.functions import USER
from emulator.names import fold
from emulator.parameters import of_client
from emulator.server import Server
from emulator.session import DEFAULT_ROLE, Session
from emulator.wire.queries import Queries

# the connector warns about servers that look too old
SERVER_VERSION = "9.99.0"
_DAY = 86400


class Endpoints:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._queries = Queries(server)

    async def login(self, request: Request) -> Response:
        body = await _body(request)
        parameters = body.get("data", {}).get("SESSION_PARAMETERS") or {}
        asked = {key: fold(value) for key, value in request.query_params.items() if value}
        database, schema = asked.get("databaseName"), asked.get("schemaName")
        databases = self._server.databases
        if database is None or not databases.exists(database):
            database = schema = None
        elif not databases.has_schema(database, schema or "PUBLIC"):
            schema = None
        session = self._server.open_session(
            role=asked.get("roleName", DEFAULT_ROLE),
            warehouse=asked.get("warehouse"),
            database=database,
            schema=schema or ("PUBLIC" if database and not asked.get("schemaName") else None),
            autocommit=bool(parameters.get("AUTOCOMMIT", True)),
            parameters=of_client(parameters),
        )
        return _ok(
            {
                **_tokens(session),
                "validityInSeconds": _DAY,
                "masterValidityInSeconds": _DAY,
                "displayUserName": USER,
                "serverVersion": SERVER_VERSION,
                "sessionId": int(session.id),
                "parameters": [
                    {"name": "AUTOCOMMIT", "value": session.autocommit},
                    {"name": "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY", "value": 3600},
                    {"name": "CLIENT_STAGE_ARRAY_BINDING_THRESHOLD", "value": 0},  # 0: never through a stage
                    {"name": "CLIENT_TELEMETRY_ENABLED", "value": False},
                ],
                "sessionInfo": {
                    "databaseName": session.database,
                    "schemaName": session.schema,
                    "warehouseName": session.warehouse,
                    "roleName": session.role,
                },
            }
        )

    async def renew(self, request: Request) -> Response:
        body = await _body(request)
        token = body.get("oldSessionToken") or _token(request).removeprefix("master-")
        session = self._server.sessions.get(token)
        if session is None:
            return _logged_out()
        tokens = _tokens(session)
        return _ok(
            {
                "sessionToken": tokens["token"],
                "masterToken": tokens["masterToken"],
                "validityInSecondsST": _DAY,
                "validityInSecondsMT": _DAY,
                "sessionId": int(session.id),
            }
        )

    async def session(self, request: Request) -> Response:
        """Ends the session with `?delete=true`; a procedure's frame ends with its call instead."""
        session = self._session(request)
        if session is None:
            return _logged_out()
        if request.query_params.get("delete") == "true" and session.caller is None:
            self._server.close_session(session)
        return _ok(None)

    async def query(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return _logged_out()
        body = await _body(request)
        return JSONResponse(await self._queries.start(session, request.query_params.get("requestId", ""), body))

    async def result(self, request: Request) -> Response:
        return JSONResponse(await self._queries.result(request.path_params["query"]))

    async def abort(self, request: Request) -> Response:
        body = await _body(request)
        self._queries.abort(body.get("requestId"), request.path_params.get("query"))
        return _ok(None)

    async def monitoring(self, request: Request) -> Response:
        query = request.path_params["query"]
        state = self._queries.state(query)
        return _ok({"queries": [{"id": query, "status": state}] if state else []})

    async def telemetry(self, _: Request) -> Response:
        return _ok("Log Received")

    async def health(self, _: Request) -> Response:
        return _ok({"data": str(self._server.data)})

    def _session(self, request: Request) -> Session | None:
        return self._server.sessions.get(_token(request))


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").partition('"')[2].rstrip('"')


def _tokens(session: Session) -> dict[str, str]:
    return {"token": session.token, "masterToken": f"master-{session.token}"}


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        raw = gzip.decompress(raw)
    return json.loads(raw) if raw.strip() else {}


def _ok(data: Any) -> Response:
    return JSONResponse({"success": True, "code": None, "message": None, "data": data})


def _logged_out() -> Response:
    # 390104: the connector reports it and does not try again, as it would after 390112 (expired)
    return JSONResponse(
        {"success": False, "code": "390104", "message": "User must login again to access the service.", "data": None}
    )


def build(server: Server) -> Starlette:
    endpoints = Endpoints(server)
    return Starlette(
        routes=[
            Route("/session/v1/login-request", endpoints.login, methods=["POST"]),
            Route("/session/token-request", endpoints.renew, methods=["POST"]),
            Route("/session", endpoints.session, methods=["POST"]),
            Route("/session/heartbeat", endpoints.session, methods=["POST"]),
            Route("/queries/v1/query-request", endpoints.query, methods=["POST"]),
            Route("/queries/v1/abort-request", endpoints.abort, methods=["POST"]),
            Route("/queries/{query}/result", endpoints.result, methods=["GET"]),
            Route("/queries/{query}/abort-request", endpoints.abort, methods=["POST"]),
            Route("/monitoring/queries/{query}", endpoints.monitoring, methods=["GET"]),
            Route("/telemetry/{rest:path}", endpoints.telemetry, methods=["POST"]),
            Route("/local/health", endpoints.health, methods=["GET"]),
        ]
    )
