"""Which of fakesnow's transforms a statement needs: most of them look for one kind of node, and each walks the tree.

A transform that begins by asking `isinstance(expression, exp.X)`, and gives every other node back as it is, changes
nothing in a tree without an X. That is read from its source; what does not have this form always runs.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any

from fakesnow import transforms
from sqlglot import Expr

Kinds = tuple[type, ...]


class Tree:
    """A statement that runs a transform only when it has a node for it. Stands for an Expr in a chain of them."""

    def __init__(self, expression: Expr) -> None:
        self.expression = expression
        self._present = _kinds(expression)

    def transform(self, function: Callable[..., Expr], *args: object, **options: Any) -> Tree:
        wanted = needs(_named(function) or function)
        if wanted is not None and not any(issubclass(kind, wanted) for kind in self._present):
            return self
        self.expression = self.expression.transform(function, *args, **options)
        self._present = _kinds(self.expression)
        return self


def _kinds(expression: Expr) -> set[type]:
    found: set[type] = set()
    waiting: list[Any] = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Expr):
            found.add(type(one))
            waiting += one.args.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _named(function: Callable[..., Expr]) -> Callable[..., Expr] | None:
    """The transform that a lambda passes its node to."""
    if function.__name__ != "<lambda>" or function.__code__.co_names[:1] != ("transforms",):
        return None
    return getattr(transforms, function.__code__.co_names[1])


@cache
def needs(function: Callable[..., Expr]) -> Kinds | None:
    """The kinds of nodes that a transform may change; None when its source does not tell."""
    try:
        [definition] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if not isinstance(definition, ast.FunctionDef) or not definition.args.args:
        return None
    found: list[type] = []
    ended = _read(definition.body, definition.args.args[0].arg, function, found)
    return tuple(found) if ended else None


def _read(steps: list[ast.stmt], node: str, function: Callable[..., Expr], found: list[type]) -> bool | None:
    """Add the kinds that the steps may change. True: any other node is given back; False: it goes on; None: unclear."""
    for step in steps:
        if _is_docstring(step) or _is_local(step, node):
            continue
        if isinstance(step, ast.Return):
            return True if isinstance(step.value, ast.Name) and step.value.id == node else None
        if not isinstance(step, ast.If):
            return None
        if (kinds := _when_true(step.test, node, function)) is not None:
            found += kinds
            ended = _read(step.orelse, node, function, found)
            if ended is not False:
                return ended
        elif (kinds := _when_false(step.test, node, function)) is not None and _gives_back(step.body, node):
            found += kinds
            return True
        else:
            return None
    return False


def _is_local(step: ast.stmt, node: str) -> bool:
    """Whether it only names a value that has nothing to do with the node."""
    if not isinstance(step, (ast.Assign, ast.AnnAssign)):
        return False
    return not any(isinstance(part, ast.Name) and part.id == node for part in ast.walk(step))


def _is_docstring(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def _gives_back(body: list[ast.stmt], node: str) -> bool:
    [step, *more] = body
    return not more and isinstance(step, ast.Return) and isinstance(step.value, ast.Name) and step.value.id == node


def _when_true(test: ast.expr, node: str, function: Callable[..., Expr]) -> Kinds | None:
    """The kinds of which a node must be for the test to be true."""
    if isinstance(test, ast.BoolOp):
        parts = [_when_true(value, node, function) for value in test.values]
        if isinstance(test.op, ast.And):  # the first tells: what comes before it could do anything
            return parts[0]
        known = [part for part in parts if part is not None]
        return tuple(kind for part in known for kind in part) if len(known) == len(parts) else None
    return _asked(test, node, function)


def _when_false(test: ast.expr, node: str, function: Callable[..., Expr]) -> Kinds | None:
    """The kinds of which a node must be for the test to be false."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _when_true(test.operand, node, function)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return _when_false(test.values[0], node, function)
    return None


def _asked(test: ast.expr, node: str, function: Callable[..., Expr]) -> Kinds | None:
    """The kinds in `isinstance(node, exp.X)` or `isinstance(node, (exp.X, exp.Y))`."""
    if not (
        isinstance(test, ast.Call)
        and isinstance(test.func, ast.Name)
        and test.func.id == "isinstance"
        and isinstance(test.args[0], ast.Name)
        and test.args[0].id == node
    ):
        return None
    written = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
    kinds = [_resolve(word, function) for word in written]
    return tuple(kind for kind in kinds if kind is not None) if None not in kinds else None


def _resolve(word: ast.expr, function: Callable[..., Expr]) -> type | None:
    """The class that `exp.X` stands for in the module of the transform."""
    if not isinstance(word, ast.Attribute) or not isinstance(word.value, ast.Name):
        return None
    found = getattr(inspect.unwrap(function).__globals__.get(word.value.id), word.attr, None)
    return found if isinstance(found, type) else None
