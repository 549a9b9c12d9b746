"""Which privileges a parsed statement needs, and the refusal when the session does not hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from emulator.engine.rewrite import full_name
from emulator.errors import SqlError, compilation_error, insufficient_privileges
from emulator.grants import Grantee, Securable
from emulator.names import Name

if TYPE_CHECKING:
    from emulator.session import Session

_CHANGES: dict[type[Expr], str] = {
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.TruncateTable: "TRUNCATE",
    exp.Copy: "INSERT",
    exp.Alter: "OWNERSHIP",
    exp.Drop: "OWNERSHIP",
}
_ACTIONS = {exp.Insert: "INSERT", exp.Update: "UPDATE"}
RELATIONS = ("TABLE", "VIEW")


def check(expression: Expr, session: Session) -> None:
    """Raises 002003 for a table that the session does not see, 003001 for a privilege that it lacks."""
    if isinstance(expression, (exp.Create, exp.Drop)) and expression.args.get("kind") not in RELATIONS:
        return  # part of a statement that was checked as a whole
    grants, who = session.server.grants, None
    for privilege, table in _needs(expression):
        database, schema, name = full_name(table, session)
        if not (database and schema and name) or schema.upper() == "INFORMATION_SCHEMA":
            continue
        if (database, schema, name) in session.connection.temporary:
            continue
        who = who or grants.principals(session)
        if Grantee("APPLICATION", database) in who:  # an application owns all that is in it
            continue
        if privilege.startswith("CREATE "):
            possible = [Securable("SCHEMA", schema, database)]
        else:
            possible = _relation(session, Name(database, schema, name))
        if not any(grants.holds(who, privilege, on) for on in possible):
            raise _refusal(possible[0], any(grants.holds(who, None, on) for on in possible))


def _relation(session: Session, name: Name) -> list[Securable]:
    """The table or the view of this name; both when the catalogue knows neither."""
    known = [kind for kind in RELATIONS if session.server.catalogue.get(kind, name)]
    return [Securable(kind, name.name, name.database, name.schema) for kind in known or RELATIONS]


def _refusal(on: Securable, seen: bool) -> SqlError:
    if not seen:
        return compilation_error(f"Object '{on}' does not exist or not authorized.", "002003", "42S02")
    return insufficient_privileges(on.kind, on.name)


def _needs(expression: Expr) -> Iterator[tuple[str, exp.Table]]:
    to_change = {id(table) for table in changed(expression)}
    privileges = _to_change(expression)
    named = {cte.alias.upper() for cte in expression.find_all(exp.CTE)}
    for table in expression.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name.upper() in named):
            continue
        for privilege in privileges if id(table) in to_change else ["SELECT"]:
            yield privilege, table


def _to_change(expression: Expr) -> list[str]:
    """What a statement needs on the table that it changes."""
    if isinstance(expression, exp.Create):
        return [] if expression.find(exp.TemporaryProperty) else [f"CREATE {expression.args['kind']}"]
    if isinstance(expression, exp.Merge):
        then = [when.args.get("then") for when in expression.args["whens"].expressions]
        return sorted({_ACTIONS.get(type(action), "DELETE") for action in then})
    return [_CHANGES[type(expression)]] if type(expression) in _CHANGES else []


def changed(expression: Expr) -> list[exp.Table]:
    """The tables that a statement changes, makes or drops."""
    if isinstance(expression, exp.Drop):
        return expression.args.get("tables") or []
    if isinstance(expression, exp.TruncateTable):
        return expression.expressions
    if not isinstance(expression, (exp.Create, exp.Merge, *_CHANGES)):
        return []
    table = expression.this.find(exp.Table) if isinstance(expression.this, Expr) else None
    return [table] if table is not None else []
