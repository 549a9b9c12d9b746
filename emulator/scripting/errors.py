"""Errors of blocks, as Snowflake words them."""

from __future__ import annotations

from emulator.errors import SqlError


class ScriptingError(SqlError):
    """A block cannot be read, or ended with an exception that it did not handle.

    `line` counts from 1, `position` from 0, both in the text of the block.
    """

    def __init__(self, message: str, code: str, state: str, line: int, position: int) -> None:
        super().__init__(message, code, state)
        self.line = line
        self.position = position


def syntax_error(line: int, position: int, unexpected: str) -> ScriptingError:
    message = f"SQL compilation error:\nsyntax error line {line} at position {position} unexpected '{unexpected}'."
    return ScriptingError(message, "001003", "42000", line, position)


def compilation_error(message: str, line: int, position: int) -> ScriptingError:
    text = f"SQL compilation error:\nerror line {line} at position {position}\n{message}"
    return ScriptingError(text, "000904", "42000", line, position)


class RaisedError(Exception):
    """An exception on its way through the blocks: its type, and the error as SQLCODE, SQLERRM, SQLSTATE show it."""

    def __init__(self, kind: str, message: str, code: str, state: str, line: int, position: int) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code
        self.state = state
        self.line = line
        self.position = position

    def uncaught(self) -> ScriptingError:
        where = f"on line {self.line} at position {self.position}"
        text = f"Uncaught exception of type '{self.kind}' {where} : {self.message}"
        return ScriptingError(text, self.code, self.state, self.line, self.position)
