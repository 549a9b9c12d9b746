"""Results and errors as the replies that the clients read."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from typing import Any

from fakesnow.statement_type import DML_TYPE_IDS

from emulator.engine.columns import arrow_base64, rowtype
from emulator.errors import SqlError
from emulator.parameters import value_of
from emulator.result import ArrowResult, Column, Result, Transfer
from emulator.session import Session

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def success(result: Result, session: Session, query_id: str) -> dict[str, Any]:
    """The reply to a statement that succeeded."""
    if isinstance(result, Transfer):
        return {"success": True, "code": None, "message": None, "data": {**result.data, "queryId": query_id}}
    data: dict[str, Any] = {
        "parameters": [{"name": "TIMEZONE", "value": value_of(session, "TIMEZONE")}],
        "rowtype": rowtype(result.columns),
        "queryId": query_id,
        "statementTypeId": result.statement_type,
        "finalDatabaseName": session.database,
        "finalSchemaName": session.schema,
        "finalRoleName": session.role,
        "finalWarehouseName": session.warehouse,
        "numberOfBinds": 0,
        "arrayBindSupported": False,
        **_rows(result),
    }
    return {"success": True, "code": None, "message": None, "data": data}


def _rows(result: Result) -> dict[str, Any]:
    if isinstance(result, ArrowResult) and not result.rows:
        table = result.arrow
        if result.statement_type not in DML_TYPE_IDS:
            # the connector makes an empty table of the description, and fails on a stream without rows
            stream = arrow_base64(table, result.columns) if table.num_rows else ""
            return {
                "queryResultFormat": "arrow",
                "rowsetBase64": stream,
                "total": table.num_rows,
                "returned": table.num_rows,
            }
    rows = result.rows or result.fetch()
    rowset = [[encode(value, column) for value, column in zip(row, result.columns, strict=True)] for row in rows]
    return {"queryResultFormat": "json", "rowset": rowset, "total": len(rowset), "returned": len(rowset)}


def encode(value: Any, column: Column) -> str | None:
    """A value as the text that the wire's JSON rows carry for the column's type."""
    match value:
        case None:
            text = None
        case bool():
            text = str(int(value)) if column.type == "boolean" else str(value).lower()
        case dt.datetime():
            moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
            seconds = decimal.Decimal((moment - _EPOCH) // dt.timedelta(microseconds=1)) / 1_000_000
            text = f"{seconds:.9f}" + (f" {_offset(moment)}" if column.type == "timestamp_tz" else "")
        case dt.date():
            text = str((value - _EPOCH.date()).days)
        case dt.time():
            text = f"{value.hour * 3600 + value.minute * 60 + value.second}.{value.microsecond:06d}000"
        case bytes():
            text = value.hex()
        case dict() | list():
            text = json.dumps(value, indent=2, default=str)
        case _:
            text = str(value)
    return text


def _offset(moment: dt.datetime) -> int:
    """The zone of a TIMESTAMP_TZ as the wire has it: minutes east of Greenwich plus a day."""
    return 1440 + (moment.utcoffset() or dt.timedelta()) // dt.timedelta(minutes=1)


def failure(error: SqlError, query_id: str | None = None) -> dict[str, Any]:
    """The reply to a statement that failed. It travels with HTTP 200: clients repeat what fails with 500."""
    data = {"errorCode": error.code, "sqlState": error.state, "queryId": query_id, "internalError": False}
    return {"success": False, "code": error.code, "message": error.message, "data": data}
