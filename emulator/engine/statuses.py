"""What a definition answers that has nothing to do: IF EXISTS without the object, IF NOT EXISTS with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import Expr, exp

from emulator.engine.access import RELATIONS
from emulator.engine.rewrite import full_name
from emulator.names import Name
from emulator.result import DDL, ArrowResult, Column

if TYPE_CHECKING:
    from emulator.session import Session


def nothing_to_do(expression: Expr, session: Session) -> ArrowResult | None:
    """The answer, or None when the definition has to run."""
    if not expression.args.get("exists"):
        return None
    if isinstance(expression, exp.Drop) and expression.kind in RELATIONS:
        [table, *_] = expression.args["tables"]
        if not _is_there(table, session):
            return _status(f"Drop statement executed successfully ({_name(table)} already dropped).")
    elif isinstance(expression, exp.Create) and expression.kind in RELATIONS:
        table = expression.find(exp.Table)
        if table and _is_there(table, session):
            return _status(f"{_name(table)} already exists, statement succeeded.")
    elif isinstance(expression, exp.TruncateTable) and not _is_there(expression.expressions[0], session):
        return _status("Statement executed successfully.")
    return None


def _is_there(table: exp.Table, session: Session) -> bool:
    place = full_name(table, session)
    if place in session.connection.temporary:
        return session.connection.has_temporary(place[2])
    return session.server.databases.has_relation(Name(*place))


def _name(table: exp.Table) -> str:
    return table.name if isinstance(table.this, exp.Identifier) and table.this.quoted else table.name.upper()


def _status(message: str) -> ArrowResult:
    return ArrowResult([Column("status")], statement_type=DDL, arrow=pa.table({"status": [message]}))
