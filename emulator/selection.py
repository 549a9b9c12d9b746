"""The end of a SHOW statement: `[STARTS WITH 'text'] [LIMIT n [FROM 'text']]`, the same for every kind of object."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.result import Result

_END = re.compile(
    r"(?:\s+starts\s+with\s+'(?P<prefix>(?:[^']|'')*)')?(?:\s+limit\s+(?P<limit>\d+)(?:\s+from\s+'(?P<after>(?:[^']|'')*)')?)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a SHOW statement says without its end, and which of its rows the end keeps."""

    text: str
    prefix: str
    after: str | None
    limit: int | None

    def of(self, result: Result) -> Result:
        """The rows, ordered as they are, that the end of the statement keeps."""
        names = [column.name for column in result.columns]
        if (self.prefix or self.after is not None) and "name" in names:
            place = names.index("name")
            result.rows = [row for row in result.rows if str(row[place]).startswith(self.prefix)]
            if self.after is not None:
                result.rows = [row for row in result.rows if str(row[place]) > self.after]
        if self.limit is not None:
            result.rows = result.rows[: self.limit]
        return result


def selection(text: str) -> Selection | None:
    """The end of a SHOW statement, if it has one."""
    match = _END.search(text)
    if match is None or not match[0].strip():
        return None
    prefix, after = ((match[key] or "").replace("''", "'") for key in ("prefix", "after"))
    limit = match["limit"]
    return Selection(
        text[: match.start()], prefix, after if match["after"] is not None else None, int(limit) if limit else None
    )
