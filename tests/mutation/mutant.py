"""One small change of one file, with an id that stays the same while the changed piece does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """`file` with `text` instead of its own; `operator` names the change, `change` shows it, `line` is near it."""

    file: str
    text: str
    operator: str
    change: str
    line: int
    identity: str

    @property
    def id(self) -> str:
        """Ten hexadecimal digits made of the file and of the changed piece in a normal form."""
        return hashlib.sha256(f"{self.file}\n{self.identity}".encode()).hexdigest()[:10]

    def row(self, *, killed_by: str | None, tests: int, seconds: float) -> dict[str, Any]:
        """What a campaign writes down of it."""
        told = {"killed_by": killed_by, "tests": tests, "seconds": round(seconds, 2)}
        names = ("id", "file", "line", "operator", "change")
        return {name: getattr(self, name) for name in names} | told
