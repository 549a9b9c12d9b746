"""Which of fakesnow's transforms a statement needs: most of them look for one kind of node, and each walks the tree.

A transform that begins by asking `isinstance(expression, exp.X)`, and gives every other node back as it is, changes
nothing in a tree without an X. That is read from its source; what does not have this form always runs.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from fakesnow import transforms
from sqlglot import Expr, exp

Kinds = tuple[type, ...]


# what the source does not tell in that form: the kinds that it may change ..
_BY_HAND: dict[str, Kinds] = {
    "update_variables": (exp.Set, exp.Alias),
    "integer_precision": (exp.DataType,),
    "show_keys": (exp.Show,),
    "alter_table_strip_cluster_by": (exp.Alter,),
}
# .. what must be somewhere in the statement, too ..
_ONLY_WITH: dict[str, Kinds] = {
    "result_scan": (exp.TableFromRows,),
    "random": (exp.Rand,),
    "alias_in_join": (exp.Join,),
    "alias_in_where": (exp.Anonymous,),
    "json_extract_cast_as_varchar": (exp.JSONExtract,),
    "extract_comment_on_table": (exp.SchemaCommentProperty, exp.Comment),
}
# .. of which schema a table must be ..
_OF_SCHEMA = {"information_schema_fs"}
_SCHEMA = "INFORMATION_SCHEMA"
# .. and that it gives back either the node as it was or a new one
_GIVES_NEW = {
    "create_database", "create_file_format", "create_stage", "identifier", "sequence_nextval", "tag",
    "upper_case_unquoted_identifiers",
}  # fmt: skip
_CHANGES_IN_PLACE = re.compile(r"\.(set|append|pop|replace|transform)\(|\.args\[|\.expressions\[|\bfrom_\(")


class Tree:
    """A statement that runs a change only on the nodes that it is for. Stands for an Expr in a chain of transforms."""

    def __init__(self, expression: Expr) -> None:
        self.expression = expression
        self._nodes: dict[type, list[Expr]] | None = None  # by kind; None: not known any more

    def transform(self, function: Callable[..., Expr], *args: object, copy: bool = True, **options: Any) -> Tree:
        named = _named(function) or function
        wanted = needs(named)
        if not self.has(wanted or (Expr,)) or not self.has(_ONLY_WITH.get(named.__name__, (Expr,))):
            return self
        if named is transforms.upper_case_unquoted_identifiers:
            self._upper_case()
            return self
        nodes = self._of(wanted) if wanted else []
        if named.__name__ in _OF_SCHEMA and not any(node.text("db") == _SCHEMA for node in nodes):
            return self
        if not copy and len(nodes) == 1 and nodes[0] is self.expression:
            self.expression = function(self.expression, *args, **options)
            self._nodes = None
        elif wanted is None or copy or _changes_in_place(named):
            self.expression = self.expression.transform(function, *args, copy=copy, **options)
            self._nodes = None
        else:
            self._visit(nodes, lambda node: function(node, *args, **options))
        return self

    def has(self, kinds: Kinds) -> bool:
        """Whether there is a node of one of the kinds."""
        return not self._known().keys().isdisjoint(_with_derived(kinds))

    def forget(self) -> None:
        """The statement was changed from outside."""
        self._nodes = None

    def _upper_case(self) -> None:
        """As fakesnow's transform, which makes a copy of each name."""
        for node in self._of((exp.Identifier,)):
            if not node.args.get("quoted") and isinstance(node.this, str):
                node.set("this", node.this.upper())

    def _visit(self, nodes: list[Expr], function: Callable[[Expr], Expr]) -> None:
        """As sqlglot's `transform`: what is below a node that was replaced is left alone."""
        replaced: set[int] = set()
        for number, node in enumerate(nodes):
            if replaced and any(id(above) in replaced for above in _ancestors(node)):
                continue
            above, key, index = node.parent, node.arg_key, node.index  # the function may put the node elsewhere
            new = function(node)
            if new is node:
                continue
            if node is self.expression:
                self.expression = new
            elif above and key:
                above.set(key, new, index)
            if isinstance(node, exp.Identifier) and isinstance(new, exp.Identifier):
                nodes[number] = new
            else:
                replaced |= {id(node), id(new)}
        if replaced:
            self._nodes = None

    def _known(self) -> dict[type, list[Expr]]:
        if self._nodes is None:
            self._nodes = _by_kind(self.expression)
        return self._nodes

    def _of(self, kinds: Kinds) -> list[Expr]:
        wanted = _with_derived(kinds)
        found = [nodes for kind, nodes in self._known().items() if kind in wanted]
        return found[0] if len(found) == 1 else [node for nodes in found for node in nodes]


@cache
def _with_derived(kinds: Kinds) -> frozenset[type]:
    found: set[type] = set()
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting += kind.__subclasses__()
    return frozenset(found)


def _ancestors(node: Expr) -> Iterator[Expr]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _by_kind(expression: Expr) -> dict[type, list[Expr]]:
    found: dict[type, list[Expr]] = {}
    for node in expression.dfs():
        found.setdefault(type(node), []).append(node)
    return found


def _named(function: Callable[..., Expr]) -> Callable[..., Expr] | None:
    """The transform that a lambda passes its node to."""
    if function.__name__ != "<lambda>" or function.__code__.co_names[:1] != ("transforms",):
        return None
    return getattr(transforms, function.__code__.co_names[1])


@cache
def _changes_in_place(function: Callable[..., Expr]) -> bool:
    """Whether a transform may change a node that it gives back: then the nodes below are not what they were."""
    return function.__name__ not in _GIVES_NEW and _CHANGES_IN_PLACE.search(inspect.getsource(function)) is not None


@cache
def needs(function: Callable[..., Expr]) -> Kinds | None:
    """The kinds of nodes that a transform may change; None when its source does not tell."""
    if function.__name__ in _BY_HAND:
        return _BY_HAND[function.__name__]
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
