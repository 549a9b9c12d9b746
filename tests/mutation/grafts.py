"""Tries mutants of Python in forks of a session of pytest that has imported and collected everything.

The code of the changed function is put into the function that is loaded already: a trial costs no more than its tests.
A change of what is computed when a module is imported is tried as `trial.py` does: everything is imported anew.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutant import Mutant
from tests.mutation.trial import LIBRARIES, QUIET, Trials, Verdict, first_failure_suffices

Codes = dict[CodeType, CodeType]


def in_session(root: Path, modules: list[str], campaign: Callable[[list[pytest.Item]], None]) -> None:
    """Call `campaign` with all tests of those modules, within the session that has collected them."""
    for name in LIBRARIES:
        importlib.import_module(name)
    first_failure_suffices()
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    base = root / "output" / "basetemp"
    base.parent.mkdir(exist_ok=True)
    pytest.main([*QUIET, "-s", f"--basetemp={base}", *modules], plugins=[_Loop(campaign)])


class _Loop:
    def __init__(self, campaign: Callable[[list[pytest.Item]], None]) -> None:
        self.campaign = campaign

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.campaign(session.items)
        return True


class Grafts(Trials):
    """As `Trials`, but `items` are collected already."""

    def __init__(self, root: Path, touched: dict[str, Any], limit: float, items: list[pytest.Item]) -> None:
        self.root, self.touched, self.limit, self.preload = root, touched, limit, False
        self.kills: dict[str, Counter[str]] = {}
        self.sound: set[str] = set()
        self.items = {item.nodeid: item for item in items}
        touched["seconds"] = {test: spent for test, spent in touched["seconds"].items() if test in self.items}
        self.codes: Codes | None = {}
        found = gc.get_objects()
        self.functions = [one for one in found if type(one) is FunctionType and _is_ours(one)]
        self.caches = [one for one in found if isinstance(one, _lru_cache_wrapper) and _is_ours(one)]

    def of(self, mutant: Mutant, lines: range = range(0)) -> Verdict:
        by_line = self.touched["lines"].get(mutant.file, {})
        is_called = any(by_line.get(str(line)) for line in lines)
        original = (self.root / mutant.file).read_text(encoding="utf-8")
        self.codes = exchanged(original, mutant.text) if is_called else None
        return super().of(mutant, lines)

    def _is_sound(self, killer: str) -> bool:
        kept, self.codes = self.codes, {} if self.codes is not None else None
        try:
            return super()._is_sound(killer)
        finally:
            self.codes = kept

    def _fork(self, tests: list[str], seconds: float) -> str | None:
        codes = self.codes
        if codes is None:
            return self._fork_anew(tests, seconds)

        def run(writer: int) -> None:
            for cache in self.caches:
                if cache.__name__ != "to_duckdb":
                    cache.cache_clear()
            for function in self.functions:
                if function.__code__ in codes:
                    function.__code__ = codes[function.__code__]
            items = [self.items[test] for test in tests]
            for item, following in zip(items, [*items[1:], None], strict=True):
                reports = runtestprotocol(item, log=False, nextitem=following)
                if any(report.failed for report in reports):
                    os.write(writer, item.nodeid.encode()[:1000])
                    return

        return self._fork_for(run, seconds)

    def _fork_anew(self, tests: list[str], seconds: float) -> str | None:
        kept = dict(sys.modules)
        here = str(self.root)
        for name, module in kept.items():
            file = getattr(module, "__file__", None) or ""
            if file.startswith(here) and ".venv" not in file and not name.startswith("tests.mutation"):
                del sys.modules[name]
        try:
            return super()._fork(tests, seconds + 5)
        finally:
            sys.modules.update(kept)


def _is_ours(found: Any) -> bool:
    return str(getattr(found, "__module__", "")).startswith("idr.")


def exchanged(old: str, new: str) -> Codes | None:
    """The code of the functions that differ, by that of the original; None when more differs than functions."""
    codes: Codes = {}
    with contextlib.suppress(_ElsewhereError):
        for before, after in _pairs(compile(old, "", "exec"), compile(new, "", "exec")):
            if before != after:
                if before.co_freevars != after.co_freevars:
                    return None
                codes[before] = after
        return codes
    return None


class _ElsewhereError(Exception):
    """The difference is in what a module or a class does when it is imported."""


def _pairs(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Functions of two programs of the same shape."""
    if not before.co_flags & inspect.CO_OPTIMIZED:
        if _own(before) != _own(after):
            raise _ElsewhereError
    else:
        yield before, after
    inner = ([item for item in code.co_consts if isinstance(item, CodeType)] for code in (before, after))
    old, new = inner
    if [code.co_name for code in old] != [code.co_name for code in new]:
        if before.co_flags & inspect.CO_OPTIMIZED:
            return
        raise _ElsewhereError
    for pair in zip(old, new, strict=True):
        yield from _pairs(*pair)


def _own(code: CodeType) -> tuple[Any, ...]:
    consts = tuple((type(item), item) for item in code.co_consts if not isinstance(item, CodeType))
    return code.co_code, consts, code.co_names, code.co_varnames
