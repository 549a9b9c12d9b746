"""Blocks of Snowflake Scripting: anonymous ones, and the bodies of LANGUAGE SQL procedures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.result import Result
from emulator.scripting import Variable, is_block, parse_block, run
from emulator.statement import Request, statement

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session


def run_block(
    server: Server,
    session: Session,
    text: str,
    variables: Mapping[str, Variable] | None = None,
    set_return_value: Callable[[str | None], None] | None = None,
) -> Result:
    """Run a block in the session; `set_return_value` takes what a task's body passes on."""

    def execute(sql: str, binds: list[Any]) -> Result:
        return server.execute(session, sql, [binds] if binds else None)

    return run(parse_block(text), execute, variables, set_return_value)


@statement("DECLARE")
def declare(request: Request) -> Result:
    return run_block(request.server, request.session, request.text)


def run_text(server: Server, session: Session, text: str) -> Result:
    """Run one statement or one block."""
    return run_block(server, session, text) if is_block(text) else server.execute(session, text)
