"""What every stage of one run shares: the warehouse, the clock, and the names of the run's work tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from idr.model import Config
from idr.schema import PublishedColumns
from idr.statement import RUN_TOKEN, WORK_SCHEMA, statements, work_table, work_tokens
from idr.warehouse import Row, TypeFamily, Warehouse

NOTHING = "nothing"  # an entry of `table_names`: the plan changes nothing, and has no other table
Progress = Callable[[str, int, float], None]


def _no_heartbeat() -> None: ...


@dataclass
class RunContext:
    """One run.

    `table_names` maps a logical work table to the one that holds it, without the run's suffix. `types` has, per source,
    the type of each of its expressions. `metrics` has, per stage that ended, its rows (or the work table that holds
    them: they are counted when the metrics are written) and its seconds. `is_overruled` is false when no override is
    in force, none was when the last version was published, and nothing was cut then.
    """

    wh: Warehouse
    config: Config
    run_id: str
    now: datetime
    version: int
    is_full: bool
    progress: Progress | None = None
    table_names: dict[str, str] = field(default_factory=dict)
    types: Mapping[str, Mapping[str, TypeFamily]] = field(default_factory=dict)
    metrics: list[tuple[str, int | str, float]] = field(default_factory=list)
    is_overruled: bool = True
    stage: str = "check"
    planned_by: str | None = None
    is_kept: bool = False
    heartbeat: Callable[[], None] = _no_heartbeat
    published: PublishedColumns = field(init=False)

    def __post_init__(self) -> None:
        self.published = PublishedColumns(self.wh)

    @property
    def suffix(self) -> str:
        """The ending of the work tables: that of the run that made the plan."""
        return f"_{self.planned_by or self.run_id}"

    @property
    def work_schema(self) -> str:
        """Where the work tables are: with those of earlier sessions once the plan is to outlive this one."""
        return "idr_work" if self.is_kept or self.planned_by else self.wh.work_schema

    def keep(self, names: Iterable[str]) -> None:
        """Let those work tables outlive this session, and no other."""
        self.wh.keep(self.suffix, [f"{name}{self.suffix}" for name in sorted(names)])
        self.is_kept = True

    @property
    def is_nothing(self) -> bool:
        """Whether the plan changes nothing."""
        return NOTHING in self.table_names

    def rename(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        names = {**self.table_names, **(extra or {})}
        schema = self.work_schema
        return {
            **{work_table(name): f"{schema}.{actual}{self.suffix}" for name, actual in names.items()},
            WORK_SCHEMA: schema,
            RUN_TOKEN: self.suffix,
        }

    def binds(self, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {"run_id": self.run_id, "run_ts": self.now, "version": self.version, **(extra or {})}

    def execute(self, sql: str, binds: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None) -> int:
        """Run a statement whose work tables carry the run token; return the rows that DML wrote."""
        return self.wh.execute(sql, self.binds(binds), self.rename(names))

    def count(self, table: str) -> int:
        """The rows of a work table."""
        query = f"select count(*) as n from {work_table(table)}"
        return int(self.wh.query(query, self.binds(), self.rename())[0]["n"])

    def query(self, sql: str, binds: Mapping[str, Any] | None = None) -> list[Row]:
        return self.wh.query(work_tokens(sql), self.binds(binds), self.rename())

    def run_file(
        self, path: str, binds: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None
    ) -> None:
        """Run the statements of one stage file."""
        for statement in statements(path):
            self.execute(statement, binds, names)

    def timed(self, stage: str, step: Callable[[RunContext], int | str]) -> None:
        """Run one stage, note its rows and seconds, tell the listener.

        The step returns the number of rows, or the name of the work table that holds them.
        """
        self.stage = stage
        self.heartbeat()
        started = time.monotonic()
        rows = step(self)
        seconds = time.monotonic() - started
        self.metrics.append((stage, rows, seconds))
        if self.progress:
            self.progress(stage, self.count(rows) if isinstance(rows, str) else rows, seconds)

    def files(self, *paths: str, rows: str) -> Callable[[RunContext], str]:
        """A step that runs stage files and whose rows are those of a work table."""

        def step(ctx: RunContext) -> str:
            for path in paths:
                ctx.run_file(path)
            return rows

        return step
