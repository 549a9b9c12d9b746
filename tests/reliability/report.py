"""Sums what the programmes counted and writes the figures into docs/reliability.md: `./scripts/test --report`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"
Figures = dict[str, dict[str, Counter[str]]]


def collected(lines: list[str]) -> Figures:
    """Per programme and part the sums of what its tests counted."""
    found: Figures = {}
    for line in lines:
        row = json.loads(line)
        found.setdefault(row["programme"], {}).setdefault(row["part"], Counter()).update(row["figures"])
    return found


def table(parts: dict[str, Counter[str]]) -> str:
    """One row per part and one with the sums."""
    names = list(dict.fromkeys(name for figures in parts.values() for name in figures))
    total: Counter[str] = Counter()
    for figures in parts.values():
        total.update(figures)
    rows = [(part.replace("|", "\\|"), figures) for part, figures in parts.items()]
    rows.append(("**all**", total))
    head = f"| | {' | '.join(names)} |\n|---|{'---:|' * len(names)}\n"
    return head + "".join(
        f"| {part} | {' | '.join(f'{figures[name]:,}' for name in names)} |\n" for part, figures in rows
    )


def main(tally: Path) -> None:
    found = collected(tally.read_text(encoding="utf-8").splitlines())
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    told = "\n".join(
        f"### {programme[0].upper()}{programme[1:]}\n\n{table(parts)}" for programme, parts in sorted(found.items())
    )
    DOCUMENT.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
