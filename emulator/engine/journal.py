"""The changes of an open transaction, kept so that they can be made again.

An error when a statement runs ends DuckDB's whole transaction; Snowflake undoes that statement only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import Expr, exp

if TYPE_CHECKING:
    from emulator.engine.binds import Parameters
    from emulator.session import Session

_MOST = 1000
_NEVER_THE_SAME = (exp.Rand, exp.Randn, exp.Uuid)


@dataclass(frozen=True, slots=True)
class Change:
    session: Session
    place: tuple[str | None, str | None]  # the database and schema where it ran
    expression: Expr
    rows: Sequence[Parameters | None]
    answer: list[Sequence[Any]]


class Journal:
    """The changes in order, as long as making them again would give what the client has seen."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._complete = True

    @property
    def changes(self) -> list[Change] | None:
        """None when there were too many, one came from outside or one would not be the same again."""
        return list(self._changes) if self._complete else None

    def add(self, change: Change) -> None:
        if len(self._changes) == _MOST or change.expression.find(*_NEVER_THE_SAME):
            self.give_up()
        elif self._complete:
            self._changes.append(change)

    def give_up(self) -> None:
        self._complete = False
        self._changes.clear()

    def clear(self) -> None:
        self._complete = True
        self._changes.clear()
