"""Rewrites a DuckDB file: DuckDB reuses the blocks of deleted rows, but leaves their bytes until then."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from idr.errors import IdrError


def compact(path: Path) -> int:
    """Copy what the file holds into a new one that takes its place; return the bytes saved. The file must be closed.

    Raises IDR-503 when the copy fails; the file is then as it was.
    """
    before = path.stat().st_size
    fresh = path.with_name(f"{path.name}.compact")
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect() as connection:
            for name, file, options in (("old", path, " (read_only)"), ("fresh", fresh, "")):
                quoted = str(file).replace("'", "''")
                connection.execute(f"attach '{quoted}' as {name}{options}")
            connection.execute("copy from database old to fresh")
            connection.execute("checkpoint fresh")
    except duckdb.Error as error:
        fresh.unlink(missing_ok=True)
        raise IdrError.of(
            "IDR-503",
            f"the file could not be rewritten ({str(error).splitlines()[0]})",
            where=str(path),
            fix="The record is erased from every table. Free space on the disk and see docs/identity.md",
        ) from error
    shutil.copymode(path, fresh)
    fresh.replace(path)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    return before - path.stat().st_size
