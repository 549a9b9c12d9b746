"""Writes the figures of the campaigns into docs/reliability.md: `./scripts/mutate` ends with it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
SURVIVORS = Path(__file__).parent / "survivors.yml"


def survivors() -> dict[str, dict[str, dict[str, str]]]:
    """`equivalent` and `open`: per id of a mutant its file, change and reason."""
    found = yaml.safe_load(SURVIVORS.read_text(encoding="utf-8"))
    return {name: found.get(name) or {} for name in ("equivalent", "open")}


@dataclass(frozen=True)
class Figures:
    """What became of the mutants of one kind; `all` counts those that were not in the sample as well."""

    all: int
    tried: int
    killed: int
    equivalent: int

    @property
    def surviving(self) -> int:
        return self.tried - self.killed - self.equivalent

    @property
    def share(self) -> float:
        """Killed in per cent of those that are not equivalent, rounded down to a tenth."""
        return self.killed * 1000 // max(1, self.tried - self.equivalent) / 10


def figures(rows: list[dict[str, Any]], total: int) -> Figures:
    """A mutant that was tried again counts as it ended."""
    last = {row["id"]: bool(row["killed_by"]) for row in rows}
    equivalent = survivors()["equivalent"]
    killed = sum(last.values())
    return Figures(total, len(last), killed, sum(not dead and name in equivalent for name, dead in last.items()))


def row(kind: str, found: Figures) -> str:
    """The line of the table that tells of one kind."""
    numbers = (found.all, found.tried, found.killed, found.equivalent, found.surviving)
    return f"| {kind} | {' | '.join(f'{number:,}' for number in numbers)} | {found.share} % |"


def write(kind: str, results: Path, total: int) -> None:
    """Put the outcome of a campaign into the table; `total` counts all mutants of that kind."""
    found = figures([json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()], total)
    text, changed = re.subn(
        rf"^\| {kind} \|.*$", row(kind, found), DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    if changed != 1:
        raise SystemExit(f"{DOCUMENT} has {changed} rows that begin with '| {kind} |' instead of one")
    DOCUMENT.write_text(text, encoding="utf-8")
