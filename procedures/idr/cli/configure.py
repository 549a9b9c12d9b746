"""`idr init` and `idr config`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from idr.cli.output import note, print_json, say
from idr.cli.session import AsJson, ConfigFile, Db, Guarded, checked, code_for, database, put
from idr.config.example import EXAMPLE
from idr.errors import IdrError
from idr.schema import install

config_app = typer.Typer(cls=Guarded, no_args_is_help=True, help="Check a configuration, or put it in force.")


def init(
    from_db: Annotated[
        Path | None, typer.Option("--from-db", help="DuckDB database file to propose a configuration for.")
    ] = None,
    output: Annotated[Path, typer.Option(help="File to write.")] = Path("idr.yml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a first configuration: an example, or a proposal from a database's tables."""
    if output.exists() and not force:
        raise typer.BadParameter(f"{output} exists; --force overwrites it", param_hint="--output")
    text = EXAMPLE
    if from_db is not None:
        from idr.config.propose import propose

        with database(from_db) as wh:
            text = propose(wh)
    check = f"idr config check --config {output} --db {from_db or 'FILE'}"
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from error
    note(f"Wrote {output}. Read and correct it, then: {check}")


@config_app.command("check")
def check(
    config: ConfigFile = Path("idr.yml"),
    db: Annotated[Path | None, typer.Option("--db", help="Hold it against this database as well.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with a configuration."""
    from idr.config import inspect, yaml_file

    try:
        parsed = yaml_file.load_file(config)
        if db is not None:
            with database(db) as wh:
                problems = inspect.check(wh, parsed)
            if problems:
                raise IdrError(*problems)
    except IdrError as error:
        if not as_json:
            raise
        note(error, "red")
        print_json({"valid": False, "problems": [asdict(problem) for problem in error.problems]})
        raise typer.Exit(code_for(error.code)) from error
    if as_json:
        print_json({"valid": True, "problems": []})
    else:
        against = f" and fits {db}" if db else "; give --db to hold it against a database"
        say(f"{config} is valid{against}")


@config_app.command("apply")
def apply(
    db: Db,
    config: ConfigFile = Path("idr.yml"),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a configuration in force, after showing what it changes."""
    from idr.config import store
    from idr.config.diff import changes

    with database(db) as wh:
        new = checked(wh, config)
        install(wh)
        lines = changes(store.load_if_valid(wh), new)
        for line in lines:
            note(line)
        if lines:
            if not yes:
                typer.confirm("Apply these changes?", abort=True, err=True)
            put(wh, new)
    if as_json:
        print_json({"applied": bool(lines), "changes": lines})
    else:
        say("The configuration is in force." if lines else "Nothing changes.")
