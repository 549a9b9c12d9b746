"""What can be set when a server starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a client waits, in seconds."""

    answer_within: float = 45.0  # then "still running": the connector's own patience ends at 60
    lock_timeout: float = 600.0
