"""The changes of an open transaction, kept so that they can be made again.

An error when a statement runs ends DuckDB's whole transaction; Snowflake undoes that statement only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.engine.prepared import Prepared

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Change:
    statement: Prepared
    place: tuple[str | None, str | None]  # the database and schema where it ran
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
        if len(self._changes) == _MOST or not change.statement.is_repeatable:
            self.give_up()
        elif self._complete:
            self._changes.append(change)

    def give_up(self) -> None:
        self._complete = False
        self._changes.clear()

    def clear(self) -> None:
        self._complete = True
        self._changes.clear()
