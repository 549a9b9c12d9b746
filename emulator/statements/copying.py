"""COPY INTO a table or a location; INFER_SCHEMA."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.errors import compilation_error, unsupported
from emulator.loading import files, formats
from emulator.loading.load import Copy, forget_loads, load
from emulator.loading.unload import unload
from emulator.result import Result, table
from emulator.statement import Request, statement
from emulator.table_functions import table_function
from emulator.words import Value, Words

if TYPE_CHECKING:
    from emulator.session import Session

_IN_QUERY = re.compile(r"\bfrom\s+(?:'(@[^']+)'|(@(?:\"[^\"]*\"|[^\s\"(),;])+))", re.IGNORECASE)
_LOAD_OPTIONS = {
    "ENFORCE_LENGTH", "FILES", "FORCE", "LOAD_UNCERTAIN_FILES", "MATCH_BY_COLUMN_NAME", "ON_ERROR", "PATTERN", "PURGE",
    "RETURN_FAILED_ONLY", "SIZE_LIMIT", "TRUNCATECOLUMNS",
}  # fmt: skip
_UNLOAD_OPTIONS = {"DETAILED_OUTPUT", "HEADER", "INCLUDE_QUERY_ID", "MAX_FILE_SIZE", "OVERWRITE", "SINGLE"}


@statement("COPY INTO")
def copy_into(request: Request) -> Result:
    words = request.words
    if words.sees("@") or words.sees_string():
        return _unload(request)
    name = request.session.name(words.name(), "COPY")
    columns = _columns(words) if words.sees("(") else None
    location, query = f'@"{name.database}"."{name.schema}"."%{name.name}"', None
    if words.accept("FROM"):
        if words.sees("("):
            query = words.balanced()
            match = _IN_QUERY.search(query)
            if match is None:
                raise compilation_error(f"invalid URL prefix found in: '{query}'", "001011", "42601")
            location = match[1] or match[2]
        else:
            location = words.location()
    file_format, options = _options(words, _LOAD_OPTIONS)
    return load(request.session, Copy(name, columns, location, query, file_format, options))


@statement("TRUNCATE [TABLE] [IF EXISTS]")
def truncate(request: Request) -> Result:
    """A table that was emptied may load the same files again."""
    name = request.session.name(request.words.name(), "TRUNCATE")
    result = request.forward()
    if request.server.databases.relation_kind(name):
        forget_loads(request.session, name)
    return result


def _unload(request: Request) -> Result:
    words = request.words
    location = words.location()
    words.expect("FROM")
    query = words.balanced() if words.sees("(") else "select * from " + words.dotted()
    file_format, options = _options(words, _UNLOAD_OPTIONS)
    return unload(request.session, location, query, file_format, options)


def _columns(words: Words) -> list[str]:
    words.expect("(")
    names: list[str] = []
    while not words.accept(")"):
        names.append(words.identifier())
        words.accept(",")
    return names


def _options(words: Words, known: set[str]) -> tuple[Value | dict[str, Value] | None, dict[str, Value]]:
    """The file format and the copy options. Raises 001008 for an option that does not exist."""
    file_format: Value | dict[str, Value] | None = None
    options: dict[str, Value] = {}
    while not words.ended:
        key = words.identifier()
        if key == "VALIDATION_MODE":
            raise unsupported("VALIDATION_MODE")
        if key not in known and key != "FILE_FORMAT":
            raise compilation_error(f"invalid parameter '{key}'", "001008", "22023")
        words.expect("=")
        if key == "FILE_FORMAT":
            file_format = formats.read_clause(words)
        else:
            options[key] = words.values() if words.sees("(") else words.value()
    return file_format, options


@table_function("INFER_SCHEMA", "location file_format files ignore_case max_file_count", in_schema=False)
def infer_schema(session: Session, _: str, arguments: dict[str, Any]) -> Result:
    """The columns of the files at a location, named and typed as the files do."""
    stage, below = files.locate(session, str(arguments["LOCATION"]))
    chosen = formats.named(session, str(arguments["FILE_FORMAT"]))
    found: dict[str, tuple[str, list[str]]] = {}
    for shown, path in files.shown_files(session, stage, below):
        described = session.connection.native(session, f"describe {chosen.inferred(path)}").to_pylist()
        for row in described:
            kind = _snowflake_type(row["column_type"])
            found.setdefault(row["column_name"], (kind, []))[1].append(shown)
    fold = str(arguments.get("IGNORE_CASE", "false")).lower() == "true"
    rows = [
        (name.upper() if fold else name, kind, True, f"$1:{name}::{kind}", ", ".join(listed), order)
        for order, (name, (kind, listed)) in enumerate(found.items())
    ]
    return table("COLUMN_NAME TYPE NULLABLE:boolean EXPRESSION FILENAMES ORDER_ID:fixed", rows)


_TYPES = {
    "BIGINT": "NUMBER(38, 0)", "INTEGER": "NUMBER(38, 0)", "SMALLINT": "NUMBER(38, 0)", "TINYINT": "NUMBER(38, 0)",
    "HUGEINT": "NUMBER(38, 0)", "UBIGINT": "NUMBER(38, 0)", "UINTEGER": "NUMBER(38, 0)", "DOUBLE": "REAL",
    "FLOAT": "REAL", "BOOLEAN": "BOOLEAN", "VARCHAR": "TEXT", "DATE": "DATE", "TIME": "TIME", "BLOB": "BINARY",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP_LTZ",
}  # fmt: skip


def _snowflake_type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return "NUMBER" + kind.removeprefix("DECIMAL").replace(",", ", ")
    if kind.startswith("TIMESTAMP") and kind not in _TYPES:
        return "TIMESTAMP_NTZ"
    return _TYPES.get(kind, "VARIANT")
