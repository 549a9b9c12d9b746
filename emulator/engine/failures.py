"""DuckDB's errors in Snowflake's words and codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import duckdb
from snowflake.connector.errors import Error as ConnectorError
from sqlglot.errors import ParseError

from emulator.errors import SqlError, already_exists, compilation_error, does_not_exist, syntax_error
from emulator.names import shown, split

if TYPE_CHECKING:
    from emulator.session import Session

Maker = Callable[[re.Match[str]], SqlError]


def _plain(message: str, code: str, state: str) -> Maker:
    return lambda match: SqlError(match.expand(message), code, state)


def _compilation(message: str, code: str, state: str) -> Maker:
    return lambda match: compilation_error(match.expand(message), code, state)


def _missing_object(match: re.Match[str]) -> SqlError:
    name = match[1].upper()
    return compilation_error(f"Object '{name}' does not exist or not authorized.", "002003", "42S02")


def name_missing(error: SqlError, text: str, session: Session) -> SqlError:
    """A missing object as Snowflake names it: as it is written, by a definition with its kind and full name."""
    missing = _MISSING.search(error.message)
    if missing is None or error.state != "42S02":
        return error
    kind, name = "Object", _as_written(missing[1], text)
    if definition := _DEFINITION.match(text):
        kind, name = (definition[1] or "table").capitalize(), str(session.name(split(name), ""))
    elif (target := _TARGET.match(text)) and split(target[1]) == split(name):
        kind = "Table"
    return compilation_error(f"{kind} '{name}' does not exist or not authorized.", error.code, error.state)


def _as_written(name: str, text: str) -> str:
    """The name with what stands before it in the text: DuckDB leaves the current schema out."""
    last = split(name)[-1]
    found = re.search(rf'(?:[\w$"]+\.)*"?{re.escape(last)}(?![\w$])"?', text, re.IGNORECASE)
    return ".".join(shown(part) for part in split(found[0])) if found else name


def at_first_word(text: str) -> SqlError:
    return syntax_error(1, 0, text.split(maxsplit=1)[0])


def _syntax_failure(message: str, text: str) -> SqlError:
    """DuckDB's syntax error, at the word that it names."""
    near = re.search(r'at or near "(.*?)"', message)
    if near is None or "end of input" in message:
        return _at(text, len(text), "<EOF>")
    found = re.search(rf"(?<!\w){re.escape(near[1])}(?!\w)", text, re.IGNORECASE)
    return _at(text, found.start(), found[0]) if found else _at(text, 0, near[1])


def _at(text: str, place: int, word: str) -> SqlError:
    before = text[:place]
    return syntax_error(before.count("\n") + 1, len(before) - before.rfind("\n") - 1, word)


_BEGINNINGS = re.compile(
    r"(?:alter|begin|call|comment|commit|copy|create|declare|delete|desc|describe|drop|execute|explain|get|grant|insert|list|"
    r"ls|merge|put|remove|revoke|rm|rollback|select|set|show|start|truncate|undrop|unset|update|use|values|with)\b|\(",
    re.IGNORECASE,
)
_AT_THE_END = ("Required", "Expected", "Expecting")
_MISSING = re.compile(r"Object '(.+)' does not exist or not authorized")
_DEFINITION = re.compile(r"(?:drop|alter|truncate)\s+(?:(table|view)\b)?", re.IGNORECASE)
_TARGET = re.compile(
    r"(?:insert\s+(?:overwrite\s+)?into|update|delete\s+from|merge\s+into|desc(?:ribe)?\s+(?:table|view))\s+([^\s(]+)",
    re.IGNORECASE,
)

_PATTERNS: list[tuple[str, Maker]] = [
    (r"(?:Table|View) with name \"?([^\"!]+?)\"? does not exist", _missing_object),
    (r"(?:Table|View) (?:Function )?with name \"?(\S+?)\"? is not in the catalog", _missing_object),
    (r"(?:Scalar|Aggregate|Table) Function with name \"?(\S+?)\"? does not exist",
     lambda m: compilation_error(f"Unknown function {m[1].upper()}.", "002140", "42601")),
    (r"Schema with name \"?([^\"!]+?)\"? does not exist", lambda m: does_not_exist("Schema", m[1])),
    (r"Catalog \"?([^\"!]+?)\"? does not exist", lambda m: does_not_exist("Database", m[1])),
    (r"(?:Table|View|Schema|Sequence) with name \"?([^\"!]+?)\"? already exists", lambda m: already_exists(m[1])),
    (r"Existing object \S+ is of type (\w+), trying to (?:drop|replace with) type (\w+)",
     lambda m: compilation_error(
         f"Object found is of type '{m[1].upper()}', not specified type '{m[2].upper()}'.", "002203", "02000")),
    (r"Existing object (\S+) is of type", lambda m: already_exists(m[1])),
    (r"(?:Referenced column|column) \"?([^\"]+?)\"? (?:not found|does not exist)",
     _compilation(r"error line 1 at position 0\ninvalid identifier '\1'", "000904", "42000")),
    (r"Referenced table \"([^\"]+)\" not found",
     _compilation(r"error line 1 at position 0\ninvalid identifier '\1'", "000904", "42000")),
    (r"Table \"[^\"]+\" does not have a column (?:named|with name) \"([^\"]+)\"",
     _compilation(r"error line 1 at position 0\ninvalid identifier '\1'", "000904", "42000")),
    (r"Column with name \"?([^\"]+?)\"? already exists",
     _compilation(r"column '\1' already exists", "001430", "42601")),
    (r"Ambiguous reference to column name \"([^\"]+)\"",
     _compilation(r"error line 1 at position 0\nambiguous column name '\1'", "000904", "42000")),
    (r"No function matches the given name and argument types '(\w+)(\(.*?\))'",
     lambda m: compilation_error(f"Invalid argument types for function '{m[1].upper()}': {m[2]}", "001044", "42P13")),
    (r"[Dd]ivision by zero", _plain("Division by zero", "100051", "22012")),
    (r"NOT NULL constraint failed: \S*?(\w+)$",
     _plain(r"NULL result in a non-nullable column \1", "100072", "22000")),
    (r"CHECK constraint failed on table \"(.+?)\" with expression CHECK\(\(\(?\"?length\"?\(\"?(\w+)",
     _plain(r"String is too long for column \2 of table \1 and would be truncated", "100078", "22000")),
    (r"cannot affect the same target row more than once",
     _plain("Duplicate row detected during DML action", "100090", "42P18")),
    (r"Could not convert string '(.*)' to (?:U?INT|DECIMAL|DOUBLE|FLOAT)",
     _plain(r"Numeric value '\1' is not recognized", "100038", "22018")),
    (r"Could not convert string '(.*)' to BOOL", _plain(r"Boolean value '\1' is not recognized", "100037", "22018")),
    (r"Could not convert string \"(.*)\" to DECIMAL",
     _plain(r"Numeric value '\1' is not recognized", "100038", "22018")),
    (r"(?:invalid|Invalid) date field format: \"(.*?)\"", _plain(r"Date '\1' is not recognized", "100040", "22007")),
    (r"(?:invalid|Invalid) timestamp field format: \"(.*?)\"",
     _plain(r"Timestamp '\1' is not recognized", "100035", "22007")),
    (r"(?:Malformed|malformed) JSON", _plain("Error parsing JSON", "100069", "22P02")),
    (r"Current transaction is aborted",
     _plain("The transaction was rolled back by an earlier error; end it with ROLLBACK", "000628", "25000")),
    (r"(?:conflict|Conflict)",
     _plain("Statement aborted: another transaction changed the same object", "000625", "57014")),
]  # fmt: skip
_COMPILED = [(re.compile(pattern, re.MULTILINE), maker) for pattern, maker in _PATTERNS]

_BY_CLASS: list[tuple[type[Exception], str, str]] = [
    (duckdb.InterruptException, "000604", "57014"),
    (duckdb.ParserException, "001003", "42000"),
    (duckdb.CatalogException, "002003", "02000"),
    (duckdb.BinderException, "001003", "42000"),
    (duckdb.ConversionException, "100038", "22018"),
    (duckdb.OutOfRangeException, "100046", "22003"),
    (duckdb.ConstraintException, "100072", "22000"),
]


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions met at one row or one catalogue entry: trying again can help."""
    cause = error.__cause__ if isinstance(error, ConnectorError) else error
    return isinstance(cause, duckdb.TransactionException) and "onflict" in str(cause)


def translate(error: Exception, statement: str = "") -> SqlError:
    """The error of a statement that fakesnow or DuckDB refused, as Snowflake reports it."""
    if isinstance(error, SqlError):
        return error
    if isinstance(error, ParseError):
        return parse_failure(error, statement)
    cause = error.__cause__ if isinstance(error.__cause__, duckdb.Error) else error
    text = str(cause)
    if isinstance(cause, duckdb.InterruptException):
        return SqlError("SQL execution canceled", "000604", "57014")
    if isinstance(cause, duckdb.Error):
        for pattern, maker in _COMPILED:
            if match := pattern.search(text):
                return maker(match)
    if isinstance(cause, duckdb.ParserException) and statement:
        return _syntax_failure(text, statement)
    for kind, code, state in _BY_CLASS:
        if isinstance(cause, kind):
            return compilation_error(text, code, state)
    if isinstance(error, ConnectorError):
        message = error.raw_msg or error.msg or text
        return SqlError(message, f"{error.errno:06d}", error.sqlstate or "42000")
    return SqlError(f"SQL execution internal error: {text}", "000603", "XX000")


def parse_failure(error: ParseError, statement: str) -> SqlError:
    """The syntax error that sqlglot found; what begins with no statement's word fails there."""
    if not _BEGINNINGS.match(statement):
        return at_first_word(statement)
    first = error.errors[0] if error.errors else {}
    message, word = str(first.get("description") or ""), first.get("highlight") or "<EOF>"
    if message.startswith(_AT_THE_END) and statement.rstrip().endswith(word):
        return _at(statement, len(statement), "<EOF>")
    return syntax_error(first.get("line") or 1, max((first.get("col") or 1) - len(word), 0), word)
