"""What the programmes count: each test adds its figures to one file, which `report.py` sums up."""

from __future__ import annotations

import json
import os
from pathlib import Path

LONG = os.environ.get("IDR_LONG") == "1"
_FILE = os.environ.get("IDR_TALLY")


def count(programme: str, part: str, **figures: int) -> None:
    """Add the figures of one part of a programme to the file that IDR_TALLY names, when it names one."""
    if _FILE:
        line = json.dumps({"programme": programme, "part": part, "is_long": LONG, "figures": figures})
        with Path(_FILE).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
