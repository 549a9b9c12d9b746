"""A run: claim the lease, plan, let the gate judge, publish. The only way in for the CLI and the procedures."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from idr import erase, journal, lock, publish, tombstone
from idr.config import inspect, store
from idr.errors import IdrError
from idr.explain import unknown
from idr.lock import Lease
from idr.model import Config, Settings
from idr.normalize import with_forms
from idr.published import base
from idr.stages import plan
from idr.stages.context import Progress, RunContext
from idr.stages.gate import Verdict
from idr.stages.match_keys import with_key_forms
from idr.stages.overrides import active_fingerprint
from idr.surprise import described
from idr.warehouse import Row, Warehouse

Clock = Callable[[], datetime]
Result = dict[str, Any]

_ENOUGH_ROUNDS = 1000
_FIRST_LEASE = timedelta(minutes=10)  # until the configuration is read, which says how long a lease lasts


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def run(
    wh: Warehouse,
    mode: str,
    max_iters: int = 30,
    dry_run: bool = False,
    *,
    progress: Progress | None = None,
    clock: Clock = utc_now,
) -> Result:
    """Plan a FULL or INCR run and, unless it is a dry run or the gate holds it, publish it.

    Returns the object of `idr_run`: run_id, status, gate, reasons, warnings, mode, counts, duration_seconds, message,
    error. A failure is status FAILED with its code and stage, published tables untouched; only an invalid argument
    raises (IDR-406).
    """
    wanted = str(mode).upper()
    if wanted not in ("FULL", "INCR"):
        raise IdrError.of("IDR-406", f'mode "{mode}" is neither FULL nor INCR', fix="Use FULL or INCR")
    if isinstance(max_iters, bool) or max_iters < 1:
        raise IdrError.of("IDR-406", f"max_iters is {max_iters}", fix="Use a whole number of at least 1, usually 30")

    def work(session: _Session) -> None:
        config = session.load()
        plans = [] if dry_run else session.recent_plans(config, wanted)
        ready = next((row for row in plans if session.is_current(config, row)), None)
        if ready:
            session.publish_existing(config, ready, f"published the plan of run {ready['run_id']}")
        else:
            note = session.why_not(config, plans[0]) if plans else ""
            session.compute(config, wanted, max_iters, dry_run=dry_run, note=note)

    return _Session(wh, wanted, progress, clock, dry_run=dry_run).go(work)


def approve(wh: Warehouse, run_id: str, *, progress: Progress | None = None, clock: Clock = utc_now) -> Result:
    """Publish the plan of a held run. IDR-402, IDR-403 or IDR-404 when there is nothing to publish."""
    found = journal.find_plan(wh, run_id)
    if found is None:
        raise IdrError.of("IDR-402", f'no plan of run "{run_id}"', fix="idr_out.run_history has the ids of held runs")
    if found["status"] == "PUBLISHED":
        raise IdrError.of("IDR-404", f"run {found['published_run_id']} already published it", where=f"plan {run_id}")

    def work(session: _Session) -> None:
        config = session.load()
        plan_row = journal.find_plan(wh, run_id)
        if plan_row is None or not session.is_current(config, plan_row):
            raise IdrError.of(
                "IDR-403",
                "the data was published anew, the configuration or an override changed, or IDR was upgraded since",
                where=f"plan {run_id}",
                fix="Run again; the new plan will be judged on what there is now",
            )
        session.publish_existing(config, plan_row, f"published the held plan of run {run_id}")

    return _Session(wh, found["run_mode"], progress, clock, dry_run=False).go(work)


def forget(wh: Warehouse, entity_key: str, *, progress: Progress | None = None, clock: Clock = utc_now) -> Result:
    """Erase a record: from every table of IDR's own, and from every run to come. The gate is not asked.

    Returns the object of `run` with mode FORGET, and the receipt: `rows` (deleted or rewritten, per table),
    `clusters_changed`, `clusters` (at most 50, with the id that each has now) and `notes`. IDR-412 when it was erased
    before, IDR-407 when no table of IDR's names it.
    """
    tombstone.refuse(wh, entity_key)
    if not erase.found(wh, entity_key):
        raise unknown(wh, entity_key, "no table of IDR's names this record")
    session = _Session(wh, "FORGET", progress, clock, dry_run=False)
    session.result |= {"rows": {}, "clusters_changed": 0, "clusters": [], "notes": []}
    return session.go(lambda at_work: at_work.erase(entity_key))


def cleanup(wh: Warehouse, *, clock: Clock = utc_now) -> Result:
    """Delete plans, dry-run rows and metrics older than `settings.retention_days`; SKIPPED while a run is at work."""
    now = clock()
    config = store.load_if_any(wh)
    settings = config.settings if config else Settings()
    lease = lock.claim(wh, f"cleanup_{uuid.uuid4().hex[:8]}", now, now + timedelta(minutes=settings.lease_minutes))
    if lease is None:
        return {"status": "SKIPPED", "message": "a run is at work; it cleans up when it ends"}
    try:
        journal.clean_up(wh, now - timedelta(days=settings.retention_days), lease.holder)
    finally:
        lock.release(wh, lease)
    return {"status": "DONE", "message": f"deleted what is older than {settings.retention_days} days"}


class _Session:
    """One run from claim to the last row in `run_history`."""

    lease: Lease  # held while `go` is at work

    def __init__(self, wh: Warehouse, mode: str, progress: Progress | None, clock: Clock, *, dry_run: bool) -> None:
        self.wh, self.progress, self.clock, self.dry_run = wh, progress, clock, dry_run
        self.now = clock()
        self.run_id = f"{self.now:%Y%m%dt%H%M%S}_{uuid.uuid4().hex[:8]}"
        self.ctx: RunContext | None = None
        self.plan_run_id: str | None = None
        self.is_recorded = False
        self.settings = Settings()
        self.types: dict[str, inspect.Types] = {}
        self.started = self.renewed = time.monotonic()
        self.result: Result = {
            "run_id": self.run_id,
            "status": "FAILED",
            "gate": None,
            "reasons": [],
            "warnings": [],
            "mode": mode,
            "counts": {},
            "duration_seconds": 0.0,
            "message": "",
            "error": None,
        }

    def go(self, work: Callable[[_Session], None]) -> Result:
        journal.start(self.wh, self.run_id, self.result["mode"], self.now, dry_run=self.dry_run)
        try:
            lease = lock.claim(self.wh, self.run_id, self.now, self.clock() + _FIRST_LEASE)
        except IdrError as error:
            self._failed(error.code, str(error))
            self._finish()
            return self.result
        if lease is None:
            message = "another run holds the lock; nothing was done"
            error = {"code": "IDR-401", "stage": "lock", "message": f"{message}. Run again when it has ended"}
            self.result.update(status="SKIPPED", message=message, error=error)
            self._finish()
            return self.result
        self.lease = lease
        try:
            journal.close_interrupted(self.wh, lease, self.run_id, self.now)
            work(self)
        except IdrError as error:
            if self._was_recorded():
                self.result["warnings"].append(f"the run ended as told, but then: {error}")
            else:
                error = self._cause(error)
                self._failed(error.code, "\n".join(str(problem) for problem in error.problems))
        except BaseException as error:
            if not self._was_recorded():
                code = "IDR-599" if isinstance(error, Exception) else "IDR-504"
                self._failed(code, described(error))
            raise
        finally:
            try:
                self._finish()
                self._clean_up()
            finally:
                with self._afterwards("its lock is left until it expires"):
                    lock.release(self.wh, lease)
        return self.result

    @contextmanager
    def _afterwards(self, otherwise: str) -> Iterator[None]:
        """What fails here changes nothing of the run's outcome."""
        try:
            yield
        except IdrError as error:
            self.result["warnings"].append(f"the run ended as told, but {otherwise}: {error}")

    def _cause(self, error: IdrError) -> IdrError:
        """The loss of the lease when it was lost: whoever took over has dropped this run's work tables."""
        try:
            lock.renew(self.wh, self.lease, self._lease_end())
        except IdrError as lost:
            return lost if lost.code == "IDR-405" else error
        return error

    def _clean_up(self) -> None:
        oldest = self.now - timedelta(days=self.settings.retention_days)
        with self._afterwards("its work tables are left to the next one"):
            journal.clean_up(self.wh, oldest, self.lease.holder)

    def _lease_end(self) -> datetime:
        return self.clock() + timedelta(minutes=self.settings.lease_minutes)

    def _heartbeat(self) -> None:
        """Renew the lease when a tenth of its time has passed; IDR-405 when it was lost."""
        if time.monotonic() - self.renewed > 6 * self.settings.lease_minutes:
            lock.renew(self.wh, self.lease, self._lease_end())
            self.renewed = time.monotonic()

    def _context(self, config: Config, version: int, *, is_full: bool) -> RunContext:
        self.ctx = RunContext(
            self.wh,
            config,
            self.run_id,
            self.now,
            version,
            is_full,
            self.progress,
            heartbeat=self._heartbeat,
            types=self.types,
        )
        return self.ctx

    def _failed(self, code: str, message: str) -> None:
        stage = self.ctx.stage if self.ctx else "check"
        self.result.update(
            status="FAILED",
            gate=None,
            message="the run failed; published tables are as they were",
            error={"code": code, "stage": stage, "message": message},
        )

    def _was_recorded(self) -> bool:
        """Whether the run's outcome is in the database: what failed came after COMMIT, or was COMMIT's reply."""
        if self.ctx and not self.is_recorded:
            self.is_recorded = journal.is_recorded(self.wh, self.run_id)
        return self.is_recorded

    def _record(self, version: int | None = None) -> None:
        """Write the outcome into `run_history`: within the transaction that makes it true, where there is one."""
        self.result["duration_seconds"] = round(time.monotonic() - self.started, 3)
        journal.finish(self.wh, self.result, self.clock(), self.plan_run_id, version)

    def _finish(self) -> None:
        if not self.is_recorded:
            self._record()
        if self.ctx:
            with self._afterwards("its metrics are missing"):
                journal.stage_metrics(self.ctx)
                journal.metrics(self.wh, self.result, self.now)

    def load(self) -> Config:
        config = store.load(self.wh)
        self.types = inspect.demand(self.wh, config)
        self.settings = config.settings
        lock.renew(self.wh, self.lease, self._lease_end())
        return with_key_forms(with_forms(config.typed(self.types)))

    def is_current(self, config: Config, row: Row) -> bool:
        return (
            row["status"] in ("READY", "HELD")
            and row["config_fingerprint"] == publish.fingerprint(config)
            and row["override_fingerprint"] == active_fingerprint(self.wh)
            and int(row["base_version"]) == base(self.wh)[0]
        )

    def why_not(self, config: Config, row: Row) -> str:
        """Why a run does not publish the plan that was made for it; nothing about plans for earlier runs."""
        if int(row["base_version"]) < base(self.wh)[0] - 1:
            return ""
        if row["config_fingerprint"] != publish.fingerprint(config):
            is_same = row["config_fingerprint"].startswith(config.fingerprint())
            why = "IDR was upgraded" if is_same else "the configuration or a column's type changed"
        elif row["override_fingerprint"] != active_fingerprint(self.wh):
            why = "a link, unlink or revoke came in"
        else:
            why = "the data was published anew"
        return f"; the plan of run {row['run_id']} was not used: {why} since"

    def recent_plans(self, config: Config, mode: str) -> list[Row]:
        """The plans that passed the gate, were not published and are young enough, the newest first."""
        oldest = self.now - timedelta(minutes=config.settings.plan_ttl_minutes)
        return self.wh.query(
            "select * from idr_out.plan where status in ('READY', 'STALE') and gate = 'PASS' and run_mode = :mode"
            " and created_at >= :oldest"
            " order by created_at desc, run_id desc",
            {"mode": mode, "oldest": oldest},
        )

    def compute(self, config: Config, mode: str, max_iters: int, *, dry_run: bool, note: str) -> None:
        base_version, previous = base(self.wh)
        changes = plan.must_be_full(previous, config)
        is_full = mode == "FULL" or bool(changes)
        ctx = self._context(config, base_version + 1, is_full=is_full)
        marks = self._marks()
        reads = plan.readings(config, previous, marks, full=is_full)
        made = plan.build(ctx, reads, {} if is_full else marks, max_iters)
        self._verdict(made.verdict, made.warnings)
        held = made.verdict.gate == "HOLD"
        if mode == "INCR" and changes:
            note = f"; computed in full: {', '.join(changes)}{note}"
        if held and not dry_run:
            self.result["status"] = "HELD"
            self.result["message"] = f"held by the gate; approving run {self.run_id} publishes this very plan{note}"
        elif dry_run:
            self.result["status"] = "DRY_RUN_COMPLETE"
            self.result["message"] = f"planned, nothing published{note}"
        else:
            self.result["message"] = f"published version {ctx.version}{note}"
        if dry_run or held:
            marks_json = publish.watermarks_to_json(made.watermarks)
            journal.stage_metrics(ctx)
            ctx.keep(publish.tables(ctx) | {"override_now"})
            with self.wh.transaction():
                if dry_run:
                    journal.dry_run_results(ctx, made.verdict.counts)
                fingerprint = publish.fingerprint(config)
                journal.save_plan(ctx, mode, made.verdict, made.warnings, marks_json, fingerprint)
                self._record()
            self.is_recorded = True
        else:
            self._publish(ctx, made.watermarks)

    def _publish(
        self, ctx: RunContext, watermarks: Mapping[str, datetime], also: Callable[[], None] = lambda: None
    ) -> None:
        """Publish the plan in `ctx` together with this run's outcome."""

        def record() -> None:
            also()
            self._record(ctx.version)

        publish.publish(ctx, self.lease, self._lease_end(), watermarks, self.plan_run_id or self.run_id, record)
        self.is_recorded = True

    def erase(self, entity_key: str) -> None:
        """Take a record out of what is published, under the configuration that it was published with."""
        tombstone.refuse(self.wh, entity_key)
        version, config = base(self.wh)
        ctx = self._context(config or store.load(self.wh), version + 1, is_full=False)
        self.settings = ctx.config.settings
        rows = erase.found(self.wh, entity_key)
        values = erase.values_of(ctx, entity_key) if config else []

        def purge() -> None:
            rows["texts"] = erase.purge(ctx, entity_key, values, resolved=config is not None)

        self.result |= {"rows": rows, "notes": erase.notes(ctx, values), "status": "SUCCESS"}
        self.result["message"] = "erased; no run will bring it back. Erase it in the source as well"
        if config is None:
            with self.wh.transaction():
                lock.renew(self.wh, self.lease, self._lease_end())
                purge()
                self._record()
            self.is_recorded = True
        else:
            self.result["counts"] = plan.build_forget(ctx, entity_key, _ENOUGH_ROUNDS)
            self._publish(ctx, self._marks(), purge)
            self.result |= erase.receipt(ctx)
        erase.purge_late(self.wh, entity_key)

    def _marks(self) -> dict[str, datetime]:
        """The published watermarks by source."""
        rows = self.wh.query("select source_id, last_watermark_value from idr_meta.run_state")
        return {
            row["source_id"]: row["last_watermark_value"] for row in rows if row["last_watermark_value"] is not None
        }

    def publish_existing(self, config: Config, row: Row, message: str) -> None:
        self.plan_run_id = row["run_id"]
        ctx = self._context(config, int(row["base_version"]) + 1, is_full=row["is_full"])
        ctx.planned_by = row["run_id"]
        ctx.table_names = json.loads(row["table_names"])
        verdict = Verdict(row["gate"], json.loads(row["reasons"]), json.loads(row["counts"]))
        self._verdict(verdict, json.loads(row["warnings"]))
        self.result["message"] = message
        self._publish(ctx, publish.watermarks_from_json(row["watermarks"]))

    def _verdict(self, verdict: Verdict, warnings: list[str]) -> None:
        self.result.update(
            status="SUCCESS_WITH_WARNINGS" if warnings else "SUCCESS",
            gate=verdict.gate,
            reasons=verdict.reasons,
            warnings=warnings,
            counts=verdict.counts,
        )
