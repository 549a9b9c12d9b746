"""The same plan on Spark and on DuckDB: FULL, and INCR after a change of 0.1 %; every change of it must be the same.

Both read the same sources and the same published state: DuckDB writes them as Parquet, and Spark has nothing else.
Needs Java 17. A publish is a transaction that changes rows, which Parquet does not have: the plan is what is compared.
"""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from benchmarks import retail
from benchmarks.measure import Figures
from benchmarks.options import Options
from idr.published import base
from idr.stages import plan
from idr.stages.context import RunContext
from idr.warehouse import Warehouse
from idr.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = 1_000_000
_NOW = datetime(2027, 1, 1)  # noqa: DTZ001  (a run's clock has no zone)
_CORES, _MEMORY = 2, "4g"
_PLANNED = {  # what a publish writes of a plan, without the numbers that engines give to records
    "membership_change": "entity_key, old_resolved_id, resolved_id",
    "cluster_change": "resolved_id, cluster_size, confidence_score, created_version",
    "profile_change": "*",
}


def bench(options: Options) -> list[Figures]:
    rows: list[Figures] = []
    with tempfile.TemporaryDirectory() as folder:
        path, exported = Path(folder) / "retail.duckdb", Path(folder) / "exported"
        written = retail.generate(path, options.rows, options.seed, options.shape)
        session = _session(Path(folder) / "spark")
        with duckdb.connect(str(path)) as connection:
            wh = DuckDBWarehouse(connection)
            retail.configure(wh)
            for run_id in ("FULL", "INCR"):
                _export(connection, exported / run_id)
                here = _planned(wh, run_id)
                there = _planned(_opened(session, exported / run_id), run_id)
                changes = _same(connection, wh, Path(folder) / "spark", run_id)
                for engine, seconds in (("DuckDB", here), ("Spark", there)):
                    figures = {"seconds": seconds, "ratio": seconds / here, **changes}
                    rows.append({"contender": f"{run_id} plan, {engine}", "rows": written, **figures})
                retail.published(wh, run_id)
                retail.change(connection, options.rows // 1000, options.seed)
        session.stop()
    return rows


def _session(folder: Path) -> SparkSession:
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": _MEMORY,
        "spark.sql.warehouse.dir": str(folder),
        "spark.local.dir": str(folder.with_name("spark_local")),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(4 * _CORES),
        "spark.sql.variable.substitute": "false",  # the patterns have `$` and braces
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master(f"local[{_CORES}]").appName("idr")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _export(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Every table of the sources and of IDR's own, as `folder/<schema>/<table>.parquet`."""
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() where schema_name not in ('main', 'idr_work')"
    ).fetchall()
    for schema, table in tables:
        (folder / schema).mkdir(parents=True, exist_ok=True)
        connection.execute(f"copy {schema}.{table} to '{folder}/{schema}/{table}.parquet'")


def _opened(session: SparkSession, folder: Path) -> Warehouse:
    """The exported tables, read where they are."""
    from benchmarks.spark_warehouse import SparkWarehouse

    session.sql("create schema if not exists idr_work")
    for file in folder.glob("*/*.parquet"):
        name = f"{file.parent.name}.{file.stem}"
        session.sql(f"create schema if not exists {file.parent.name}")
        session.sql(f"drop table if exists {name}")
        session.sql(f"create table {name} using parquet location '{file}'")
    return SparkWarehouse(session)


def _planned(wh: Warehouse, run_id: str) -> float:
    """Make the plan as a run does, into the work tables of `run_id`; return the seconds."""
    config, types = retail.configured(wh)
    version, previous = base(wh)
    is_full = run_id == "FULL"
    ctx = RunContext(wh, config, run_id.lower(), _NOW, version + 1, is_full, types=types)
    state = wh.query("select source_id, last_watermark_value from idr_meta.run_state")
    marks = {row["source_id"]: row["last_watermark_value"] for row in state}
    started = time.perf_counter()
    plan.build(ctx, plan.readings(config, previous, marks, full=is_full), {} if is_full else marks, max_iters=30)
    return time.perf_counter() - started


def _same(connection: duckdb.DuckDBPyConnection, wh: Warehouse, folder: Path, run_id: str) -> dict[str, int]:
    """The rows of each table of the plan; SystemExit when the two engines disagree on one."""
    rows: dict[str, int] = {}
    for table, columns in _PLANNED.items():
        name = f"{table}_{run_id.lower()}"
        here = f"select {columns} from {wh.work_schema}.{name}"
        there = f"select {columns} from '{folder}/idr_work.db/{name}/*.parquet'"
        difference = f"(({here}) except all ({there})) union all (({there}) except all ({here}))"
        differing = connection.execute(f"select count(*) from ({difference}) as d").fetchall()[0][0]
        rows[table] = connection.execute(f"select count(*) from ({here}) as h").fetchall()[0][0]
        if differing:
            raise SystemExit(f"{run_id}: {differing} rows of {table} are not the same on Spark and on DuckDB")
    return rows
