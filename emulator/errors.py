"""Errors as Snowflake words them: a message, a six-digit code and an SQLSTATE."""

from __future__ import annotations


class SqlError(Exception):
    """A statement failed in a way that the client may see.

    `code` is Snowflake's error number with leading zeros, `state` the SQLSTATE.
    """

    def __init__(self, message: str, code: str, state: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.state = state


def compilation_error(message: str, code: str = "001003", state: str = "42000") -> SqlError:
    return SqlError(f"SQL compilation error:\n{message}", code, state)


def syntax_error(line: int, position: int, unexpected: str) -> SqlError:
    return compilation_error(f"syntax error line {line} at position {position} unexpected '{unexpected}'.")


def does_not_exist(kind: str, name: object) -> SqlError:
    return compilation_error(f"{kind} '{name}' does not exist or not authorized.", "002003", "02000")


def already_exists(name: object) -> SqlError:
    return compilation_error(f"Object '{name}' already exists.", "002002", "42710")


def unsupported(feature: str) -> SqlError:
    return compilation_error(f"Unsupported feature '{feature}'.", "000002", "0A000")


def no_current(what: str, doing: str) -> SqlError:
    code = "090105" if what == "database" else "090106"
    return SqlError(
        f"Cannot perform {doing}. This session does not have a current {what}. "
        f"Call 'USE {what.upper()}', or use a qualified name.",
        code,
        "22000",
    )


def insufficient_privileges(kind: str, name: str) -> SqlError:
    """The object is seen, but what is asked for is not allowed on it."""
    message = f"SQL access control error:\nInsufficient privileges to operate on {kind.lower()} '{name}'."
    return SqlError(message, "003001", "42501")
