"""Reads the sources into one table of records: keys, clock values, normalised identifiers, attributes.

The statement is put together as a syntax tree from checked expressions, one branch per source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlglot import exp

from idr import tombstone
from idr.config.expression import parse, table_name
from idr.errors import IdrError, Problem
from idr.model import Config, Exclusion, Identifier, Source
from idr.normalize import folds_case, normalized
from idr.schema import state_columns
from idr.stages.context import RunContext
from idr.statement import RUN_TOKEN
from idr.warehouse import TypeFamily, Warehouse


@dataclass(frozen=True)
class Reading:
    """How one source is read in this run: `since` is None when every row is read."""

    source: Source
    since: datetime | None

    @property
    def is_complete(self) -> bool:
        return self.since is None


def work_table(name: str) -> str:
    return f"idr_work.{name}{RUN_TOKEN}"


def _as_text(value: exp.Expr, family: TypeFamily) -> exp.Expr:
    if family == "text":
        return value
    if family == "date":
        return exp.func("TO_CHAR", value, exp.Literal.string("YYYY-MM-DD"), dialect="snowflake")
    if family == "float":
        whole = exp.cast(exp.cast(value.copy(), "decimal(38, 0)"), "varchar")
        is_whole = exp.EQ(this=exp.func("FLOOR", value.copy()), expression=value.copy())
        return exp.Case().when(is_whole, whole).else_(exp.cast(value, "varchar"))
    return exp.cast(value, "varchar")


def _as_clock(value: exp.Expr, family: TypeFamily) -> exp.Expr:
    if family == "timestamp_tz":
        value = exp.func("CONVERT_TIMEZONE", exp.Literal.string("UTC"), value, dialect="snowflake")
    return exp.cast(value, exp.DataType.build("timestamp_ntz", dialect="snowflake"))


def families(wh: Warehouse, source: Source) -> dict[str, TypeFamily]:
    """Type family of every distinct expression of a source."""
    texts = list(
        dict.fromkeys(
            text
            for text in (source.key, source.watermark, *source.identifiers.values(), *source.attributes.values())
            if text
        )
    )
    query = exp.select(*(exp.alias_(parse(text), f"c{i}") for i, text in enumerate(texts))).from_(
        table_name(source.table)
    )
    columns = wh.describe(query.sql(dialect="snowflake"))
    return {text: column.family for text, column in zip(texts, columns, strict=True)}


def excluded(value: exp.Expr, identifier: Identifier, exclusion: Exclusion, bind: str) -> exp.Expr:
    """SQL that is true when the normalised `value` is excluded by `exclusion`, whose pattern is bound as `bind`."""
    pattern = exp.Placeholder(this=bind)
    if exclusion.kind == "exact":
        return exp.EQ(this=value.copy(), expression=normalized(identifier, exp.cast(pattern, "varchar")))
    folds = folds_case(identifier.normalize)
    if exclusion.kind == "like":
        return (exp.ILike if folds else exp.Like)(this=value.copy(), expression=pattern)
    args = [value.copy(), pattern, *([exp.Literal.string("i")] if folds else [])]
    return exp.func("REGEXP_LIKE", *args, dialect="snowflake")


class _Builder:
    def __init__(self, config: Config, wh: Warehouse) -> None:
        self.config = config
        self.wh = wh
        self.binds: dict[str, Any] = {}
        self.used = sorted(config.identifiers)

    def bind(self, value: Any) -> str:
        name = f"x{len(self.binds)}"
        self.binds[name] = value
        return name

    def _inner(self, reading: Reading) -> exp.Select:
        source = reading.source
        family = families(self.wh, source)
        prefix = exp.cast(exp.Placeholder(this=self.bind(f"{source.source_id}:")), "varchar")
        key = _as_text(parse(source.key), family[source.key])
        clock: exp.Expr = exp.cast(exp.null(), exp.DataType.build("timestamp_ntz", dialect="snowflake"))
        if source.watermark:
            clock = _as_clock(parse(source.watermark), family[source.watermark])
        deleted: exp.Expr = exp.false()
        if source.deleted_when:
            deleted = exp.func("COALESCE", exp.Paren(this=parse(source.deleted_when)), exp.false())
        columns = [
            exp.alias_(exp.DPipe(this=prefix, expression=key), "entity_key"),
            exp.alias_(exp.cast(exp.Placeholder(this=self.bind(source.source_id)), "varchar"), "source_id"),
            exp.alias_(clock, "record_ts"),
            exp.alias_(deleted, "is_deleted"),
        ]
        for prefix_name, names, mapping in (
            ("r_", self.used, source.identifiers),
            ("a_", self.config.attributes, source.attributes),
        ):
            for name in names:
                text = mapping.get(name)
                value = exp.cast(exp.null(), "varchar") if text is None else _as_text(parse(text), family[text])
                columns.append(exp.alias_(value, f"{prefix_name}{name}"))
        query = exp.select(*columns).from_(table_name(source.table))
        return query if reading.since is None else query.where(self._since(reading, clock, key))

    def _since(self, reading: Reading, clock: exp.Expr, key: exp.Expr) -> exp.Expr:
        """Rows at or after the mark; and every row of a key that has a row without a clock value."""
        undated = (
            exp.select(key.copy())
            .from_(table_name(reading.source.table))
            .where(exp.Is(this=clock.copy(), expression=exp.null()))
        )
        mark = exp.cast(
            exp.Placeholder(this=self.bind(reading.since)), exp.DataType.build("timestamp_ntz", dialect="snowflake")
        )
        return exp.or_(
            exp.GTE(this=clock.copy(), expression=mark),
            exp.In(this=key.copy(), query=undated.subquery()),
        )

    def branch(self, reading: Reading) -> exp.Select:
        return exp.select(
            "entity_key",
            "source_id",
            "record_ts",
            "is_deleted",
            *(
                exp.alias_(
                    normalized(self.config.identifiers[name], exp.column(f"r_{name}"))
                    if name in reading.source.identifiers
                    else exp.column(f"r_{name}"),
                    f"i_{name}",
                )
                for name in self.used
            ),
            *(f"a_{name}" for name in self.config.attributes),
        ).from_(self._inner(reading).subquery("source_row"))

    def kept(self, name: str) -> exp.Expr:
        """The normalised identifier, NULL where the exclusion list names it."""
        column = exp.column(f"i_{name}")
        identifier = self.config.identifiers[name]
        if not identifier.exclude:
            return column
        tests = [excluded(column, identifier, item, self.bind(item.pattern)) for item in identifier.exclude]
        return exp.alias_(exp.Case().when(exp.or_(*tests), exp.null()).else_(column), f"i_{name}")

    def query(self, readings: list[Reading]) -> exp.Select:
        union: exp.Query = self.branch(readings[0])
        for reading in readings[1:]:
            union = exp.union(union, self.branch(reading), distinct=False)
        return exp.select(
            "row_number() over (order by null) as entity_id",
            "entity_key",
            "source_id",
            "record_ts",
            "is_deleted",
            *(self.kept(name) for name in self.used),
            *(f"a_{name}" for name in self.config.attributes),
            dialect="snowflake",
        ).from_(union.subquery("row_read"))


def since(source: Source, last: datetime | None) -> datetime | None:
    return None if last is None else last - timedelta(minutes=source.lookback_minutes)


def read(ctx: RunContext, readings: list[Reading]) -> int:
    """Build `idr_work.record_read`; return the rows read. IDR-201 when a row has no key."""
    builder = _Builder(ctx.config, ctx.wh)
    tree = builder.query(readings)
    salt = tombstone.salt(ctx.wh)
    if salt is not None:
        tree = tree.where(tombstone.KEEP, dialect="snowflake")
        builder.binds["erasure_salt"] = salt
    query = tree.sql(dialect="snowflake")
    rows = ctx.execute(f"create or replace transient table {work_table('record_read')} as {query}", builder.binds)
    missing = ctx.query("select source_id, count(*) as n from idr_work.record_read where entity_key is null group by 1")
    if missing:
        raise IdrError(
            *(
                Problem(
                    "IDR-201",
                    f"{row['n']} rows have a NULL key ({ctx.config.sources[row['source_id']].key})",
                    where=f"source {row['source_id']}",
                    fix="Choose a key that is never NULL, or leave those rows out with a view",
                )
                for row in missing
            )
        )
    return rows


def deduplicate(ctx: RunContext) -> list[str]:
    """Keep the latest row of each key in `idr_work.record`; return a warning per source that repeats keys."""
    repeated = ctx.query(
        "select source_id, count(*) as n, min(entity_key) as sample from"
        " (select source_id, entity_key from idr_work.record_read group by 1, 2 having count(*) > 1) as r"
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
    """Build `idr_work.present` and `watched_source`: what the sources whose deletions we can see still hold."""
    ctx.execute(f"create or replace transient table {work_table('watched_source')} (source_id varchar)")
    ctx.execute(f"create or replace transient table {work_table('present')} (entity_key varchar)")
    ctx.execute(f"create or replace transient table {work_table('configured_source')} (source_id varchar)")
    for reading in readings:
        source = reading.source
        ctx.execute(
            f"insert into {work_table('configured_source')} values (:source_id)", {"source_id": source.source_id}
        )
        if not (reading.is_complete or source.detect_deletes):
            continue
        ctx.execute(f"insert into {work_table('watched_source')} values (:source_id)", {"source_id": source.source_id})
        key = _as_text(parse(source.key), families(ctx.wh, source)[source.key])
        select = exp.select(exp.DPipe(this=exp.cast(exp.Placeholder(this="prefix"), "varchar"), expression=key))
        query = select.from_(table_name(source.table)).sql(dialect="snowflake")
        ctx.execute(f"insert into {work_table('present')} {query}", {"prefix": f"{source.source_id}:"})


def high_marks(ctx: RunContext, last: Mapping[str, datetime]) -> tuple[dict[str, datetime], list[str]]:
    """The highest clock value read per source, not beyond the run's clock where capped; and warnings."""
    rows = ctx.query(
        "select source_id, max(record_ts) as high,"
        " max(case when record_ts <= cast(:run_ts as timestamp_ntz) then record_ts end) as past,"
        " sum(case when record_ts > cast(:run_ts as timestamp_ntz) then 1 else 0 end) as future"
        " from idr_work.record_read group by 1"
    )
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
