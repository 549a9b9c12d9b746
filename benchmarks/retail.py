"""The retail base: five sources with their truth, IDR configured for them, and changes to them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.measure import Figures
from idr import run, schema
from idr.config import inspect, store, yaml_file
from idr.model import Config
from idr.normalize import with_forms
from idr.warehouse import TypeFamily, Warehouse
from idr.warehouse.duckdb import DuckDBWarehouse

HERE = Path(__file__).parent
CONFIG = HERE / "retail.yml"
SHAPES = ("retail", "shared", "crowded", "chained")


def statements(name: str) -> list[str]:
    """The statements of one of the SQL files beside this one, without comments."""
    lines = (HERE / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("--"))
    return [part.strip() for part in text.split(";\n") if part.strip()]


def generate(path: Path, rows: int, seed: int, shape: str = "retail") -> int:
    """Write the sources, about so many rows in all, and the truth to a new database file; return the rows."""
    with duckdb.connect(str(path)) as connection:
        return fill(connection, rows, seed, shape)


def fill(connection: duckdb.DuckDBPyConnection, rows: int, seed: int, shape: str = "retail") -> int:
    """Write the sources, about so many rows in all, and the truth; return the rows. `shape` is one of SHAPES."""
    if shape not in SHAPES:
        raise ValueError(f"there is no shape {shape!r}; one of {', '.join(SHAPES)}")
    given = {"rows": rows, "seed": seed, "shape": shape}
    for statement in statements("retail"):
        connection.execute(statement, {name: value for name, value in given.items() if f"${name}" in statement})
    return connection.execute("select count(*) from truth").fetchall()[0][0]


def change(connection: duckdb.DuckDBPyConnection, rows: int, seed: int) -> None:
    """Change about so many rows: one half updates, two fifths new records, one tenth deletions."""
    connection.execute(f"set variable changed = {rows}; set variable seed = {seed}")
    for statement in statements("change"):
        connection.execute(statement)


def configure(wh: DuckDBWarehouse) -> None:
    """Create IDR's own tables and apply the configuration of the retail sources."""
    schema.install(wh)
    store.apply(wh, yaml_file.load_file(CONFIG))


def configured(wh: Warehouse) -> tuple[Config, dict[str, dict[str, TypeFamily]]]:
    """The configuration as a run takes it, and the types of each source's expressions."""
    config = store.load(wh)
    types = inspect.demand(wh, config)
    return with_forms(config.typed(types)), types


def published(wh: DuckDBWarehouse, mode: str, **options: Any) -> Figures:
    """The result of a run, which must not fail."""
    result = run.run(wh, mode, **options)
    if result["status"] not in ("SUCCESS", "SUCCESS_WITH_WARNINGS", "DRY_RUN_COMPLETE"):
        raise SystemExit(f"{result['status']}: {result['message']} {result['reasons']} {result['error']}")
    return result


@contextmanager
def copied(base: str | Path) -> Iterator[Path]:
    """A copy of a database file, beside it, for as long as the block runs."""
    with tempfile.TemporaryDirectory(dir=Path(base).parent) as folder:
        yield Path(shutil.copy(base, Path(folder) / "copy.duckdb"))
