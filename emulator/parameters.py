"""The parameters of a session: their names, types and defaults, from Snowflake's page "Parameters"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from emulator.errors import SqlError, compilation_error

if TYPE_CHECKING:
    from emulator.session import Session

_BOOLEANS = {
    "ABORT_DETACHED_QUERY": "false",
    "AUTOCOMMIT": "true",
    "CLIENT_METADATA_REQUEST_USE_CONNECTION_CTX": "false",
    "CLIENT_METADATA_USE_SESSION_DATABASE": "false",
    "CLIENT_RESULT_COLUMN_CASE_INSENSITIVE": "false",
    "CLIENT_SESSION_CLONE": "false",
    "CLIENT_SESSION_KEEP_ALIVE": "false",
    "ENABLE_UNLOAD_PHYSICAL_TYPE_OPTIMIZATION": "true",
    "ERROR_ON_NONDETERMINISTIC_MERGE": "true",
    "ERROR_ON_NONDETERMINISTIC_UPDATE": "false",
    "JDBC_TREAT_DECIMAL_AS_INT": "true",
    "JDBC_TREAT_TIMESTAMP_NTZ_AS_UTC": "false",
    "JDBC_USE_SESSION_TIMEZONE": "true",
    "JS_TREAT_INTEGER_AS_BIGINT": "false",
    "NOORDER_SEQUENCE_AS_DEFAULT": "true",
    "ODBC_TREAT_DECIMAL_AS_INT": "false",
    "PREVENT_UNLOAD_TO_INTERNAL_STAGES": "false",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": "false",
    "STRICT_JSON_OUTPUT": "false",
    "TIMESTAMP_DAY_IS_ALWAYS_24H": "false",
    "TRANSACTION_ABORT_ON_ERROR": "false",
    "USE_CACHED_RESULT": "true",
}
_NUMBERS = {
    "CLIENT_MEMORY_LIMIT": "1536",
    "CLIENT_PREFETCH_THREADS": "4",
    "CLIENT_RESULT_CHUNK_SIZE": "160",
    "CLIENT_SESSION_KEEP_ALIVE_HEARTBEAT_FREQUENCY": "3600",
    "HYBRID_TABLE_LOCK_TIMEOUT": "3600",
    "JSON_INDENT": "2",
    "LOCK_TIMEOUT": "43200",
    "MULTI_STATEMENT_COUNT": "1",
    "ROWS_PER_RESULTSET": "0",
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": "0",
    "STATEMENT_TIMEOUT_IN_SECONDS": "172800",
    "TWO_DIGIT_CENTURY_START": "1970",
    "WEEK_OF_YEAR_POLICY": "0",
    "WEEK_START": "0",
}
_STRINGS = {
    "BINARY_INPUT_FORMAT": "HEX",
    "BINARY_OUTPUT_FORMAT": "HEX",
    "CLIENT_TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_LTZ",
    "DATE_INPUT_FORMAT": "AUTO",
    "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
    "DEFAULT_NULL_ORDERING": "LAST",
    "EVENT_TABLE": "snowflake.telemetry.events",
    "GEOGRAPHY_OUTPUT_FORMAT": "GeoJSON",
    "GEOMETRY_OUTPUT_FORMAT": "GeoJSON",
    "LOG_LEVEL": "OFF",
    "METRIC_LEVEL": "NONE",
    "QUERY_TAG": "",
    "S3_STAGE_VPCE_DNS_NAME": "",
    "SEARCH_PATH": "$current, $public",
    "SIMULATED_DATA_SHARING_CONSUMER": "",
    "TIMESTAMP_INPUT_FORMAT": "AUTO",
    "TIMESTAMP_LTZ_OUTPUT_FORMAT": "",
    "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3",
    "TIMESTAMP_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "TIMESTAMP_TZ_OUTPUT_FORMAT": "",
    "TIMEZONE": "Etc/UTC",  # an account's is America/Los_Angeles until it is changed
    "TIME_INPUT_FORMAT": "AUTO",
    "TIME_OUTPUT_FORMAT": "HH24:MI:SS",
    "TRACE_LEVEL": "OFF",
    "TRANSACTION_DEFAULT_ISOLATION_LEVEL": "READ COMMITTED",
    "UNSUPPORTED_DDL_ACTION": "IGNORE",
}
DEFAULTS = {**_BOOLEANS, **_NUMBERS, **_STRINGS}
# clients set such ones without being asked, and none is documented
_OF_CLIENTS = ("CLIENT_", "GO_", "JDBC_", "ODBC_", "PYTHON_", "SNOWPARK_", "UI_")


def kind(name: str) -> str:
    """BOOLEAN, NUMBER or STRING."""
    return "BOOLEAN" if name in _BOOLEANS else "NUMBER" if name in _NUMBERS else "STRING"


def is_known(name: str) -> bool:
    return name in DEFAULTS or name.startswith(_OF_CLIENTS)


def check_name(name: str) -> None:
    """Raises 001420 for a name that is no session parameter's."""
    if not is_known(name):
        raise compilation_error(f"invalid property '{name}' for 'SESSION'", "001420", "22023")


def normal(name: str, value: object) -> str:
    """The value as it is kept and shown. Raises 001420 for an unknown name, 001423 for a wrong value."""
    check_name(name)
    text = str(value)
    if name in _BOOLEANS:
        text = text.lower()
        if text not in ("true", "false"):
            raise _invalid(name, value)
    elif name in _NUMBERS and not text.lstrip("-").isdigit():
        raise _invalid(name, value)
    elif name == "TIMEZONE":
        known = {zone.lower(): zone for zone in available_timezones()}
        if text.lower() not in known:
            raise _invalid(name, value)
        return known[text.lower()]
    return text


def of_client(asked: Mapping[str, object]) -> dict[str, str]:
    """What a client asks for when it connects; Snowflake passes over what it does not know."""
    return {name.upper(): normal(name.upper(), value) for name, value in asked.items() if is_known(name.upper())}


def _invalid(name: str, value: object) -> SqlError:
    return compilation_error(f"invalid value [{value}] for parameter '{name}'", "001423", "22023")


def value_of(session: Session, name: str) -> str:
    return session.parameters.get(name, DEFAULTS.get(name, ""))
