"""One small change of one file, with an id that stays the same while the changed piece does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


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
