"""Results as tables: on the terminal, and in docs/performance.md between its markers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import Figures

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "build" / "bench"
PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"
_MARKED = re.compile(r"<!-- generated: (\w+) -->\n.*?<!-- end of \1 -->\n", re.DOTALL)
_FORMATS: dict[str, Callable[[Any], str]] = {
    "seconds": lambda value: f"{value:.2f}" if value >= 0.1 else f"{value:.3f}",
    **dict.fromkeys(("cpu_seconds", "run_seconds"), lambda value: f"{value:.2f}"),
    **dict.fromkeys(("ratio", "to_same_forms"), lambda value: f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"),
    **dict.fromkeys(("precision", "recall", "f1"), lambda value: f"{value:.3f}"),
    **dict.fromkeys(("microseconds_a_row", "exponent"), lambda value: f"{value:.2f}"),
    "written_mb": lambda value: f"{value:,.1f}",
}
_HIDDEN = ("partition",)


def text(found: Figures) -> str:
    """The table of one benchmark for a terminal, with what it was measured on."""
    rows = _table(found["results"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([_circumstances(found), *lines, *_parts(found)])


def save(name: str, found: Figures) -> None:
    """Write `build/bench/<name>.json`."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def write_docs() -> None:
    """Put the tables and plots of all results into docs/performance.md; what was not measured stays as it is."""
    from benchmarks import plots

    page = PAGE.read_text(encoding="utf-8")
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    for name, result in found.items():
        plot = plots.draw(name, result, PLOTS)
        section = "\n".join(
            [
                f"<!-- generated: {name} -->",
                f"{_circumstances(result)}\n",
                *_markdown(result["results"]),
                *([f"\n![{name}](performance/{plot.name})"] if plot else []),
                f"<!-- end of {name} -->\n",
            ]
        )
        page = _MARKED.sub(lambda match, name=name, section=section: section if match[1] == name else match[0], page)
    PAGE.write_text(page, encoding="utf-8")


def _circumstances(found: Figures) -> str:
    machine = found["machine"]
    return (
        f"`{found['command']}`: seed {found['seed']}, medians of {found['rounds']}, {machine['cores']} cores,"
        f" {machine['memory_gb']} GB, DuckDB {machine['duckdb']}; load {machine['load']} before and"
        f" {machine['load_after']} after."
    )


def _table(results: list[Figures]) -> list[list[str]]:
    """The heading and one row per result; a result without figures took longer than the limit."""
    columns = [key for key in dict.fromkeys(key for row in results for key in row) if key not in _HIDDEN]
    columns = [key for key in columns if not any(isinstance(row.get(key), dict) for row in results)]
    heading = [key.replace("_", " ") for key in columns]
    return [heading, *[[_cell(key, row) for key in columns] for row in results]]


def _cell(key: str, row: Figures) -> str:
    value = row.get(key)
    if value is None:
        return "over the limit" if key == "seconds" else ""
    if key in _FORMATS:
        return _FORMATS[key](value)
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def _markdown(results: list[Figures]) -> list[str]:
    heading, *rows = [f"| {' | '.join(row)} |" for row in _table(results)]
    return [heading, f"|{'---|' * (heading.count('|') - 1)}", *rows]


def _parts(found: Figures) -> list[str]:
    """The seconds of each part of a contender, for the terminal."""
    lines: list[str] = []
    for row in found["results"]:
        if "parts" in row:
            lines += [f"  {row.get('contender', row.get('rows'))}"]
            lines += [f"    {part:<24} {seconds:8.3f}" for part, seconds in _longest_first(row["parts"])]
    return lines


def _longest_first(parts: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(parts.items(), key=lambda item: -item[1])
