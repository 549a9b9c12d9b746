"""Spellings that Snowflake reads and sqlglot does not, most of them Snowpark's."""

from __future__ import annotations

import re

_SPELLINGS = [
    # CREATE SCOPED TEMPORARY TABLE
    (re.compile(r"^(create\s+(?:or\s+replace\s+)?)scoped\s+(?=temp)", re.IGNORECASE), r"\1"),
    # CREATE TABLE name IF NOT EXISTS (..)
    (
        re.compile(r"^(create\s+(?:\w+\s+)*?table\s+)((?:\"[^\"]+\"|[\w$.])+)\s+if\s+not\s+exists\b", re.IGNORECASE),
        r"\1if not exists \2",
    ),
    # FROM (TABLE(GENERATOR(..)))
    (re.compile(r"\(\s*table\s*\(\s*(generator\s*\([^()]*\))\s*\)\s*\)", re.IGNORECASE), r"table(\1)"),
]


def respell(text: str) -> str:
    for pattern, replacement in _SPELLINGS:
        text = pattern.sub(replacement, text)
    return text
