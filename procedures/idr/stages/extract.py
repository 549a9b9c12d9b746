"""Reads the sources into one table of records, and finds what their rows say about keys, clocks and deletions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from idr import tombstone
from idr.errors import IdrError, Problem
from idr.model import Source
from idr.schema import state_columns
from idr.stages.context import RunContext
from idr.stages.source_query import Described, Reading, described, key_query, records_query
from idr.statement import insert_values, work_table
from idr.warehouse import Row


def since(source: Source, last: datetime | None) -> datetime | None:
    return None if last is None else last - timedelta(minutes=source.lookback_minutes)


def _described(ctx: RunContext, reading: Reading) -> Described:
    return described(ctx.wh, reading, ctx.types[reading.source.source_id])


def read(ctx: RunContext, readings: list[Reading]) -> str:
    """Build `idr_work.record_read`."""
    query, binds = records_query(ctx.config, readings, [_described(ctx, reading) for reading in readings])
    salt = tombstone.salt(ctx.wh)
    if salt is not None:
        query = f"select * from ({query}) as row_kept where {tombstone.KEEP}"
        binds["erasure_salt"] = salt
    ctx.execute(f"create or replace transient table {work_table('record_read')} as {query}", binds)
    return "record_read"


def facts(ctx: RunContext) -> list[Row]:
    """Per source that gave rows their number, the highest clock values, and the rows dated after the run's clock.

    IDR-201 when a row has no key.
    """
    rows = ctx.query(
        "select source_id, count(*) as n, sum(case when entity_key is null then 1 else 0 end) as keyless,"
        " max(record_ts) as high,"
        " max(case when record_ts <= cast(:run_ts as timestamp_ntz) then record_ts end) as past,"
        " sum(case when record_ts > cast(:run_ts as timestamp_ntz) then 1 else 0 end) as future"
        " from idr_work.record_read group by 1 order by 1"
    )
    missing = [row for row in rows if row["keyless"]]
    if missing:
        raise IdrError(
            *(
                Problem(
                    "IDR-201",
                    f"{row['keyless']} rows have a NULL or empty key ({ctx.config.sources[row['source_id']].key})",
                    where=f"source {row['source_id']}",
                    fix="Choose a key that is never NULL or empty, or leave those rows out with a view",
                )
                for row in missing
            )
        )
    return rows


def deduplicate(ctx: RunContext) -> list[str]:
    """Keep the latest row of each key in `idr_work.record`; return a warning per source that repeats keys."""
    repeated = ctx.query(
        "select source_id, count(*) as n, min(entity_key) as sample from"
        " (select source_id, entity_key from idr_work.record_read where entity_id in"
        " (select entity_id from idr_work.record_read group by entity_id having count(*) > 1) group by 1, 2) as r"
        " group by 1 order by 1"
    )
    if not repeated:
        ctx.table_names["record"] = "record_read"
        return []
    columns = ", ".join(state_columns(ctx.config))
    ctx.execute(
        f"create or replace transient table {work_table('record_single')} as"
        f" select entity_id, entity_key, source_id, record_ts, is_deleted, {columns} from {work_table('record_read')}"
        " qualify row_number() over (partition by entity_key order by record_ts desc nulls last, is_deleted,"
        f" {', '.join(f'{name} nulls last' for name in state_columns(ctx.config))}) = 1"
    )
    ctx.table_names["record"] = "record_single"
    return [
        f"IDR-202 source {row['source_id']}: {row['n']} keys have several rows, the latest wins"
        f" (for example {row['sample']})"
        for row in repeated
    ]


def present_keys(ctx: RunContext, readings: list[Reading]) -> None:
    """Build `idr_work.source_now` and `present`: what the sources whose deletions we can see still hold."""
    ctx.execute(f"create or replace transient table {work_table('source_now')} (source_id varchar, is_watched boolean)")
    rows = [(item.source.source_id, item.is_complete or item.source.detect_deletes) for item in readings]
    ctx.execute(*insert_values(work_table("source_now"), ("source_id", "is_watched"), rows))
    ctx.run_file("stages/present")
    for reading in readings:
        if reading.source.detect_deletes and not reading.is_complete:
            query, binds = key_query(ctx.config, _described(ctx, reading))
            ctx.execute(f"insert into {work_table('present')} {query}", binds)


def high_marks(ctx: RunContext, rows: list[Row], last: Mapping[str, datetime]) -> tuple[dict[str, datetime], list[str]]:
    """The highest clock value per source in `facts`, not beyond the run's clock where capped; and warnings."""
    marks = dict(last)
    warnings: list[str] = []
    for row in rows:
        source = ctx.config.sources[row["source_id"]]
        high = row["past"] if source.cap_watermark else row["high"]
        if row["future"] and source.cap_watermark:
            warnings.append(
                f"IDR-203 source {source.source_id}: {row['future']} rows are dated after the run's clock;"
                " they were used, the watermark stays before them"
            )
        if high is not None:
            marks[source.source_id] = max(high, marks.get(source.source_id, high))
    return marks, warnings
