"""What a block consists of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement begins in its block: line from 1, position from 0."""

    line: int
    position: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable in SQL: `:x` (marked), or `x` and `row.x` in an expression, which may turn out to be no variable."""

    name: str
    text: str
    marked: bool
    member: str | None = None


Fragment = tuple[str | Reference, ...]  # SQL text and the variables in it, in order


@dataclass(frozen=True, slots=True)
class Statement:
    place: Place


@dataclass(frozen=True, slots=True)
class Sql(Statement):
    """An SQL statement; its first row goes into the variables of `into`."""

    text: Fragment
    into: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetReturnValue(Statement):
    value: Fragment


@dataclass(frozen=True, slots=True)
class ExecuteImmediate(Statement):
    text: Fragment
    using: tuple[Fragment, ...] = ()


@dataclass(frozen=True, slots=True)
class Declare(Statement):
    """A variable, in DECLARE or LET. `query` is the value as a statement, for a RESULTSET."""

    name: str
    type: str | None
    value: Fragment | None = None
    query: Statement | None = None


@dataclass(frozen=True, slots=True)
class DeclareCursor(Statement):
    name: str
    query: Sql | None = None
    resultset: str | None = None


@dataclass(frozen=True, slots=True)
class DeclareException(Statement):
    name: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    name: str
    value: Fragment
    query: Statement | None = None


@dataclass(frozen=True, slots=True)
class If(Statement):
    branches: tuple[tuple[Fragment, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Case(Statement):
    subject: Fragment | None
    branches: tuple[tuple[Fragment, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...] | None


@dataclass(frozen=True, slots=True)
class Count(Statement):
    """FOR i IN [REVERSE] first TO last."""

    name: str
    first: Fragment
    last: Fragment
    reverse: bool
    body: tuple[Statement, ...]
    label: str | None


@dataclass(frozen=True, slots=True)
class ForEach(Statement):
    """FOR row IN cursor or resultset."""

    name: str
    source: str
    body: tuple[Statement, ...]
    label: str | None


@dataclass(frozen=True, slots=True)
class Loop(Statement):
    """LOOP, WHILE (`before`) and REPEAT (`until`)."""

    body: tuple[Statement, ...]
    label: str | None
    before: Fragment | None = None
    until: Fragment | None = None


@dataclass(frozen=True, slots=True)
class Leave(Statement):
    """BREAK, or CONTINUE when `again`."""

    again: bool
    label: str | None


@dataclass(frozen=True, slots=True)
class Return(Statement):
    value: Fragment | None = None
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Raise(Statement):
    name: str | None


@dataclass(frozen=True, slots=True)
class Open(Statement):
    cursor: str
    using: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Fetch(Statement):
    cursor: str
    into: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Close(Statement):
    cursor: str


@dataclass(frozen=True, slots=True)
class Nothing(Statement):
    """NULL;"""


@dataclass(frozen=True, slots=True)
class Handler:
    """WHEN a OR b THEN ..; OTHER stands for everything."""

    kinds: tuple[str, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Block(Statement):
    declarations: tuple[Statement, ...]
    body: tuple[Statement, ...]
    handlers: tuple[Handler, ...] = field(default=())
