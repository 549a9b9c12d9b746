"""What the catalogue remembers of tables and views, which are DuckDB's: owner, time of creation, comment, text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

from emulator.catalogue import Object
from emulator.engine.access import RELATIONS, changed
from emulator.engine.rewrite import full_name
from emulator.names import Name

if TYPE_CHECKING:
    from emulator.session import Session


def follow(expression: Expr, session: Session) -> None:
    """Bring the catalogue up to date with a definition that has run. What is dropped or replaced loses its grants."""
    if isinstance(expression, exp.Alter):
        _alter(expression, session)
    elif isinstance(expression, exp.Comment) and isinstance(expression.this, exp.Table):
        _comment(session, Name(*full_name(expression.this, session)), expression.expression.name)
    elif isinstance(expression, (exp.Create, exp.Drop)) and expression.args.get("kind") in RELATIONS:
        for table in changed(expression):
            place = full_name(table, session)
            if place in session.connection.temporary:
                continue
            if isinstance(expression, exp.Drop):
                _forget(session, Name(*place))
            else:
                _remember(expression, session, Name(*place))


def _forget(session: Session, name: Name) -> None:
    with session.server.catalogue.transaction():
        for kind in RELATIONS:
            session.server.catalogue.drop(Object(kind, name.name, name.database, name.schema))


def _remember(create: exp.Create, session: Session, name: Name) -> None:
    catalogue, kind = session.server.catalogue, create.args["kind"]
    with catalogue.transaction():
        if catalogue.get(kind, name) and not create.args.get("replace"):  # IF NOT EXISTS
            return
        if not create.find(exp.CopyGrantsProperty):
            _forget(session, name)
        comment = create.find(exp.SchemaCommentProperty)
        record = Object(
            kind, name.name, name.database, name.schema, owner=session.role, comment=comment.name if comment else ""
        )
        if kind == "VIEW":
            record.definition["text"] = create.sql(dialect="snowflake")
            record.definition["secure"] = create.find(exp.SecureProperty) is not None
        else:
            record.definition["transient"] = create.find(exp.TransientProperty) is not None
        catalogue.put(record)


def _alter(alter: exp.Alter, session: Session) -> None:
    if not isinstance(alter.this, exp.Table):
        return
    name = Name(*full_name(alter.this, session))
    for action in alter.args.get("actions") or []:
        if isinstance(action, exp.AlterRename) and isinstance(action.this, exp.Table):
            new = Name(*full_name(action.this, session))
            for kind in RELATIONS:
                session.server.grants.rename(kind, name, new)
        elif isinstance(action, exp.AlterSet) and (comment := action.find(exp.SchemaCommentProperty)):
            _comment(session, name, comment.name)


def _comment(session: Session, name: Name, text: str) -> None:
    catalogue = session.server.catalogue
    for kind in RELATIONS:
        record = catalogue.get(kind, name)
        if record is not None:
            record.comment = text
            catalogue.put(record)
