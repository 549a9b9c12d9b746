"""Holds a configuration against a database: tables, columns and types, every problem at once."""

from __future__ import annotations

from collections.abc import Iterator

from idr.config.expression import columns as columns_of
from idr.config.expression import select, table_name
from idr.config.validate import suggestion
from idr.errors import IdrError, Problem
from idr.model import Config, Source
from idr.warehouse import Column, TypeFamily, Warehouse

Types = dict[str, TypeFamily]
"""The type of each expression of a source, by its text."""


def check(wh: Warehouse, config: Config) -> list[Problem]:
    """Problems that only the database can show: IDR-103, IDR-104, IDR-114; empty when a run can start."""
    return _examine(wh, config)[0]


def demand(wh: Warehouse, config: Config) -> dict[str, Types]:
    """The types of every source's expressions, by source. Raises every problem that `check` finds as one error."""
    problems, types = _examine(wh, config)
    if problems:
        raise IdrError(*problems)
    return types


def _examine(wh: Warehouse, config: Config) -> tuple[list[Problem], dict[str, Types]]:
    problems: list[Problem] = []
    types: dict[str, Types] = {}
    sources = list(config.sources.values())
    together = _types(wh, sources)
    for source in sources:
        found = (together or _types(wh, [source])).get(source.source_id, {})
        problems += _mistyped(wh, source, found) if found else _broken(wh, source)
        types[source.source_id] = {text: column.family for text, column in found.items()}
    return problems, types


def _broken(wh: Warehouse, source: Source) -> list[Problem]:
    """Why the expressions of a source cannot be computed all at once."""
    try:
        columns = wh.table_columns(source.table)
    except IdrError as error:
        return [_unreadable(source, error)]
    return _missing_table(wh, source) if columns is None else _columns(wh, source, columns)


def _unreadable(source: Source, error: IdrError) -> Problem:
    reason = error.problems[0].message
    fix = "Mend the view, or the file that it reads"
    return Problem("IDR-104", f"{source.table} cannot be read ({reason})", f"source {source.source_id}", fix)


def _missing_table(wh: Warehouse, source: Source) -> list[Problem]:
    advice = (suggestion(source.table, wh.list_tables()), wh.how_to_read(source.table))
    fix = ". ".join(filter(None, advice)) or "Check the name, and that the table exists and may be read"
    return [Problem("IDR-104", f"table {source.table} does not exist", where=f"source {source.source_id}", fix=fix)]


def _expressions(source: Source) -> Iterator[tuple[str, str]]:
    yield "key", source.key
    if source.watermark:
        yield "watermark", source.watermark
    if source.deleted_when:
        yield "deleted_when", source.deleted_when
    yield from ((f"identifier {name}", text) for name, text in source.identifiers.items())
    yield from ((f"attribute {name}", text) for name, text in source.attributes.items())


def _columns(wh: Warehouse, source: Source, columns: list[Column]) -> list[Problem]:
    known = [column.name for column in columns]
    folded = {name.lower() for name in known}
    problems: list[Problem] = []
    for what, text in _expressions(source):
        where = f"source {source.source_id}, {what}"
        missing = sorted({name for name, _ in columns_of(text) if name.lower() not in folded})
        problems += [
            Problem(
                "IDR-103",
                f'column "{name}" not found in {source.table}',
                where=where,
                fix=suggestion(name, known) or f"It has {', '.join(known[:12])}",
            )
            for name in missing
        ]
        if not missing:
            problems += _mistype(wh, source, what, text, {})
    return problems


def _mistyped(wh: Warehouse, source: Source, types: dict[str, Column]) -> list[Problem]:
    return [problem for what, text in _expressions(source) for problem in _mistype(wh, source, what, text, types)]


def _types(wh: Warehouse, sources: list[Source]) -> dict[str, dict[str, Column]]:
    """The columns that the sources' expressions make, in one question; empty when one of them cannot be computed."""
    texts = {source.source_id: tuple(dict.fromkeys(text for _, text in _expressions(source))) for source in sources}
    try:
        columns = iter(_described(wh, [(source, texts[source.source_id]) for source in sources]))
    except IdrError:
        return {}
    return {name: dict(zip(wanted, columns, strict=False)) for name, wanted in texts.items()}


def _described(wh: Warehouse, wanted: list[tuple[Source, tuple[str, ...]]]) -> list[Column]:
    """The columns that expressions of sources make, in order."""
    queries, first = [], 0
    for source, texts in wanted:
        queries.append(select(texts, wh.relation(table_name(source.table)), first))
        first += len(texts)
    return wh.describe("select * from " + " cross join ".join(f"({query}) as s{i}" for i, query in enumerate(queries)))


def _mistype(wh: Warehouse, source: Source, what: str, text: str, types: dict[str, Column]) -> list[Problem]:
    where = f"source {source.source_id}, {what}"
    try:
        column = types[text] if types else _described(wh, [(source, (text,))])[0]
    except IdrError as error:
        fix = "Mend the expression so that it fits the columns' types"
        return [Problem("IDR-114", f"{text} cannot be computed: {error.problems[0].message}", where=where, fix=fix)]
    if what == "watermark" and column.family not in ("date", "timestamp", "timestamp_tz"):
        point = f"cast({text} as timestamp_ntz)" if column.family == "text" else f"to_timestamp({text})"
        fix = f"Use a date or timestamp, for example {point}"
        return [Problem("IDR-114", f"{text} is {column.type_name}, not a point in time", where=where, fix=fix)]
    if what == "deleted_when" and column.family != "boolean":
        fix = f"Write a condition, for example {text} = 1"
        return [Problem("IDR-114", f"{text} is {column.type_name}, not true or false", where=where, fix=fix)]
    if column.family == "other":
        fix = "Pick a scalar part of it, or cast it to varchar"
        return [Problem("IDR-114", f"{text} is {column.type_name}, which has no single value", where=where, fix=fix)]
    return []
