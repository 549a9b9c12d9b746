"""The command `idr`."""

from __future__ import annotations

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


def _version(wanted: bool) -> None:
    if wanted:
        print(idr.__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
