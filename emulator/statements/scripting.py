"""Blocks of Snowflake Scripting: bodies of LANGUAGE SQL procedures and anonymous blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.errors import unsupported

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session

_BLOCK = re.compile(r"\s*(?:declare\b|begin\b(?!\s*(?:transaction|work|name)?\s*;?\s*$))", re.IGNORECASE)


def is_block(text: str) -> bool:
    return _BLOCK.match(text) is not None


def run_block(server: Server, session: Session, body: str, variables: dict[str, Any]) -> Any:
    """Run a block with the given variables and return what it returns: a value or a Result."""
    raise unsupported(f"Snowflake Scripting: {server}, {session}, {body}, {variables}")
