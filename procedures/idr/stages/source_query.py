"""The statement that reads the sources: a syntax tree of checked expressions, normalised after one union over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlglot import exp

from idr.config.expression import parse, table_name
from idr.model import Config, Exclusion, Identifier, Source, config_from_json
from idr.normalize import Step, fill, folds_case, normalized, present, steps
from idr.stages.match_keys import number_of
from idr.warehouse import TypeFamily, Warehouse


@dataclass(frozen=True)
class Reading:
    """How one source is read in this run: `since` is None when every row is read."""

    source: Source
    since: datetime | None

    @property
    def is_complete(self) -> bool:
        return self.since is None


def _as_text(value: exp.Expr, family: TypeFamily) -> exp.Expr:
    if family == "text":
        return value
    if family == "date":
        return exp.func("TO_CHAR", value, exp.Literal.string("YYYY-MM-DD"), dialect="snowflake")
    if family in ("timestamp", "timestamp_tz"):
        clock = _as_clock(value, family)
        text = exp.func("TO_CHAR", clock, exp.Literal.string("YYYY-MM-DD HH24:MI:SS.FF6"), dialect="snowflake")
        zeros, nothing = exp.Literal.string("[.]?0+$"), exp.Literal.string("")
        return exp.func("REGEXP_REPLACE", text, zeros, nothing, dialect="snowflake")
    return _float_as_text(value) if family == "float" else exp.cast(value, "varchar")


def _float_as_text(value: exp.Expr) -> exp.Expr:
    """A whole number without a point, as far as a decimal holds it; NULL for NaN, which is no value."""
    nan = exp.cast(exp.Literal.string("NaN"), "double")
    whole = exp.cast(exp.cast(value.copy(), "decimal(38, 0)"), "varchar")
    is_whole = exp.EQ(this=exp.func("FLOOR", value.copy()), expression=value.copy())
    fits = exp.LT(this=exp.func("ABS", value.copy()), expression=exp.Literal.number("1e38"))
    return (
        exp.Case()
        .when(exp.EQ(this=value.copy(), expression=nan), exp.null())
        .when(exp.and_(is_whole, fits), whole)
        .else_(exp.cast(value, "varchar"))
    )


def _as_clock(value: exp.Expr, family: TypeFamily) -> exp.Expr:
    if family == "timestamp_tz":
        value = exp.func("CONVERT_TIMEZONE", exp.Literal.string("UTC"), value, dialect="snowflake")
    return exp.cast(value, exp.DataType.build("timestamp_ntz", dialect="snowflake"))


@dataclass(frozen=True)
class Described:
    """A source as this run meets it: how its table is read, the type of each expression, whether from a mark on."""

    source_id: str
    relation: str
    families: tuple[tuple[str, TypeFamily], ...]
    has_mark: bool

    def family(self, text: str) -> TypeFamily:
        return dict(self.families)[text]


def described(wh: Warehouse, reading: Reading, types: Mapping[str, TypeFamily]) -> Described:
    relation = wh.relation(table_name(reading.source.table))
    return Described(reading.source.source_id, relation, tuple(types.items()), has_mark=not reading.is_complete)


def records_query(config: Config, readings: list[Reading], described: list[Described]) -> tuple[str, dict[str, Any]]:
    """SQL and binds for rows of entity_id, entity_key, source_id, record_ts, is_deleted, i_<identifier>, a_<name>."""
    sql, binds = _compiled(config.to_json(), tuple(described))
    marks = {_mark(item.source.source_id): item.since for item in readings if item.since is not None}
    return sql, {**binds, **marks}


def key_query(config: Config, described: Described) -> tuple[str, dict[str, Any]]:
    """SQL and binds that give the entity_key of every row of a source."""
    builder = _Builder(config)
    source = config.sources[described.source_id]
    query = exp.select(builder.entity_key(source, described)).from_(described.relation)
    return query.sql(dialect="snowflake"), builder.binds


@lru_cache(maxsize=64)
def _compiled(config_json: str, described: tuple[Described, ...]) -> tuple[str, Mapping[str, Any]]:
    builder = _Builder(config_from_json(config_json))
    return builder.query(described).sql(dialect="snowflake", copy=False), builder.binds


def _mark(source_id: str) -> str:
    return f"since_{source_id}"


def _key(source: Source, described: Described) -> exp.Expr:
    return _as_text(parse(source.key), described.family(source.key))


def excluded(value: exp.Expr, identifier: Identifier, exclusion: Exclusion, pattern: exp.Placeholder) -> exp.Expr:
    """SQL that is true when the normalised `value` is excluded by `exclusion`, whose pattern is bound as `pattern`."""
    if exclusion.kind == "exact":
        return exp.EQ(this=value.copy(), expression=normalized(identifier, exp.cast(pattern, "varchar")))
    folds = folds_case(identifier.normalize)
    if exclusion.kind == "like":
        return (exp.ILike if folds else exp.Like)(this=value.copy(), expression=pattern)
    args = [value.copy(), pattern, *([exp.Literal.string("i")] if folds else [])]
    return exp.func("REGEXP_LIKE", *args, dialect="snowflake")


def step_columns(name: str, step: Step) -> list[exp.Expr]:
    """The columns of a normaliser's step, for the identifier `name`: r_<name>, and u_<name> for a usual form."""
    own: dict[str, exp.Expr] = {"value": exp.column(f"r_{name}"), "usual": exp.column(f"u_{name}")}
    return [exp.alias_(fill(expression, own), own[column].name, copy=False) for column, expression in step.items()]


class _Builder:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.binds: dict[str, Any] = {}
        self.used = sorted(config.identifiers)

    def bind(self, value: str) -> exp.Placeholder:
        name = f"x{len(self.binds)}"
        self.binds[name] = value
        return exp.Placeholder(this=name)

    def entity_key(self, source: Source, described: Described) -> exp.Expr:
        prefix = exp.cast(self.bind(f"{source.source_id}:"), "varchar")
        return exp.DPipe(this=prefix, expression=exp.func("NULLIF", _key(source, described), exp.Literal.string("")))

    def _inner(self, described: Described) -> exp.Select:
        source = self.config.sources[described.source_id]
        clock: exp.Expr = exp.cast(exp.null(), exp.DataType.build("timestamp_ntz", dialect="snowflake"))
        if source.watermark:
            clock = _as_clock(parse(source.watermark), described.family(source.watermark))
        deleted: exp.Expr = exp.false()
        if source.deleted_when:
            deleted = exp.func("COALESCE", exp.Paren(this=parse(source.deleted_when)), exp.false())
        columns = [
            exp.alias_(self.entity_key(source, described), "entity_key"),
            exp.alias_(exp.cast(self.bind(source.source_id), "varchar"), "source_id"),
            exp.alias_(clock, "record_ts"),
            exp.alias_(deleted, "is_deleted"),
        ]
        for prefix_name, names, mapping in (
            ("r_", self.used, source.identifiers),
            ("a_", self.config.attributes, source.attributes),
        ):
            for name in names:
                text = mapping.get(name)
                value = exp.cast(exp.null(), "varchar")
                if text is not None:
                    value = _as_text(parse(text), described.family(text))
                    if prefix_name == "a_" and described.family(text) == "text":
                        value = present(value)
                columns.append(exp.alias_(value, f"{prefix_name}{name}"))
        query = exp.select(*columns, copy=False)
        if not described.has_mark:
            return query.from_(described.relation, copy=False)
        return query.from_(self._since(source, described, clock).subquery("source_new"), copy=False)

    def _since(self, source: Source, described: Described, clock: exp.Expr) -> exp.Query:
        """Rows at or after the mark; and every row of a key that has a row without a clock value.

        Two branches: with OR in one condition an engine can leave no part of the table unread.
        """
        undated = exp.Is(this=clock.copy(), expression=exp.null())
        mark = exp.cast(
            exp.Placeholder(this=_mark(source.source_id)), exp.DataType.build("timestamp_ntz", dialect="snowflake")
        )
        rows = exp.select("*").from_(described.relation)
        keys = exp.select(_key(source, described)).from_(described.relation).where(undated)
        older = exp.or_(exp.LT(this=clock.copy(), expression=mark.copy()), undated.copy())
        again = exp.In(this=_key(source, described), query=keys.subquery())
        return exp.union(
            rows.where(exp.GTE(this=clock.copy(), expression=mark)), rows.where(older, again), distinct=False
        )

    def _normalized(self, query: exp.Query) -> exp.Query:
        """Each identifier taken through its normaliser's steps, one layer of select per step."""
        todo = {name: steps(self.config.identifiers[name]) for name in self.used}
        for step in range(max(map(len, todo.values()), default=0)):
            values = (
                value
                for name in self.used
                for value in (
                    step_columns(name, todo[name][step]) if step < len(todo[name]) else [exp.column(f"r_{name}")]
                )
            )
            query = self._over(query, values)
        return query

    def _over(self, query: exp.Query, values: Iterable[exp.Expr]) -> exp.Select:
        return exp.select(
            "entity_key",
            "source_id",
            "record_ts",
            "is_deleted",
            *values,
            *(f"a_{name}" for name in self.config.attributes),
        ).from_(query.subquery("source_row", copy=False), copy=False)

    def kept(self, name: str) -> exp.Expr:
        """The normalised identifier, NULL where the exclusion list names it."""
        value: exp.Expr = exp.column(f"r_{name}")
        identifier = self.config.identifiers[name]
        if identifier.exclude:
            tests = [excluded(value, identifier, item, self.bind(item.pattern)) for item in identifier.exclude]
            value = exp.Case().when(exp.or_(*tests), exp.null()).else_(value)
        return exp.alias_(value, f"i_{name}")

    def query(self, described: tuple[Described, ...]) -> exp.Select:
        """The rows of all sources under one another; normalised after that, so that the text grows little by source."""
        union: exp.Query = self._inner(described[0])
        for item in described[1:]:
            union = exp.union(union, self._inner(item), distinct=False, copy=False)
        return exp.select(
            f"{number_of('entity_key')} as entity_id",
            "entity_key",
            "source_id",
            "record_ts",
            "is_deleted",
            *(self.kept(name) for name in self.used),
            *(f"a_{name}" for name in self.config.attributes),
            dialect="snowflake",
        ).from_(self._normalized(union).subquery("row_read", copy=False), copy=False)
