"""Table locks: writers of one table queue, as they do in Snowflake. DuckDB alone would fail the second one."""

from __future__ import annotations

import threading
import time

from emulator.errors import SqlError

Table = tuple[str, str, str]


class TableLocks:
    """Who holds which table until the end of its transaction. Owners are any hashable objects."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._changed = threading.Condition()
        self._holders: dict[Table, object] = {}
        self._waiting: dict[object, Table] = {}

    def acquire(self, owner: object, table: Table) -> None:
        """Wait for the table. Raises 000625 on a deadlock (this owner is the victim) or when the wait is too long."""
        deadline = time.monotonic() + self._timeout
        with self._changed:
            while self._holders.get(table, owner) is not owner:
                if self._would_deadlock(owner, table):
                    raise _locked(table, "which waits for a table that this transaction holds: a deadlock")
                self._waiting[owner] = table
                try:
                    if not self._changed.wait(deadline - time.monotonic()):
                        raise _locked(table, f"for more than {self._timeout:g} seconds")
                finally:
                    self._waiting.pop(owner, None)
            self._holders[table] = owner

    def _would_deadlock(self, owner: object, table: Table) -> bool:
        holder = self._holders.get(table)
        while holder is not None and holder is not owner:
            wanted = self._waiting.get(holder)
            holder = self._holders.get(wanted) if wanted else None
        return holder is owner

    def release(self, owner: object) -> None:
        with self._changed:
            for table in [table for table, holder in self._holders.items() if holder is owner]:
                del self._holders[table]
            self._changed.notify_all()


def _locked(table: Table, why: str) -> SqlError:
    return SqlError(
        f"Statement aborted: table '{'.'.join(table)}' is locked by another transaction {why}.", "000625", "57014"
    )
