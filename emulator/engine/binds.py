"""Values that a client binds to `?` or `:name`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fakesnow.converter import from_binding

Parameters = list[Any] | dict[str, Any]  # by position, or by name
Rows = Sequence[Parameters]  # one set of parameters per row that the statement runs for


def decode(bindings: dict[str, Any] | None) -> Rows | None:
    """The bindings of a request as Python values; an array binding gives one row per element."""
    if not bindings:
        return None
    if not all(key.isdigit() for key in bindings):
        return [{name: from_binding(binding) for name, binding in bindings.items()}]
    ordered = [bindings[str(position)] for position in range(1, len(bindings) + 1)]
    if not any(isinstance(binding["value"], list) for binding in ordered):
        return [[from_binding(binding) for binding in ordered]]
    columns = [[from_binding({**binding, "value": value}) for value in binding["value"]] for binding in ordered]
    return [list(row) for row in zip(*columns, strict=True)]
