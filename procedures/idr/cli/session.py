"""What commands share: options, an open database, and errors turned into text and an exit code.

The engine and the SQL parser are imported by the commands that use them, so that the others start in half the time.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import click
import typer
from typer.core import TyperGroup

from idr.cli.output import note, print_json
from idr.errors import IdrError
from idr.model import Config
from idr.schema import LAYOUT, install, layout
from idr.surprise import surprise
from idr.warehouse import Warehouse

_JSON = "idr.json"
DONE, FAILED, USAGE, HELD, LOCKED = 0, 1, 2, 3, 4

Db = Annotated[Path, typer.Option("--db", help="DuckDB database file.", show_default=False)]
ConfigFile = Annotated[Path, typer.Option("--config", help="Configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print only the result object on stdout.")]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Show personal values in full.")]


def code_for(error_code: str) -> int:
    """Exit code of an error code."""
    if error_code.startswith("IDR-1") or error_code == "IDR-406":
        return USAGE
    return LOCKED if error_code in ("IDR-401", "IDR-502") else FAILED


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
    """A command group whose failures are told in words, never as a traceback; as one object with --json."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_JSON] = "--json" in args
        with _told(ctx):
            try:
                return super().parse_args(ctx, args)
            except click.NoSuchOption as error:
                misplaced = self._misplaced(ctx, error.option_name)
                if misplaced is None:
                    raise
                raise misplaced from error

    def _misplaced(self, ctx: click.Context, option: str) -> click.UsageError | None:
        """What to say of an option that some commands have, before their name."""
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command and any(option in parameter.opts for parameter in command.params):
                return click.UsageError(f"{option} stands after the name of the command: idr {name} {option}", ctx)
        return None

    def invoke(self, ctx: click.Context) -> Any:
        with _told(ctx):
            return super().invoke(ctx)


@contextmanager
def _told(ctx: click.Context) -> Iterator[None]:
    try:
        yield
    except IdrError as error:
        raise _exit(error, code_for(error.code), ctx) from error
    except click.UsageError as error:
        if not ctx.meta[_JSON]:
            raise
        raise _exit(IdrError.of("IDR-406", error.format_message().rstrip(".")), USAGE, ctx) from error
    except (click.exceptions.Exit, click.Abort, click.ClickException):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            raise
        raise _exit(surprise(error), FAILED, ctx) from error


def _exit(error: IdrError, code: int, ctx: click.Context) -> typer.Exit:
    """Print an error; the exit to leave by."""
    note(error, "red")
    if ctx.meta[_JSON]:
        problems = [asdict(problem) for problem in error.problems]
        told = {**problems[0], "stage": None}
        print_json({"status": "FAILED", "message": str(error), "error": told, "problems": problems})
    return typer.Exit(code)


@contextmanager
def database(path: Path) -> Iterator[Warehouse]:
    """An existing database, closed afterwards."""
    from idr.warehouse.duckdb import DuckDBWarehouse

    limit = click.get_current_context().find_root().params["memory_limit"]
    wh = DuckDBWarehouse.open(path, must_exist=True, memory_limit=limit)
    try:
        yield wh
    finally:
        wh.close()


@contextmanager
def published(path: Path) -> Iterator[Warehouse]:
    """An existing database that IDR was installed into; tables of an earlier layout are migrated."""
    with database(path) as wh:
        found = layout(wh)
        if found is None:
            raise IdrError.of(
                "IDR-113",
                "IDR has not been set up in this database",
                where=str(path),
                fix="Run `idr config apply` first",
            )
        if found < LAYOUT:
            install(wh)
        yield wh


def checked(wh: Warehouse, file: Path) -> Config:
    """The file's configuration, after it has been held against the database."""
    from idr.config import inspect, yaml_file

    config = yaml_file.load_file(file)
    inspect.demand(wh, config)
    return config


def put(wh: Warehouse, config: Config) -> None:
    from idr.config import store

    install(wh)
    store.apply(wh, config)
