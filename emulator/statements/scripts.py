"""EXECUTE IMMEDIATE: a text, or a file of statements in a stage or beside the running file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake.connector.util_text import split_statements

from emulator.errors import SqlError, compilation_error
from emulator.result import Result, done
from emulator.statement import Request, statement
from emulator.statements.scripting import run_text

if TYPE_CHECKING:
    from emulator.server import Server
    from emulator.session import Session


@statement("EXECUTE IMMEDIATE")
def execute_immediate(request: Request) -> Result:
    words = request.words
    text = words.string() if words.sees_string() else str(request.query(f"select {words.until('USING')}").scalar())
    if words.accept("USING"):
        values = request.query(f"select {words.balanced()}").fetch()[0]
        return request.server.execute(request.session, text, [list(values)])
    words.end()
    return run_text(request.server, request.session, text)


@statement("EXECUTE IMMEDIATE FROM")
def execute_immediate_from(request: Request) -> Result:
    session = request.session
    location = request.words.location()
    if location.startswith("@"):
        name, below = request.server.stages.resolve(location, session)
        file = request.server.stages.path(name, below)
        root = request.server.stages.folder(name)
    elif session.script is not None and session.root is not None:
        start = session.root if location.startswith("/") else session.script.parent
        file, root = (start / location.lstrip("/")).resolve(), session.root
    else:
        raise compilation_error(
            f"Invalid file location '{location}': "
            "a relative path works only in a file that EXECUTE IMMEDIATE FROM runs.",
            "001003",
            "42000",
        )
    if root.resolve() not in file.resolve().parents or not file.is_file():
        raise compilation_error(
            f"Cannot perform operation. File '{location}' does not exist or not authorized.", "092917", "02000"
        )
    return run_file(request.server, session, file, root)


def run_file(server: Server, session: Session, file: Path, root: Path) -> Result:
    """Run the statements of a file in order; an error names the file and the statement's number and first line."""
    before = session.script, session.root
    session.script, session.root = file, root
    result = done()
    try:
        for number, (text, _) in enumerate(statements_of(file), start=1):
            try:
                result = run_text(server, session, text)
            except SqlError as error:
                first = text.strip().splitlines()[0]
                where = f"{file.relative_to(root).as_posix()}, statement {number} ({first[:80]})"
                if error.message.startswith("Error in file "):
                    raise
                raise SqlError(f"Error in file {where}: {error.message}", error.code, error.state) from error
    finally:
        session.script, session.root = before
    return result


def statements_of(file: Path) -> list[tuple[str, bool | None]]:
    split = split_statements(io.StringIO(file.read_text(encoding="utf-8")), remove_comments=False)
    return [(text.strip().rstrip(";"), is_put) for text, is_put in split if text and text.strip().strip(";")]
