"""IDR beside Splink and dedupe, end to end, on public sets with truth: pairwise agreement and time.

Each is used as its first pages teach, without tuning against the truth. dedupe asks questions, which the truth answers;
neither of the others gets any answer. Imports are not timed.
"""

from __future__ import annotations

import importlib
import time

from benchmarks.known import KNOWN
from benchmarks.measure import Figures, in_turns
from benchmarks.options import Options
from benchmarks.resolvers import RESOLVERS
from idr.evaluate import score

ROWS = 0  # the sets have the size that they have


def bench(options: Options) -> list[Figures]:
    rows: list[Figures] = []
    for data in KNOWN:
        calls = {
            name: ("benchmarks.accuracy:resolve", {"data": data, "name": name, "seed": options.seed})
            for name in RESOLVERS
            if name != "dedupe" or KNOWN[data]().fields
        }
        found = in_turns(calls, options.rounds)
        rows += [{"data": data, "contender": name, **figures} for name, figures in found.items()]
    return rows


def resolve(data: str, name: str, seed: int) -> Figures:
    """Pairwise precision, recall and F1 of one resolver on one set, and its seconds from rows to clusters."""
    known = KNOWN[data]()
    importlib.import_module(name)
    started = time.perf_counter()
    clusters = RESOLVERS[name](known, seed)
    seconds = time.perf_counter() - started
    pairwise = score(known.truth, clusters)["pairwise"]
    agreement = {key: pairwise[key] for key in ("precision", "recall", "f1")}
    return {"records": len(known.truth), "seconds": seconds, **agreement}
