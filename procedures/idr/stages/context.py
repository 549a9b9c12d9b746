"""What every stage of one run shares: the warehouse, the clock, and the names of the run's work tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from idr.model import Config
from idr.statement import RUN_TOKEN, statements, work_tokens
from idr.warehouse import Row, Warehouse

Progress = Callable[[str, int, float], None]


def _no_heartbeat() -> None: ...


@dataclass
class RunContext:
    """One run. `table_names` maps a logical work table to the one that holds it, without the run's suffix."""

    wh: Warehouse
    config: Config
    run_id: str
    now: datetime
    version: int
    is_full: bool
    progress: Progress | None = None
    table_names: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, int, float]] = field(default_factory=list)
    stage: str = "check"
    planned_by: str | None = None
    heartbeat: Callable[[], None] = _no_heartbeat

    @property
    def suffix(self) -> str:
        """The ending of the work tables: that of the run that made the plan."""
        return f"_{self.planned_by or self.run_id}"

    def rename(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        names = {**self.table_names, **(extra or {})}
        tokens = {f"{name}{RUN_TOKEN}": f"{actual}{self.suffix}" for name, actual in names.items()}
        return {
            **{f"idr_work.{token}": f"idr_work.{actual}" for token, actual in tokens.items()},
            RUN_TOKEN: self.suffix,
        }

    def binds(self, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {"run_id": self.run_id, "run_ts": self.now, "version": self.version, **(extra or {})}

    def execute(self, sql: str, binds: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None) -> int:
        """Run a statement whose work tables carry the run token; return the rows written."""
        return self.wh.execute(sql, self.binds(binds), self.rename(names))

    def query(self, sql: str, binds: Mapping[str, Any] | None = None) -> list[Row]:
        return self.wh.query(work_tokens(sql), self.binds(binds), self.rename())

    def run_file(
        self, path: str, binds: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None
    ) -> int:
        """Run the statements of one stage file; return the rows of the last."""
        rows = 0
        for statement in statements(path):
            rows = self.execute(statement, binds, names)
        return rows

    def timed(self, stage: str, step: Callable[[RunContext], int]) -> int:
        """Run one stage, note its rows and seconds, tell the listener."""
        self.stage = stage
        self.heartbeat()
        started = time.monotonic()
        rows = step(self)
        seconds = time.monotonic() - started
        self.metrics.append((stage, rows, seconds))
        if self.progress:
            self.progress(stage, rows, seconds)
        return rows
