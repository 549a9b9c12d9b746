"""`idr local`: the local Snowflake, which is a program of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from idr.cli.output import note
from idr.cli.session import FAILED

local_app = typer.Typer(no_args_is_help=True, help="A Snowflake on this machine, for trying and testing the app.")

Data = Annotated[Path, typer.Option("--data", help="Folder that keeps everything.", show_default=True)]
_DATA = Path(".local-snowflake")


def _run(*arguments: str) -> None:
    if find_spec("emulator") is None or find_spec("fakesnow") is None:
        note("The local Snowflake is not installed. In a clone of the repository run ./scripts/setup, then try again.")
        raise typer.Exit(FAILED)
    command = [sys.executable, "-m", "emulator", *arguments]
    raise typer.Exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own program


@local_app.command()
def start(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8085,
    data: Data = _DATA,
) -> None:
    """Start it and return when it answers."""
    _run("start", "--port", str(port), "--data", str(data))


@local_app.command()
def stop(data: Data = _DATA) -> None:
    """Stop it; what it keeps stays."""
    _run("stop", "--data", str(data))


@local_app.command()
def status(data: Data = _DATA) -> None:
    """Say whether it runs, and where."""
    _run("status", "--data", str(data))
