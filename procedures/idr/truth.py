"""Read a file or a table that says which records truly belong together."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlglot import exp

from idr.config.expression import table_name
from idr.errors import IdrError
from idr.warehouse import Warehouse

_FIX = "The first two columns must be entity_key (<source id>:<raw key>) and cluster; a CSV needs a header row"


def read_truth(path: str | Path) -> dict[str, str]:
    """Map entity key -> true cluster from the first two columns of a CSV or Parquet file."""
    file = Path(path)
    if not file.is_file():
        raise _unusable(file, "there is no such file")
    return _truth(file, _parquet_rows(file) if file.suffix.lower() in (".parquet", ".pq") else _csv_rows(file))


def read_truth_table(wh: Warehouse, table: str) -> dict[str, str]:
    """Map entity key -> true cluster from the first two columns of a table or view."""
    columns = wh.table_columns(table_name(table))
    if columns is None:
        raise _unusable(table, "there is no such table, or it may not be read")
    if len(columns) < 2:
        raise _unusable(table, "it has fewer than two columns")
    key, cluster = (exp.to_identifier(column.name, quoted=True).sql(dialect="snowflake") for column in columns[:2])
    found = wh.query(
        f"select cast({key} as varchar) as entity_key, cast({cluster} as varchar) as true_cluster"
        f" from {wh.relation(table_name(table))} order by 1, 2"
    )
    rows = ((number, row["entity_key"], row["true_cluster"]) for number, row in enumerate(found, start=1))
    return _truth(table, rows)


def _truth(place: Path | str, rows: Iterable[tuple[int, str | None, str | None]]) -> dict[str, str]:
    truth: dict[str, str] = {}
    for number, key, cluster in rows:
        if not key or not cluster:
            raise _unusable(place, f"row {number} has no entity_key or no cluster")
        if truth.setdefault(key, cluster) != cluster:
            raise _unusable(place, f"row {number} puts {key} into a second cluster")
    if not truth:
        raise _unusable(place, "it has no rows")
    return truth


def _csv_rows(file: Path) -> list[tuple[int, str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            _check_header(file, next(reader, []))
            return [(reader.line_num, *_pair(file, reader.line_num, row)) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable(file, f"it cannot be read as CSV ({error})") from error


def _parquet_rows(file: Path) -> list[tuple[int, str, str]]:
    import duckdb

    try:
        with duckdb.connect() as connection:
            relation = connection.from_parquet(str(file))
            _check_header(file, relation.columns)
            rows = relation.fetchall()
    except duckdb.Error as error:
        raise _unusable(file, f"it cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    return [(number, *_pair(file, number, row)) for number, row in enumerate(rows, start=1)]


def _check_header(file: Path, header: Iterable[str]) -> None:
    names = list(header)
    if len(names) < 2:
        raise _unusable(file, "it has fewer than two columns")
    if ":" in names[0]:
        raise _unusable(file, "its first row looks like data, not like a header")


def _pair(file: Path, number: int, row: list[str] | tuple[Any, ...]) -> tuple[str, str]:
    if len(row) < 2:
        raise _unusable(file, f"row {number} has fewer than two columns")
    key, cluster = ("" if value is None else str(value) for value in row[:2])
    return key, cluster


def _unusable(place: Path | str, message: str) -> IdrError:
    return IdrError.of("IDR-408", message, where=str(place), fix=_FIX)
