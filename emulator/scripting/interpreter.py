"""Running a block.

Each statement and each expression is a call of `execute(sql, binds)`, where `?` stands for the binds in order. An
`SqlError` that it raises becomes an exception of the block: STATEMENT_ERROR in a statement, EXPRESSION_ERROR in an
expression. Any other Python exception (a cancelled task) passes through every handler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from emulator.errors import SqlError
from emulator.result import Column, Result
from emulator.scripting import syntax
from emulator.scripting.errors import RaisedError, ScriptingError, compilation_error
from emulator.scripting.parser import is_block, parse_block
from emulator.scripting.syntax import Block, Fragment, Place, Reference, Statement
from emulator.scripting.values import (
    Cursor,
    ResultSet,
    Row,
    UserException,
    Value,
    Variable,
    as_json,
    fits,
    is_json,
    variable_of,
)

Execute = Callable[[str, list[Any]], Result]

RETURN_COLUMN = "anonymous block"


def run(
    block: Block,
    execute: Execute,
    variables: Mapping[str, Variable] | None = None,
    set_return_value: Callable[[str | None], None] | None = None,
) -> Result:
    """Interpret the block and return what it returns: one value in column `anonymous block`, or a table.

    `variables` are the arguments of a procedure by upper-case name. `set_return_value` takes what the body of a task
    passes to SYSTEM$SET_RETURN_VALUE; without it the call fails, as it does outside a task.
    Raises ScriptingError for an exception that no handler caught.
    """
    scope = _Scope(dict(variables or {}))
    try:
        _Interpreter(execute, set_return_value).block(block, scope)
    except _Returned as returned:
        return returned.result
    except RaisedError as raised:
        raise raised.uncaught() from None
    except _Left as left:
        word = "CONTINUE" if left.again else "BREAK"
        raise compilation_error(f"{word} is outside of its loop", left.place.line, left.place.position) from None
    return Result([Column(RETURN_COLUMN)], [(None,)])


class _Returned(Exception):  # noqa: N818 - a signal, not an error
    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class _Left(Exception):  # noqa: N818 - a signal, not an error
    """BREAK or CONTINUE on its way to its loop."""

    def __init__(self, again: bool, label: str | None, place: Place) -> None:
        super().__init__()
        self.again = again
        self.label = label
        self.place = place


class _Scope:
    """The variables of a block inside those of the blocks around it."""

    def __init__(self, values: dict[str, Any], outer: _Scope | None = None, handled: RaisedError | None = None) -> None:
        self.values: dict[str, Value] = values
        self.outer = outer
        self._handled = handled

    @property
    def handled(self) -> RaisedError | None:
        """The exception whose handler runs."""
        return self._handled or (self.outer.handled if self.outer else None)

    def get(self, name: str) -> Value | None:
        if name in self.values:
            return self.values[name]
        return self.outer.get(name) if self.outer else None


class _Interpreter:
    def __init__(self, execute: Execute, set_return_value: Callable[[str | None], None] | None) -> None:
        self._execute = execute
        self._set_return_value = set_return_value
        self._row_count: int | None = None
        self._run: dict[type, Callable[[Any, _Scope], None]] = {
            syntax.Sql: self._sql,
            syntax.SetReturnValue: self._return_value,
            syntax.ExecuteImmediate: self._immediate,
            syntax.Declare: self._declare,
            syntax.DeclareCursor: self._declare_cursor,
            syntax.DeclareException: self._declare_exception,
            syntax.Assign: self._assign,
            syntax.If: self._if,
            syntax.Case: self._case,
            syntax.Count: self._count,
            syntax.ForEach: self._for_each,
            syntax.Loop: self._loop,
            syntax.Leave: self._leave,
            syntax.Return: self._return,
            syntax.Raise: self._raise,
            syntax.Open: self._open,
            syntax.Fetch: self._fetch,
            syntax.Close: self._close,
            syntax.Nothing: lambda *_: None,
            syntax.Block: self.block,
        }

    def block(self, block: Block, outer: _Scope) -> None:
        scope = _Scope({}, outer)
        try:
            self._all(block.declarations, scope)
            self._all(block.body, scope)
        except RaisedError as raised:
            for handler in block.handlers:
                if "OTHER" in handler.kinds or raised.kind in handler.kinds:
                    self._all(handler.body, _Scope({}, scope, raised))
                    return
            raise

    def _all(self, statements: Sequence[Statement], scope: _Scope) -> None:
        for statement in statements:
            self._run[type(statement)](statement, scope)

    # -- the engine

    @contextmanager
    def _raising(self, kind: str, place: Place) -> Iterator[None]:
        try:
            yield
        except ScriptingError as error:
            raise RaisedError(kind, error.message, error.code, error.state, place.line, place.position) from None
        except SqlError as error:
            raise RaisedError(kind, error.message, error.code, error.state, place.line, place.position) from None

    def _render(self, fragment: Fragment, scope: _Scope, place: Place) -> tuple[str, list[Any]]:
        text: list[str] = []
        binds: list[Any] = []
        for piece, following in zip(fragment, (*fragment[1:], ""), strict=True):
            variable = self._resolve(piece, scope, place) if isinstance(piece, Reference) else None
            if variable is not None:
                text.append(variable.sql(following if isinstance(following, str) else ""))
                binds.append(variable.value)
            else:
                text.append(piece.text if isinstance(piece, Reference) else piece)
        return "".join(text), binds

    def _resolve(self, reference: Reference, scope: _Scope, place: Place) -> Variable | None:
        """The variable of a reference; None for a plain word that is no variable."""
        found = scope.get(reference.name) or self._built_in(reference.name, scope)
        if isinstance(found, Row) and reference.member is not None:
            if reference.member in found.columns:
                return found.columns[reference.member]
        elif isinstance(found, Variable) and reference.member is None:
            return found
        elif not reference.marked and not isinstance(found, Row):
            return None
        raise compilation_error(
            f"invalid identifier '{reference.text.lstrip(':').upper()}'", place.line, place.position
        )

    def _built_in(self, name: str, scope: _Scope) -> Variable | None:
        if name == "SQLROWCOUNT":
            return Variable("NUMBER", self._row_count)
        if name in ("SQLFOUND", "SQLNOTFOUND"):
            found = None if self._row_count is None else (self._row_count > 0) == (name == "SQLFOUND")
            return Variable("BOOLEAN", found)
        handled = scope.handled
        if handled is None or name not in ("SQLCODE", "SQLERRM", "SQLSTATE"):
            return None
        if name == "SQLCODE":
            return Variable("NUMBER", int(handled.code))
        return Variable("VARCHAR", handled.message if name == "SQLERRM" else handled.state)

    def _query(self, sql: syntax.Sql, scope: _Scope, using: Sequence[Any] = ()) -> Result:
        with self._raising("STATEMENT_ERROR", sql.place):
            text, binds = self._render(sql.text, scope, sql.place)
            result = self._execute(text, [*binds, *using])
            self._row_count = _affected(result)
        return result

    def _evaluate(self, fragment: Fragment, scope: _Scope, place: Place) -> tuple[Any, Column]:
        """The value of an expression, and its type."""
        with self._raising("EXPRESSION_ERROR", place):
            text, binds = self._render(fragment, scope, place)
            result = self._execute(f"SELECT {text}", binds)
            rows = result.fetch()
        return rows[0][0], result.columns[0]

    def _holds(self, fragment: Fragment, scope: _Scope, place: Place) -> bool:
        return self._evaluate(fragment, scope, place)[0] is True

    def _store(self, variable: Variable, value: Any, column: Column, place: Place) -> None:
        """Put a value into a variable, cast to its type by the engine."""
        if variable.type is None:
            made = variable_of(column, value)
            variable.type, variable.value = made.type, made.value
        elif variable.semi_structured:
            variable.value = as_json(column, value)
        elif fits(variable.type, column, value):
            variable.value = value
        else:
            with self._raising("EXPRESSION_ERROR", place):
                bind = "PARSE_JSON(?)" if is_json(column) else "?"
                variable.value = self._execute(f"SELECT CAST({bind} AS {variable.type})", [value]).scalar()

    def _target(self, name: str, scope: _Scope, place: Place) -> Variable:
        found = scope.get(name)
        if not isinstance(found, Variable):
            raise compilation_error(f"invalid identifier '{name}'", place.line, place.position)
        return found

    def _fill(
        self, names: Sequence[str], columns: list[Column], row: Sequence[Any] | None, scope: _Scope, place: Place
    ) -> None:
        """Put a row into variables; NULLs when there is no row."""
        if len(names) != len(columns):
            raise RaisedError(
                "STATEMENT_ERROR",
                f"SQL compilation error:\nINTO clause expects {len(columns)} variables, but got {len(names)}.",
                "001003",
                "42000",
                place.line,
                place.position,
            )
        for name, column, value in zip(names, columns, row or [None] * len(columns), strict=True):
            self._store(self._target(name, scope, place), value, column, place)

    # -- statements

    def _sql(self, sql: syntax.Sql, scope: _Scope) -> None:
        result = self._query(sql, scope)
        if not sql.into:
            return
        rows = result.fetch()
        if len(rows) > 1:
            message = f"A SELECT INTO statement expects exactly 1 returned row, but got {len(rows)}."
            raise RaisedError("STATEMENT_ERROR", message, "090236", "P0002", sql.place.line, sql.place.position)
        self._fill(sql.into, result.columns, rows[0] if rows else None, scope, sql.place)

    def _return_value(self, statement: syntax.SetReturnValue, scope: _Scope) -> None:
        value, _ = self._evaluate(statement.value, scope, statement.place)
        with self._raising("STATEMENT_ERROR", statement.place):
            if self._set_return_value is None:
                text = "Function SYSTEM$SET_RETURN_VALUE must be called from within a task."
                raise SqlError(text, "093201", "22023")
            self._set_return_value(None if value is None else str(value))

    def _immediate(self, statement: syntax.ExecuteImmediate, scope: _Scope) -> None:
        self._immediate_result(statement, scope)

    def _immediate_result(self, statement: syntax.ExecuteImmediate, scope: _Scope) -> Result:
        text, _ = self._evaluate(statement.text, scope, statement.place)
        using = [self._evaluate(value, scope, statement.place)[0] for value in statement.using]
        with self._raising("STATEMENT_ERROR", statement.place):
            if is_block(text):
                return run(parse_block(text), self._execute, set_return_value=self._set_return_value)
            result = self._execute(text, using)
            self._row_count = _affected(result)
        return result

    def _result_of(self, query: Statement, scope: _Scope) -> Result:
        if isinstance(query, syntax.ExecuteImmediate):
            return self._immediate_result(query, scope)
        return self._query(cast(syntax.Sql, query), scope)

    def _declare(self, declared: syntax.Declare, scope: _Scope) -> None:
        if declared.type and declared.type.upper() == "RESULTSET":
            scope.values[declared.name] = ResultSet(self._result_of(declared.query, scope) if declared.query else None)
            return
        variable = Variable(declared.type)
        if declared.value is not None:
            self._store(variable, *self._evaluate(declared.value, scope, declared.place), declared.place)
        scope.values[declared.name] = variable

    def _declare_cursor(self, declared: syntax.DeclareCursor, scope: _Scope) -> None:
        scope.values[declared.name] = Cursor(declared.query, declared.resultset)

    def _declare_exception(self, declared: syntax.DeclareException, scope: _Scope) -> None:
        scope.values[declared.name] = UserException(declared.name, declared.code, declared.message)

    def _assign(self, assign: syntax.Assign, scope: _Scope) -> None:
        found = scope.get(assign.name)
        if isinstance(found, ResultSet) and assign.query is not None:
            found.result = self._result_of(assign.query, scope)
            return
        variable = self._target(assign.name, scope, assign.place)
        self._store(variable, *self._evaluate(assign.value, scope, assign.place), assign.place)

    # -- control

    def _if(self, statement: syntax.If, scope: _Scope) -> None:
        for condition, body in statement.branches:
            if self._holds(condition, scope, statement.place):
                self._all(body, scope)
                return
        self._all(statement.otherwise, scope)

    def _case(self, case: syntax.Case, scope: _Scope) -> None:
        for value, body in case.branches:
            condition = value if case.subject is None else ("(", *case.subject, ") = (", *value, ")")
            if self._holds(condition, scope, case.place):
                self._all(body, scope)
                return
        if case.otherwise is None:
            raise RaisedError(
                "STATEMENT_ERROR", "No case found", "090232", "20000", case.place.line, case.place.position
            )
        self._all(case.otherwise, scope)

    def _count(self, loop: syntax.Count, scope: _Scope) -> None:
        first = int(self._evaluate(loop.first, scope, loop.place)[0])
        last = int(self._evaluate(loop.last, scope, loop.place)[0])
        numbers = range(first, last + 1)
        for number in reversed(numbers) if loop.reverse else numbers:
            inner = _Scope({loop.name: Variable("NUMBER", number)}, scope)
            if not self._once(loop.body, loop.label, inner):
                return

    def _for_each(self, loop: syntax.ForEach, scope: _Scope) -> None:
        columns, rows = self._rows(loop.source, scope, loop.place)
        for row in rows:
            values = {c.name: variable_of(c, value) for c, value in zip(columns, row, strict=True)}
            if not self._once(loop.body, loop.label, _Scope({loop.name: Row(values)}, scope)):
                return

    def _rows(self, source: str, scope: _Scope, place: Place) -> tuple[list[Column], list[Any]]:
        found = scope.get(source)
        if isinstance(found, ResultSet) and found.result is not None:
            return found.result.columns, list(found.result.fetch())
        if isinstance(found, Cursor):
            if found.rows is not None and found.columns is not None:
                rows, found.rows = found.rows, []
                return found.columns, rows
            if found.resultset is not None:
                return self._rows(found.resultset, scope, place)
            result = self._query(found.query, scope)
            return result.columns, list(result.fetch())
        raise compilation_error(f"invalid identifier '{source}'", place.line, place.position)

    def _loop(self, loop: syntax.Loop, scope: _Scope) -> None:
        while loop.before is None or self._holds(loop.before, scope, loop.place):
            if not self._once(loop.body, loop.label, _Scope({}, scope)):
                return
            if loop.until is not None and self._holds(loop.until, scope, loop.place):
                return

    def _once(self, body: Sequence[Statement], label: str | None, scope: _Scope) -> bool:
        """Run a loop's body once; False when the loop was left."""
        try:
            self._all(body, scope)
        except _Left as left:
            if left.label not in (None, label):
                raise
            return left.again
        return True

    def _leave(self, leave: syntax.Leave, _: _Scope) -> None:
        raise _Left(leave.again, leave.label, leave.place)

    def _return(self, statement: syntax.Return, scope: _Scope) -> None:
        if statement.table is not None:
            columns, rows = self._rows(statement.table, scope, statement.place)
            raise _Returned(Result(columns, rows))
        if statement.value is None:
            raise _Returned(Result([Column(RETURN_COLUMN)], [(None,)]))
        value, column = self._evaluate(statement.value, scope, statement.place)
        returned = Column(RETURN_COLUMN, column.type, column.precision, column.scale, column.length)
        raise _Returned(Result([returned], [(value,)]))

    def _raise(self, statement: syntax.Raise, scope: _Scope) -> None:
        place = statement.place
        if statement.name is None:
            if scope.handled is None:
                raise compilation_error(
                    "RAISE without an exception is valid in a handler only", place.line, place.position
                )
            raise scope.handled
        found = scope.get(statement.name)
        if not isinstance(found, UserException):
            raise compilation_error(f"invalid identifier '{statement.name}'", place.line, place.position)
        raise RaisedError(found.name, found.message, str(found.code), "P0001", place.line, place.position)

    # -- cursors

    def _cursor(self, name: str, scope: _Scope, place: Place) -> Cursor:
        found = scope.get(name)
        if not isinstance(found, Cursor):
            raise compilation_error(f"invalid identifier '{name}'", place.line, place.position)
        return found

    def _open(self, statement: syntax.Open, scope: _Scope) -> None:
        cursor = self._cursor(statement.cursor, scope, statement.place)
        if cursor.resultset is not None:
            cursor.columns, cursor.rows = self._rows(cursor.resultset, scope, statement.place)
            return
        using = [self._evaluate(value, scope, statement.place)[0] for value in statement.using]
        result = self._query(cursor.query, scope, using)
        cursor.columns, cursor.rows = result.columns, list(result.fetch())

    def _fetch(self, statement: syntax.Fetch, scope: _Scope) -> None:
        cursor = self._cursor(statement.cursor, scope, statement.place)
        if cursor.rows is None or cursor.columns is None:
            message = f"Cursor '{statement.cursor}' is not open."
            raise RaisedError(
                "STATEMENT_ERROR", message, "090234", "24000", statement.place.line, statement.place.position
            )
        row = cursor.rows.pop(0) if cursor.rows else None
        self._fill(statement.into, cursor.columns, row, scope, statement.place)

    def _close(self, statement: syntax.Close, scope: _Scope) -> None:
        self._cursor(statement.cursor, scope, statement.place).rows = None


def _affected(result: Result) -> int | None:
    """The number of rows that a DML statement changed, from the columns in which it says so; None for others."""
    counts = [i for i, column in enumerate(result.columns) if column.name.lower().startswith("number of ")]
    return sum(int(result.fetch()[0][i]) for i in counts) if counts else None
