"""Which privileges a parsed statement needs, and the refusal when the session does not hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from emulator.engine.rewrite import full_name
from emulator.errors import SqlError, compilation_error
from emulator.grants import Securable

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
_RELATIONS = ("TABLE", "VIEW")


def check(expression: Expr, session: Session) -> None:
    """Raises 002003 for a table that the session does not see, 003001 for a privilege that it lacks."""
    if isinstance(expression, (exp.Create, exp.Drop)) and expression.kind not in _RELATIONS:
        return  # part of a statement that was checked as a whole
    grants, who = session.server.grants, None
    for privilege, table in _needs(expression):
        database, schema, name = full_name(table, session)
        if not (database and schema and name) or schema.upper() == "INFORMATION_SCHEMA":
            continue
        if (database, schema, name) in session.connection.temporary:
            continue
        who = who or grants.principals(session)
        if privilege.startswith("CREATE "):
            possible = [Securable("SCHEMA", schema, database)]
        else:  # the name does not tell which of the two it is
            possible = [Securable(kind, name, database, schema) for kind in _RELATIONS]
        if not any(grants.holds(who, privilege, on) for on in possible):
            raise _refusal(possible[0], any(grants.holds(who, None, on) for on in possible))


def _refusal(on: Securable, seen: bool) -> SqlError:
    if not seen:
        return compilation_error(f"Object '{on}' does not exist or not authorized.", "002003", "42S02")
    return SqlError(
        f"SQL access control error:\nInsufficient privileges to operate on {on.kind.lower()} '{on.name}'.",
        "003001",
        "42501",
    )


def _needs(expression: Expr) -> Iterator[tuple[str, exp.Table]]:
    targets = dict(_targets(expression))
    named = {cte.alias.upper() for cte in expression.find_all(exp.CTE)}
    for table in expression.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name.upper() in named):
            continue
        for privilege in targets.get(id(table), ["SELECT"]):
            yield privilege, table


def _targets(expression: Expr) -> Iterator[tuple[int, list[str]]]:
    """The tables that a statement changes, by identity, with what it needs on each."""
    privileges: list[str] = []
    places = [expression.this]
    if isinstance(expression, exp.Create):
        temporary = expression.find(exp.TemporaryProperty)
        privileges = [] if temporary else [f"CREATE {expression.kind}"]
    elif isinstance(expression, exp.Merge):
        then = [when.args.get("then") for when in expression.args["whens"].expressions]
        privileges = sorted({_ACTIONS.get(type(action), "DELETE") for action in then})
    elif type(expression) in _CHANGES:
        privileges = [_CHANGES[type(expression)]]
        if isinstance(expression, exp.TruncateTable):
            places = expression.expressions
    else:
        return
    for place in places:
        table = place.find(exp.Table) if isinstance(place, Expr) else None
        if table is not None:
            yield id(table), privileges


def follow(expression: Expr, session: Session) -> None:
    """A table that is dropped or replaced takes its grants with it."""
    replaced = isinstance(expression, exp.Create) and expression.args.get("replace")
    if not (replaced or isinstance(expression, exp.Drop)) or expression.args.get("kind") not in _RELATIONS:
        return
    table = expression.this.find(exp.Table)
    if table is not None and not expression.find(exp.CopyGrantsProperty):
        database, schema, name = full_name(table, session)
        for kind in _RELATIONS:
            session.server.grants.forget(Securable(kind, name, database, schema))
