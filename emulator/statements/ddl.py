"""GET_DDL: the statement that would create an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one

from emulator.catalogue import Object
from emulator.engine.access import RELATIONS
from emulator.errors import compilation_error, unsupported
from emulator.functions import function
from emulator.grants import Securable
from emulator.names import Name, SchemaName, fold, literal, quote, shown, split
from emulator.types import family

if TYPE_CHECKING:
    from emulator.session import Session

Maker = Callable[["Session", str, bool], str]


@function("GET_DDL")
def get_ddl(session: Session, arguments: list[str]) -> str:
    """`GET_DDL('kind', 'name' [, with full names])`. Raises 002003 for what is not there or not seen."""
    kind, name, *rest = arguments
    make = _MAKERS.get(kind.upper())
    if make is None:
        raise unsupported(f"GET_DDL('{kind}') in the local Snowflake: one of {', '.join(_MAKERS)}")
    return make(session, name, bool(rest) and rest[0].lower() == "true")


def _relation(session: Session, name: str, full: bool, *kinds: str) -> str:
    place = session.name(split(name), "GET_DDL")
    kind = session.server.databases.relation_kind(place)
    if kind not in kinds or not _seen(session, Securable(kind, place.name, place.database, place.schema)):
        raise _missing(kinds[0].capitalize(), place)
    columns = session.server.execute(session, f"describe table {place.sql}").records()
    shown_name = str(place) if full else shown(place.name)
    return (_table if kind == "TABLE" else _view)(session, place, shown_name, columns)


def _table(session: Session, place: Name, name: str, columns: list[dict[str, Any]]) -> str:
    record = session.server.catalogue.get("TABLE", place)
    transient = "TRANSIENT " if record and record.definition.get("transient") else ""
    lines = ",\n".join(f"\t{_column(column)}" for column in columns)
    comment = f"COMMENT={literal(record.comment)}\n" if record and record.comment else ""
    return f"create or replace {transient}TABLE {name} (\n{lines}\n){comment};"


def _column(column: dict[str, Any]) -> str:
    default = f" DEFAULT {column['default']}" if column["default"] else ""
    return f"{shown(column['name'])} {column['type']}{'' if column['null?'] == 'Y' else ' NOT NULL'}{default}"


def _view(session: Session, place: Name, name: str, columns: list[dict[str, Any]]) -> str:
    record = session.server.catalogue.get("VIEW", place)
    if record is None:
        raise unsupported(f"GET_DDL of the view {place}, whose text is not kept")
    query = parse_one(record.definition["text"], read="snowflake").find(exp.Query)
    listed = ",\n".join(f"\t{shown(column['name'])}" for column in columns)
    text = query.sql(dialect="snowflake") if query else ""
    return f"create or replace view {name}(\n{listed}\n) as {text};"


def _routine(session: Session, name: str, full: bool, kind: str) -> str:
    given, _, types = name.partition("(")
    place = session.name(split(given), "GET_DDL")
    signature = ", ".join(family(word) for word in types.rstrip(") ").split(",") if word.strip())
    item = session.server.catalogue.get(kind, place, signature)
    if item is None or not _seen(session, Securable.of(item)):
        raise _missing(kind.capitalize(), place)
    d = item.definition
    parameters = ", ".join(
        f"{quote(p['name'])} {_type(p['type'])}{' DEFAULT ' + p['default'] if p['default'] else ''}"
        for p in d["arguments"]
    )
    called = place.sql if full else quote(place.name)
    lines = [f"CREATE OR REPLACE {kind} {called}({parameters})", f"RETURNS {_type(d['returns'])}"]
    lines += [f"LANGUAGE {d['language']}", *_python(item)]
    if kind == "PROCEDURE":
        lines.append(f"EXECUTE AS {d['execute_as']}")
    return "\n".join(lines) + (f"\nAS {literal(d['body'])};" if d["body"] is not None else ";")


def _python(item: Object) -> list[str]:
    d = item.definition
    if d["language"] != "PYTHON":
        return []
    lines = [
        f"RUNTIME_VERSION = '{d.get('runtime_version', '3.11')}'",
        f"PACKAGES = ({', '.join(map(literal, d['packages']))})",
        f"HANDLER = {literal(d['handler'])}",
    ]
    return [*lines, f"IMPORTS = ({', '.join(map(literal, d['imports']))})"] if d["imports"] else lines


def _type(text: str) -> str:
    return "NUMBER(38,0)" if family(text) == "NUMBER" and "(" not in text else text.upper()


def _schema(session: Session, name: str, full: bool) -> str:
    place = session.schema_name(split(name), "GET_DDL")
    if not session.server.databases.has_schema(place.database, place.schema):
        raise _missing("Schema", place)
    called = str(place) if full else shown(place.schema)
    pieces = [f"create or replace schema {called};"]
    for relation in session.server.databases.relations(place.database, place.schema):
        whole = Name(place.database, place.schema, relation)
        pieces.append(_relation(session, whole.sql, full, *RELATIONS))
    return "\n\n".join(pieces)


def _seen(session: Session, on: Securable) -> bool:
    grants = session.server.grants
    return grants.sees(grants.principals(session), on)


def _missing(kind: str, name: Name | SchemaName) -> Exception:
    return compilation_error(f"{kind} '{name}' does not exist or not authorized.", "002003", "02000")


@function("IS_ROLE_IN_SESSION")
def is_role_in_session(session: Session, arguments: list[str]) -> bool:
    """Whether the session acts with the role, which its own role may have been granted."""
    return any(
        one.kind == "ROLE" and one.name == fold(arguments[0]) for one in session.server.grants.principals(session)
    )


_MAKERS: dict[str, Maker] = {
    "TABLE": lambda session, name, full: _relation(session, name, full, "TABLE", "VIEW"),
    "VIEW": lambda session, name, full: _relation(session, name, full, "VIEW"),
    "PROCEDURE": lambda session, name, full: _routine(session, name, full, "PROCEDURE"),
    "FUNCTION": lambda session, name, full: _routine(session, name, full, "FUNCTION"),
    "SCHEMA": _schema,
}
