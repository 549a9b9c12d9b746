"""The command `idr`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

import idr
from idr.cli import configure, differ, local, look, report, run, steward
from idr.cli.session import Guarded

app = typer.Typer(
    cls=Guarded,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Identity resolution that plans, judges and only then publishes.",
)
app.add_typer(configure.config_app, name="config")
app.add_typer(local.local_app, name="local")
for command in (
    configure.init,
    run.run,
    run.approve,
    report.history,
    report.status,
    look.explain,
    look.show,
    look.evaluate,
    differ.compare,
    differ.membership,
    steward.link,
    steward.unlink,
    steward.overrides,
    steward.revoke,
    steward.suspects,
    steward.forget,
):
    app.command()(command)


_MEMORY = re.compile(r"[0-9]+(\.[0-9]+)? ?(([KMGT]i?)?B|%)", re.IGNORECASE)


def _version(wanted: bool) -> None:
    if wanted:
        print(idr.__version__)
        raise typer.Exit


def _memory(limit: str | None) -> str | None:
    if limit is not None and not _MEMORY.fullmatch(limit):
        raise typer.BadParameter(f"{limit} is no amount of memory: write 4GB, 500MB or 50%")
    return limit


@app.callback()
def main(
    memory_limit: Annotated[
        str | None,
        typer.Option(
            envvar="IDR_MEMORY_LIMIT",
            callback=_memory,
            metavar="AMOUNT",
            help="The most that DuckDB may hold in memory, such as 4GB; what does not fit goes to disk. "
            "Without it: 80% of the machine's.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """`session.database` reads the options of this callback from the context."""
