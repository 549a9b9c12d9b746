"""What commands share: options, an open database, and errors turned into text and an exit code."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import click
import typer
from typer.core import TyperGroup

from idr.cli.output import note
from idr.config import inspect, store, yaml_file
from idr.errors import IdrError
from idr.model import Config
from idr.schema import install
from idr.warehouse import Warehouse
from idr.warehouse.duckdb import DuckDBWarehouse

DONE, FAILED, USAGE, HELD, LOCKED = 0, 1, 2, 3, 4

Db = Annotated[Path, typer.Option("--db", help="DuckDB database file.", show_default=False)]
ConfigFile = Annotated[Path, typer.Option("--config", help="Configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print only the result object on stdout.")]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Show personal values in full.")]


def code_for(error_code: str) -> int:
    """Exit code of an error code."""
    if error_code.startswith("IDR-1") or error_code == "IDR-406":
        return USAGE
    return LOCKED if error_code == "IDR-401" else FAILED


def exit_code(result: dict[str, Any]) -> int:
    """Exit code of a run's or an approval's result."""
    match result["status"]:
        case "SUCCESS" | "SUCCESS_WITH_WARNINGS":
            return DONE
        case "DRY_RUN_COMPLETE":
            return HELD if result.get("gate") == "HOLD" else DONE
        case "HELD":
            return HELD
        case "SKIPPED":
            return LOCKED
        case _:
            return code_for((result.get("error") or {}).get("code") or "")


class Guarded(TyperGroup):
    """A command group whose failures are told in words, never as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except IdrError as error:
            note(error, "red")
            raise typer.Exit(code_for(error.code)) from error
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            unexpected = IdrError.of("IDR-599", f"{type(error).__name__}: {error}", fix="Please report this")
            note(unexpected, "red")
            raise typer.Exit(FAILED) from error


@contextmanager
def database(path: Path) -> Iterator[Warehouse]:
    """An existing database, closed afterwards."""
    wh = DuckDBWarehouse.open(path, must_exist=True)
    try:
        yield wh
    finally:
        wh.close()


@contextmanager
def published(path: Path) -> Iterator[Warehouse]:
    """An existing database that IDR was installed into."""
    with database(path) as wh:
        if wh.table_columns("idr_out.run_history") is None:
            raise IdrError.of(
                "IDR-113",
                "IDR has not been set up in this database",
                where=str(path),
                fix="Run `idr config apply` first",
            )
        yield wh


def checked(wh: Warehouse, file: Path) -> Config:
    """The file's configuration, after it has been held against the database."""
    config = yaml_file.load_file(file)
    problems = inspect.check(wh, config)
    if problems:
        raise IdrError(*problems)
    return config


def stored(wh: Warehouse) -> Config | None:
    """The configuration in force, None when there is none yet."""
    try:
        return store.load(wh)
    except IdrError as error:
        if error.code == "IDR-113":
            return None
        raise


def put(wh: Warehouse, config: Config) -> None:
    install(wh)
    store.apply(wh, config)
