"""Failures that nobody foresaw, told without the text of the exception: a value of a customer may be in it."""

from __future__ import annotations

import traceback
from pathlib import Path

from idr.errors import IdrError

_PACKAGE = Path(__file__).parent
_MOST = 5


def surprise(error: BaseException) -> IdrError:
    """IDR-599 with the kind of the failure and the lines of this package that led to it, the last one first."""
    return IdrError.of("IDR-599", described(error), fix="Please report this, with the version and what you did")


def described(error: BaseException) -> str:
    """`KeyError at publish.py:43, run.py:12`; of the system its words, such as `No space left on device`."""
    told = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        told += f" ({error.strerror})"
    lines = [
        f"{Path(frame.filename).relative_to(_PACKAGE)}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    return f"{told} at {', '.join(lines[:_MOST])}" if lines else told
