"""A parsed statement on its way to DuckDB: planned when it runs first, and the same from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from sqlglot import Expr, exp

from emulator.engine.cursor import Cursor, Planned
from emulator.result import ArrowResult

if TYPE_CHECKING:
    from emulator.engine.binds import Parameters
    from emulator.session import Session

_WRITES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable, exp.Copy)
_NEVER_THE_SAME = (exp.Rand, exp.Randn, exp.Uuid)


def is_write(expression: Expr) -> bool:
    """Whether the statement changes rows."""
    return isinstance(expression, _WRITES)


class Prepared:
    """Consumes the expression; `rows` are the binds of each time that it runs, `[None]` without any."""

    def __init__(self, session: Session, cursor: Cursor, expression: Expr, rows: Sequence[Parameters | None]) -> None:
        self.session = session
        self.is_write = is_write(expression)
        self.is_repeatable = not (self.is_write and expression.find(*_NEVER_THE_SAME))
        self._cursor, self._expression, self._rows = cursor, expression, rows
        self._adds_one_row = _adds_one_row(expression)
        self._planned: list[Planned] | None = None

    def plan(self) -> list[Planned]:
        if self._planned is None:
            self._planned = self._cursor.plan(self._expression, self._rows[0], self.session)
        return self._planned

    @property
    def is_several(self) -> bool:
        """Whether DuckDB gets more than one statement of it."""
        return len(self._rows) > 1 or len(self.plan()) > 1

    def remember(self) -> None:
        """After its transaction: see `Cursor.remember`."""
        self._cursor.remember()

    def run(self, connection: duckdb.DuckDBPyConnection) -> ArrowResult:
        statements, affected = self.plan(), 0
        result = ArrowResult([], arrow=pa.table({}))
        for number, params in enumerate(self._rows):
            # an INSERT of plain values adds one row each: DuckDB takes all but the first at once
            if number == 1 and self._adds_one_row:
                connection.executemany(statements[0].text, list(self._rows[1:]))
                affected = len(self._rows)
                break
            self._cursor.run(statements, params)
            if number == 0:
                result = self._cursor.result()
            affected += self._cursor.rowcount or 0
        if len(self._rows) > 1:
            result.rows = [(affected, *[0] * (len(result.columns) - 1))]
        return result


def _adds_one_row(expression: Expr) -> bool:
    if not isinstance(expression, exp.Insert) or expression.args.get("overwrite"):
        return False
    values = expression.expression
    return isinstance(values, exp.Values) and len(values.expressions) == 1
