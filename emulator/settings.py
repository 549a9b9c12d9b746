"""What can be set when a server starts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a client waits, in seconds, and which clock tasks follow."""

    answer_within: float = 45.0  # then "still running": the connector's own patience ends at 60
    lock_timeout: float = 600.0
    virtual_start: datetime | None = None  # of the clock of tasks; None: the machine's clock
