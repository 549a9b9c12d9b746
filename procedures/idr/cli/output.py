"""Two channels: results go to stdout, everything else to stderr. Foreign text is never read as markup."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

stdout = Console(highlight=False, soft_wrap=False)
stderr = Console(stderr=True, highlight=False)


def visible(value: Any) -> str:
    """Text with control, bidirectional and other invisible characters written as escapes; newlines stay."""
    return "".join(
        character.encode("unicode_escape", "surrogatepass").decode()
        if character != "\n" and unicodedata.category(character) in _UNSAFE
        else character
        for character in str(value)
    )


def text(value: Any, style: str = "") -> Text:
    if isinstance(value, datetime):
        value = value.isoformat(sep=" ", timespec="seconds")
    return Text("" if value is None else visible(value), style=style)


def say(value: Any, style: str = "") -> None:
    stdout.print(text(value, style), soft_wrap=True)


def note(value: Any, style: str = "") -> None:
    stderr.print(text(value, style), soft_wrap=True)


def print_json(result: Any) -> None:
    print(json.dumps(result, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(title=text(title), title_justify="left")
    for column in columns:
        table.add_column(text(column), overflow="fold")
    for row in rows:
        table.add_row(*(text(cell) for cell in row))
    stdout.print(table)


def print_pairs(title: str, pairs: Mapping[str, Any]) -> None:
    print_table(title, ("", ""), pairs.items())


def progress(stage: str, rows: int, seconds: float) -> None:
    note(f"{stage:<32} {rows:>12,} rows {seconds:>8.2f} s", "dim")
