"""Mutants of the Python core, made by the operators of Cosmic Ray; a seeded sample of them, spread over the modules."""

from __future__ import annotations

import ast
import difflib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from tests.mutation.mutant import Mutant

# left out: the command, what only runs in Snowflake, and tables of data
LEFT_OUT = ("cli/", "schedule/", "handlers.py", "phone_regions.py", "warehouse/snowpark.py", "warehouse/references.py")
# One replacement for each operator of the language: Cosmic Ray has up to eleven, of which nearly all raise at once.
OPERATORS = (
    "AddNot", "ExceptionReplacer", "NumberReplacer", "RemoveDecorator", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ZeroIterationForLoop", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_FloorDiv",
    "ReplaceBinaryOperator_Div_Mul", "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_Mul",
    "ReplaceBinaryOperator_Pow_Mul", "ReplaceBinaryOperator_BitOr_BitAnd", "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq", "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
)  # fmt: skip
SEED = 20240601
SAMPLE = 400


@dataclass(frozen=True, order=True)
class Place:
    """Where one operator changes one module: its number among the operator's places, and the lines there."""

    module: Path
    operator: str
    occurrence: int
    first_line: int
    last_line: int


def modules(root: Path) -> list[Path]:
    """The modules of the core."""
    package = root / "procedures" / "idr"
    return sorted(
        path for path in package.rglob("*.py") if not path.relative_to(package).as_posix().startswith(LEFT_OUT)
    )


def places(module: Path) -> Iterator[Place]:
    """Every place of every operator, without type annotations: nothing reads them when the program runs."""
    source = module.read_text(encoding="utf-8")
    spans = [_span(node) for node in _annotations(ast.parse(source))]
    seen: Counter[str] = Counter()
    for node in ast_nodes(get_ast(source)):
        for name in OPERATORS:
            for start, end in _operator(name).mutation_positions(node):
                if not any(first <= start <= last for first, last in spans):
                    yield Place(module, name, seen[name], start[0], end[0])
                seen[name] += 1


def sampled(found: list[Place], size: int | None) -> list[Place]:
    """`size` places or a few more, each module's share in proportion and at least one; the same at each call."""
    if size is None or size >= len(found):
        return found
    by_module: dict[Path, list[Place]] = defaultdict(list)
    for place in found:
        by_module[place.module].append(place)
    chosen: list[Place] = []
    for module, mine in sorted(by_module.items()):
        share = max(1, round(size * len(mine) / len(found)))
        chosen += random.Random(f"{SEED} {module.name}").sample(mine, min(share, len(mine)))
    return chosen


def made(root: Path, place: Place) -> Mutant | None:
    """The mutant at a place; None when the program is the same, or is none."""
    source = place.module.read_text(encoding="utf-8")
    try:
        text = mutate_code(source, _operator(place.operator), place.occurrence)
        if text is None or ast.dump(ast.parse(text)) == ast.dump(ast.parse(source)):
            return None
    except (
        AttributeError,
        SyntaxError,
    ):  # Cosmic Ray knows no exceptions with a dot; some `not` it puts where none may be
        return None
    lines = [line for line in difflib.ndiff(source.splitlines(), text.splitlines()) if line[0] in "+-"]
    change = "\n".join(f"{line[0]} {line[2:].strip()}" for line in lines)
    earlier = [line.strip() for line in source.splitlines()[: place.first_line - 1]]
    repeated = earlier.count(source.splitlines()[place.first_line - 1].strip())
    file = place.module.relative_to(root).as_posix()
    return Mutant(file, text, place.operator, change, place.first_line, f"{place.operator}\n{change}\n{repeated}")


def sampled_mutants(root: Path, size: int | None) -> list[tuple[Mutant, range]]:
    """Mutants and the lines that each changes."""
    chosen = sampled([place for module in modules(root) for place in places(module)], size)
    pairs = ((made(root, place), reach(place)) for place in chosen)
    return [(mutant, lines) for mutant, lines in pairs if mutant is not None]


def fresh_mutants(root: Path, size: int | None, seed: int) -> list[tuple[Mutant, range]]:
    """The first of what the usual sample leaves out, in an order of their own."""
    found = [place for module in modules(root) for place in places(module)]
    rest = sorted(set(found) - set(sampled(found, SAMPLE)))
    random.Random(seed).shuffle(rest)
    pairs = ((made(root, place), reach(place)) for place in rest[:size])
    return [(mutant, lines) for mutant, lines in pairs if mutant is not None]


def reach(place: Place) -> range:
    """The lines whose tests may notice a change: its own within a function; all of a function for its decorators and
    defaults; all of the module for what is computed when it is imported.
    """
    source = place.module.read_text(encoding="utf-8")
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    around = [node for node in functions if place.first_line in _lines(node)]
    if not around:
        return range(1, source.count("\n") + 2)
    inner = max(around, key=lambda node: node.lineno)
    is_in_body = place.first_line >= inner.body[0].lineno
    return range(place.first_line, place.last_line + 1) if is_in_body else _lines(inner)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> range:
    first = min(node.lineno for node in (function, *function.decorator_list))
    return range(first, (function.end_lineno or first) + 1)


@cache
def _operator(name: str) -> Any:
    return get_operator(f"core/{name}")()


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                yield found


def _span(node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0)
