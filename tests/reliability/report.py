"""Sums what the programmes counted and writes the figures into docs/reliability.md: `./scripts/test --report`.

A programme, or a part of one, that did not run keeps the figures that it has.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from datetime import UTC, datetime
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


def section(programme: str, parts: dict[str, Counter[str]], size: str) -> str:
    return f"### {programme}\n\n{table(parts)}\nLast run: {datetime.now(UTC):%d %B %Y}, {size} size\n"


def told_before(section: str) -> dict[str, Counter[str]]:
    """The figures of a section, per part."""
    head, _, *rows = [
        [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return {
        part: Counter({name: int(cell.replace(",", "")) for name, cell in zip(head[1:], cells, strict=True)})
        for part, *cells in rows
        if part != "**all**"
    }


def sections(text: str) -> dict[str, str]:
    """The sections of a text by their headings."""
    return {part.partition("\n")[0]: f"### {part.strip()}\n" for part in text.split("### ")[1:]}


def main(tally: Path) -> None:
    lines = tally.read_text(encoding="utf-8").splitlines()
    sizes: dict[str, set[str]] = {}
    for row in map(json.loads, lines):
        sizes.setdefault(row["programme"], set()).add("whole" if row["is_long"] else "small")
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    kept, after = rest.split(END)
    told = sections(kept)
    for programme, parts in collected(lines).items():
        name = programme[0].upper() + programme[1:]
        both = {**(told_before(told[name]) if name in told else {}), **parts}
        told |= sections(section(name, both, " and ".join(sorted(sizes[programme]))))
    DOCUMENT.write_text(f"{before}{BEGIN}\n{chr(10).join(told[name] for name in sorted(told))}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
