"""The operations of the application over people that are cut off: what each is about, and what it promises then.

A point of a test prepares one, calls it, lets somebody die, and asks in this order: `broken`, what readers see
(one of `allowed`), the next run (which publishes `wanted`), and `again`.
"""

from __future__ import annotations

import random
from typing import Any

from tests.reliability.people_app import PEOPLE, Identities, MortalApplication

RUN, DRY_RUN = "idr_run('INCR')", "idr_run('INCR', 30, true)"


class Operation:
    """One that is prepared, cut off and judged again and again."""

    concerns_runs = True  # whether the next run could tell that it was cut off
    cuts_runs = True  # whether what it leaves when it is cut off is for the next run to mend

    def __init__(self, application: MortalApplication, name: str) -> None:
        self.application, self.name, self.rng = application, name, random.Random(name)
        self.before: Identities = set()
        self.after: Identities = set()

    def prepare(self) -> str:
        """Something for it to do; the CALL."""
        raise NotImplementedError

    @property
    def allowed(self) -> list[Identities]:
        """What readers may see when it was cut off; the last is what they see when it was not."""
        return [self.before, self.after]

    def broken(self, tables: Any) -> list[str]:
        """What of its own promise does not hold after it was cut off."""
        return []

    def wanted(self) -> Identities:
        """What the next run publishes."""
        return self.application.expected()

    def again(self) -> list[str]:
        """What is wrong when it is called once more, after the next run."""
        return []

    def close(self) -> None:
        """Leave the application to the next one as it was."""

    def somebody_moves(self) -> None:
        self.application.change(self.rng.randrange(PEOPLE))
        self.before, self.after = self.application.published(), self.application.expected()

    def code(self, call: str) -> str | None:
        """The code of the failure that a CALL answers."""
        return (self.application.call(call).get("error") or {}).get("code")


class Run(Operation):
    def prepare(self) -> str:
        self.somebody_moves()
        return f"idr_run('{self.name}')"


class DryRun(Operation):
    def prepare(self) -> str:
        self.somebody_moves()
        self.after = self.before
        return DRY_RUN


class Approve(Operation):
    def prepare(self) -> str:
        self.somebody_moves()
        self._plan = self.application.call(DRY_RUN)["run_id"]
        return f"idr_approve('{self._plan}')"

    def broken(self, tables: Any) -> list[str]:
        status = tables.execute("select status from idr_out.plan where run_id = ?", [self._plan]).fetchall()
        wanted = "PUBLISHED" if self.application.published() == self.after else "READY"
        return [] if status == [(wanted,)] else [f"the plan is {status}, not {wanted}"]


class Cleanup(Operation):
    """What has expired goes as a whole; the next run would clean up as well."""

    _EXPIRED = """
        select count(*), count(*) filter (where n > 0) from (
            select count(*) as n from idr_out.plan where created_at < '2001-01-01'
            union all select count(*) from idr_out.dry_run_summary where created_at < '2001-01-01'
            union all select count(*) from idr_out.stage_metrics where recorded_at < '2001-01-01'
            union all select count(*) from idr_out.metrics_export where recorded_at < '2001-01-01'
            union all select count(*) from idr_out.dry_run_results
            where run_id in (select run_id from idr_out.run_history where started_at < '2001-01-01')
        )
    """

    def prepare(self) -> str:
        self.somebody_moves()
        self.after = self.before
        self.application.call(DRY_RUN)
        with self.application.local.fate(rows_expire=0):
            self.application.call("idr_status()")
        return "idr_cleanup()"

    def broken(self, tables: Any) -> list[str]:
        kinds, left = tables.execute(self._EXPIRED).fetchone()
        return [] if left in (0, kinds) else [f"{left} of {kinds} kinds of expired rows are left"]

    def again(self) -> list[str]:
        with self.application.tables() as tables:
            found = [] if tables.execute(self._EXPIRED).fetchone()[1] == 0 else ["the next run left expired rows"]
        told = self.application.call("idr_cleanup()")["status"]
        return found + ([] if told == "DONE" else [f"called again it says {told}"])
