"""What the catalogue remembers of tables and views, which are DuckDB's: owner, time of creation, comment, text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

from emulator.catalogue import Object
from emulator.engine.access import RELATIONS, changed
from emulator.engine.rewrite import full_name
from emulator.names import Name

if TYPE_CHECKING:
    from emulator.session import Session


def follower(expression: Expr, session: Session) -> Callable[[], None] | None:
    """What brings the catalogue up to date once the definition has run: by then the expression is another one.

    What is dropped or replaced loses its grants. None for what defines nothing.
    """
    if isinstance(expression, exp.Alter):
        alter = expression.copy()
        return lambda: _alter(alter, session)
    if isinstance(expression, exp.Comment) and isinstance(expression.this, exp.Table):
        name, text = Name(*full_name(expression.this, session)), expression.expression.name
        return lambda: _comment(session, name, text)
    if not isinstance(expression, (exp.Create, exp.Drop)) or expression.args.get("kind") not in RELATIONS:
        return None
    names = [Name(*full_name(table, session)) for table in changed(expression)]
    if isinstance(expression, exp.Drop):
        return lambda: _each(names, session, lambda name: _forget(session, name))
    create = _Definition.of(expression)
    return lambda: _each(names, session, lambda name: _remember(create, session, name))


def _each(names: list[Name], session: Session, work: Callable[[Name], None]) -> None:
    for name in names:
        if (name.database, name.schema, name.name) not in session.connection.temporary:
            work(name)


@dataclass(frozen=True, slots=True)
class _Definition:
    """What the catalogue wants to know of a CREATE."""

    kind: str
    replaces: bool
    keeps_grants: bool
    comment: str
    details: dict[str, Any]

    @classmethod
    def of(cls, create: exp.Create) -> _Definition:
        properties = (
            {type(one): one for one in create.args["properties"].expressions} if create.args.get("properties") else {}
        )
        comment = properties.get(exp.SchemaCommentProperty)
        details: dict[str, Any]
        if create.args["kind"] == "VIEW":
            details = {"text": create.sql(dialect="snowflake"), "secure": exp.SecureProperty in properties}
        else:
            details = {"transient": exp.TransientProperty in properties}
        return cls(
            create.args["kind"],
            bool(create.args.get("replace")),
            exp.CopyGrantsProperty in properties,
            comment.name if comment else "",
            details,
        )


def _forget(session: Session, name: Name) -> None:
    with session.server.catalogue.transaction():
        for kind in RELATIONS:
            session.server.catalogue.drop(Object(kind, name.name, name.database, name.schema))


def _remember(create: _Definition, session: Session, name: Name) -> None:
    catalogue = session.server.catalogue
    with catalogue.transaction():
        if catalogue.get(create.kind, name) and not create.replaces:  # IF NOT EXISTS
            return
        if not create.keeps_grants:
            _forget(session, name)
        catalogue.put(
            Object(
                create.kind,
                name.name,
                name.database,
                name.schema,
                owner=session.role,
                comment=create.comment,
                definition=create.details,
            )
        )


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
