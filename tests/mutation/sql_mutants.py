"""Mutants of the package's SQL: one operator at one place of one statement's syntax tree."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

from tests.mutation.mutant import Mutant

# `setup` holds definitions: of these the views and the rows that are put in
SETUP = ("idr_out", "idr_meta", "run_state", "schedule", "views")
Change = tuple[str, Callable[[exp.Expr], None]]

_WORD = re.compile(r"[A-Za-z_]+")
_COMPARISONS = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.NullSafeNEQ: exp.NEQ,
    exp.NullSafeEQ: exp.EQ,
}
_SWAPS = {
    exp.And: exp.Or,
    exp.Or: exp.And,
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.Greatest: exp.Least,
    exp.Least: exp.Greatest,
    exp.Add: exp.Sub,
    exp.Sub: exp.Add,
    exp.Mul: exp.Add,
}


def sql_files(root: Path) -> list[Path]:
    """The files with SQL that DuckDB runs: the bodies of tasks are scripts, which only Snowflake has."""
    templates = [path for path in (root / "sql").rglob("*.sql") if path.parent.name != "tasks"]
    return sorted([*templates, *(root / "setup" / f"{name}.sql" for name in SETUP)])


def sql_mutants(root: Path, path: Path) -> Iterator[Mutant]:
    """Every mutant of one file; no two of them say the same."""
    source = path.read_text(encoding="utf-8")
    header = "".join(line for line in source.splitlines(keepends=True) if line.startswith("--"))
    body = "".join(line for line in source.splitlines(keepends=True) if not line.startswith("--"))
    parts = [part.strip().rstrip(";") for part in body.split(";\n") if part.strip()]
    file = path.relative_to(root).as_posix()
    seen: set[str] = set()
    for number, part in enumerate(parts):
        line = source[: source.index(part)].count("\n") + 1
        for operator, text in _statement_mutants(part, alone=len(parts) == 1):
            if text in seen:
                continue
            seen.add(text)
            whole = header + ";\n".join(filter(None, [*parts[:number], text, *parts[number + 1 :]])) + "\n"
            change = "" if not text else _difference(_normal(part), text)
            identity = f"{operator}\n{text or _normal(part)}"
            yield Mutant(file, whole, operator, change or part.split("\n")[0], line, identity)


def _normal(part: str) -> str:
    return sqlglot.parse_one(part, read="snowflake").sql(dialect="snowflake", pretty=True)


def _difference(before: str, after: str) -> str:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return "\n".join(f"{line[0]} {line[2:].strip()}" for line in lines if line[0] in "+-")


def _statement_mutants(part: str, *, alone: bool) -> Iterator[tuple[str, str]]:
    tree = sqlglot.parse_one(part, read="snowflake")
    if isinstance(tree, (exp.Insert, exp.Update, exp.Delete)) and not alone:
        yield "drop the statement", ""
    if tree.find(exp.Select) is None and not isinstance(tree, (exp.Update, exp.Delete)):
        return
    normal = _normal(part)
    for place, node in enumerate(tree.walk()):
        for choice, (operator, _) in enumerate(_changes(node)):
            copy = tree.copy()
            found = next(item for at, item in enumerate(copy.walk()) if at == place)
            _changes(found)[choice][1](found)
            text = copy.sql(dialect="snowflake", pretty=True)
            if text != normal:
                yield operator, text


def _changes(node: exp.Expr) -> list[Change]:
    found: list[Change] = []
    for type_, make in _OPERATORS:
        if isinstance(node, type_):
            found += make(node)
    return found


def _as(other: type[exp.Expr]) -> Callable[[exp.Expr], None]:
    def change(node: exp.Expr) -> None:
        node.replace(other(**{name: _copied(value) for name, value in node.args.items()}))

    return change


def _copied(value: object) -> object:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value.copy() if isinstance(value, exp.Expr) else value


def _by(make: Callable[[exp.Expr], exp.Expr]) -> Callable[[exp.Expr], None]:
    return lambda node: _put(node, make(node))


def _put(node: exp.Expr, other: exp.Expr) -> None:
    node.replace(other)


def _set(**arguments: object) -> Callable[[exp.Expr], None]:
    def change(node: exp.Expr) -> None:
        for name, value in arguments.items():
            node.set(name, value)

    return change


def _without(name: str, index: int) -> Callable[[exp.Expr], None]:
    def change(node: exp.Expr) -> None:
        items = node.args[name]
        node.set(name, items[:index] + items[index + 1 :] or None)

    return change


def _comparison(node: exp.Expr) -> list[Change]:
    other = _COMPARISONS.get(type(node))
    if other is None or isinstance(node.parent, (exp.PropertyEQ, exp.Update)):
        return []
    return [(f"{type(node).__name__} to {other.__name__}", _as(other))]


def _swap(node: exp.Expr) -> list[Change]:
    other = _SWAPS.get(type(node))
    return [(f"{type(node).__name__} to {other.__name__}", _as(other))] if other else []


def _connector(node: exp.Expr) -> list[Change]:
    """Each side of AND and OR dropped once: the left one where it is no chain of its own."""
    kind = "conjunct" if isinstance(node, exp.And) else "disjunct"
    found: list[Change] = [(f"drop a {kind}", _by(lambda it: it.this.copy()))]
    if not isinstance(node.this, type(node)):
        found.append((f"drop a {kind}", _by(lambda it: it.expression.copy())))
    return found


def _clause(node: exp.Expr) -> list[Change]:
    name = type(node).__name__.upper()
    return [] if isinstance(node.this, exp.And) else [(f"drop {name}", lambda it: it.pop() and None)]


def _join(node: exp.Expr) -> list[Change]:
    side, kind = node.side, node.kind
    if side == "LEFT":
        return [("LEFT JOIN to INNER", _set(side=None, kind="INNER"))]
    if side == "FULL":
        return [
            ("FULL JOIN to LEFT", _set(side="LEFT", kind=None)),
            ("FULL JOIN to RIGHT", _set(side="RIGHT", kind=None)),
        ]
    return [("INNER JOIN to LEFT", _set(side="LEFT", kind=None))] if kind in ("INNER", "") else []


def _is(node: exp.Expr) -> list[Change]:
    if isinstance(node.parent, exp.Not):
        return []
    return [("negate IS", _by(lambda it: exp.Not(this=it.copy())))]


def _member(node: exp.Expr) -> list[Change]:
    if isinstance(node.parent, exp.Not):
        return []
    return [("negate IN or EXISTS", _by(lambda it: exp.Not(this=exp.Paren(this=it.copy()))))]


def _condition(node: exp.Expr) -> list[Change]:
    """A column that is a condition of its own."""
    if not isinstance(node.parent, (exp.Where, exp.And, exp.Or, exp.If)) or node.arg_key == "true":
        return []
    return [("negate a flag", _by(lambda it: exp.Not(this=it.copy())))]


def _select(node: exp.Expr) -> list[Change]:
    return [("drop DISTINCT", _set(distinct=None))] if node.args.get("distinct") else []


def _distinct(node: exp.Expr) -> list[Change]:
    """COUNT(DISTINCT x): of a select it is dropped there."""
    if isinstance(node.parent, exp.Select):
        return []
    return [("drop DISTINCT", _by(lambda it: it.expressions[0].copy()))]


def _union(node: exp.Expr) -> list[Change]:
    is_distinct = bool(node.args.get("distinct"))
    name = "UNION to UNION ALL" if is_distinct else "UNION ALL to UNION"
    found: list[Change] = [(name, _set(distinct=not is_distinct)), ("drop a branch", _by(_left_branch))]
    if not isinstance(node.this, exp.Union):
        found.append(("drop a branch", _by(_right_branch)))
    return found


def _left_branch(node: exp.Expr) -> exp.Expr:
    return _with(node, node.this)


def _right_branch(node: exp.Expr) -> exp.Expr:
    """The second branch, its columns under the names of the first."""
    kept = node.expression.copy()
    for name, column in zip(node.this.named_selects, kept.selects, strict=True):
        if name and column.alias_or_name != name:
            column.replace(exp.alias_(column.unalias().copy(), name))
    return _with(node, kept)


def _with(node: exp.Expr, branch: exp.Expr) -> exp.Expr:
    kept = branch.copy()
    if node.args.get("with_"):
        kept.set("with_", node.args["with_"].copy())
    return kept


def _count(node: exp.Expr) -> list[Change]:
    if isinstance(node.this, (exp.Star, exp.Distinct)):
        return []
    return [("COUNT(x) to COUNT(*)", _set(this=exp.Star()))]


def _coalesce(node: exp.Expr) -> list[Change]:
    """Each argument dropped once."""
    arguments = [node.this, *node.expressions]

    def keeping(kept: list[int]) -> Callable[[exp.Expr], None]:
        def change(it: exp.Expr) -> None:
            left = [[it.this, *it.expressions][index].copy() for index in kept]
            it.replace(left[0] if len(left) == 1 else exp.Coalesce(this=left[0], expressions=left[1:]))

        return change

    return [
        ("drop an argument of COALESCE", keeping([index for index in range(len(arguments)) if index != dropped]))
        for dropped in range(len(arguments))
    ]


def _order(node: exp.Expr) -> list[Change]:
    if len(node.expressions) == 1:
        is_query = isinstance(node.parent, exp.Select)
        return [("drop ORDER BY", lambda it: it.pop() and None)] if is_query else []
    return [("drop a term of ORDER BY", _without("expressions", index)) for index in range(len(node.expressions))]


def _ordered(node: exp.Expr) -> list[Change]:
    flipped = not node.args.get("desc")
    return [("flip a term of ORDER BY", _set(desc=flipped, nulls_first=flipped))]


def _window(node: exp.Expr) -> list[Change]:
    terms = node.args.get("partition_by") or []
    return [("drop a term of PARTITION BY", _without("partition_by", index)) for index in range(len(terms))]


def _case(node: exp.Expr) -> list[Change]:
    branches, default = node.args["ifs"], node.args.get("default")
    found: list[Change] = []
    if len(branches) == 1 and default is not None:

        def swap(it: exp.Expr) -> None:
            first, other = it.args["ifs"][0].args["true"].copy(), it.args["default"].copy()
            it.args["ifs"][0].set("true", other)
            it.set("default", first)

        found.append(("swap the branches of CASE", swap))
    if len(branches) > 1:
        found += [("drop a branch of CASE", _without("ifs", index)) for index in range(len(branches))]
    if default is not None:
        found.append(("drop ELSE", _set(default=None)))
    return found


def _literal(node: exp.Expr) -> list[Change]:
    if node.is_string:
        if not _WORD.fullmatch(node.name):
            return []
        return [("another word", _by(lambda it: exp.Literal.string(f"{it.name}_")))]
    if not node.name.isdigit() or isinstance(node.parent, exp.DataTypeParam):
        return []
    if isinstance(node.parent, exp.Select) and isinstance(node.parent.parent, exp.Exists):  # nobody sees it
        return []
    return [
        ("constant + 1", _by(lambda it: exp.Literal.number(int(it.name) + 1))),
        ("constant - 1", _by(lambda it: exp.Literal.number(int(it.name) - 1))),
    ]


def _boolean(node: exp.Expr) -> list[Change]:
    return [("flip a truth value", _by(lambda it: exp.Boolean(this=not it.this)))]


def _negation(node: exp.Expr) -> list[Change]:
    return [(f"drop {type(node).__name__.upper()}", _by(lambda it: it.this.copy()))]


def _update(node: exp.Expr) -> list[Change]:
    if len(node.expressions) == 1:
        return []
    return [("drop an assignment", _without("expressions", index)) for index in range(len(node.expressions))]


_OPERATORS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[exp.Expr], list[Change]]], ...] = (
    (tuple(_COMPARISONS), _comparison),
    (tuple(_SWAPS), _swap),
    (exp.Connector, _connector),
    ((exp.Where, exp.Having, exp.Qualify), _clause),
    (exp.Join, _join),
    (exp.Is, _is),
    ((exp.In, exp.Exists), _member),
    (exp.Column, _condition),
    (exp.Select, _select),
    (exp.Distinct, _distinct),
    (exp.Union, _union),
    (exp.Count, _count),
    (exp.Coalesce, _coalesce),
    (exp.Order, _order),
    (exp.Ordered, _ordered),
    (exp.Window, _window),
    (exp.Case, _case),
    (exp.Literal, _literal),
    (exp.Boolean, _boolean),
    ((exp.Not, exp.Neg), _negation),
    (exp.Update, _update),
)
