"""One small PNG per benchmark that is better seen than read."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.measure import Figures

mpl.use("Agg")


def draw(name: str, found: Figures, folder: Path) -> Path | None:
    """Write `<name>.png`; None for a benchmark that has no plot."""
    plot = {"growth": _growth, "components": _components, "full": _full, "incr": _incr}.get(found["benchmark"])
    if plot is None:
        return None
    figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
    plot(axes, found["results"])
    machine = found["machine"]
    axes.set_title(f"{found['benchmark']}, {machine['cores']} cores, medians of {found['rounds']}", fontsize=9)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=90, metadata={"Software": None})
    plt.close(figure)
    return path


def _growth(axes: Axes, rows: list[Figures]) -> None:
    sizes = np.array([row["rows"] for row in rows])
    seconds = np.array([row["seconds"] for row in rows])
    axes.loglog(sizes, seconds, "o-", label=f"FULL, exponent {rows[0]['exponent']:.2f}")
    axes.loglog(sizes, seconds[0] * sizes / sizes[0], "--", color="grey", label="linear")
    axes.set_xlabel("source rows")
    axes.set_ylabel("seconds")
    axes.legend()


def _components(axes: Axes, rows: list[Figures]) -> None:
    graphs = list(dict.fromkeys(row["graph"] for row in rows))
    solvers = list(dict.fromkeys(row["solver"] for row in rows))
    width = 0.8 / len(solvers)
    for number, solver in enumerate(solvers):
        seconds = {row["graph"]: row["seconds"] for row in rows if row["solver"] == solver and "seconds" in row}
        places = [graphs.index(graph) + number * width for graph in seconds]
        axes.bar(places, list(seconds.values()), width, label=solver.replace("_", " "))
    axes.set_yscale("log")
    axes.set_xticks(
        np.arange(len(graphs)) + 0.4 - width / 2, [graph.replace("_", "\n") for graph in graphs], fontsize=7
    )
    axes.set_ylabel("seconds")
    axes.legend(fontsize=6, ncols=2)


def _full(axes: Axes, rows: list[Figures]) -> None:
    for place, row in enumerate(row for row in rows if "parts" in row):
        start = 0.0
        for part, seconds in row["parts"].items():
            axes.barh(place, seconds, left=start, edgecolor="white")
            if seconds > 0.06 * max(other.get("seconds", 0) for other in rows):
                axes.text(start + seconds / 2, place, part.replace(" ", "\n"), ha="center", va="center", fontsize=6)
            start += seconds
    axes.set_yticks(range(len(rows)), [row["contender"] for row in rows])
    axes.set_xlabel("seconds")


def _incr(axes: Axes, rows: list[Figures]) -> None:
    axes.barh([row["contender"] for row in rows], [row["seconds"] for row in rows])
    for place, row in enumerate(rows):
        axes.text(row["seconds"], place, f" {row['ratio']:.1%}", va="center", fontsize=8)
    axes.set_xlabel("seconds, and the share of FULL")
