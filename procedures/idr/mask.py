"""Personal values on screen: enough to recognise, too little to read."""

from __future__ import annotations

from typing import Any


def mask(value: Any) -> str | None:
    """Keep the first and the last character; three characters or fewer are hidden entirely."""
    if value is None:
        return None
    text = str(value)
    if len(text) <= 3:
        return "*" * len(text)
    return f"{text[0]}{'*' * (len(text) - 2)}{text[-1]}"


def mask_values(values: dict[str, Any]) -> dict[str, Any]:
    return {name: mask(value) for name, value in values.items()}
