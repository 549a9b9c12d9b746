"""What differs between two configurations, in lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from idr.model import Config

_SECTIONS = (("source", "sources"), ("identifier", "identifiers"), ("rule", "rules"), ("survivorship", "survivorship"))


def changes(old: Config | None, new: Config) -> list[str]:
    """Lines such as `rule email: max_group_size 20 -> 10`; empty when nothing differs."""
    before: dict[str, Any] = asdict(old) if old else {}
    after = asdict(new)
    lines: list[str] = []
    for noun, section in _SECTIONS:
        was, now = before.get(section, {}), after[section]
        lines += [f"{noun} {name}: removed" for name in was if name not in now]
        for name, item in now.items():
            lines += _fields(f"{noun} {name}: ", was[name], item) if name in was else [f"{noun} {name}: added"]
    for section in ("guardrails", "settings"):
        if section in before:
            lines += _fields(f"{section}: ", before[section], after[section])
    return lines


def _fields(prefix: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key in dict.fromkeys([*was, *now]):
        left, right = was.get(key), now.get(key)
        if isinstance(left, dict) and isinstance(right, dict):
            lines += _fields(f"{prefix}{key}.", left, right)
        elif left != right:
            lines.append(f"{prefix}{key} {_shown(left)} -> {_shown(right)}")
    return lines


def _shown(value: Any) -> str:
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(" ".join(item.values()) if isinstance(item, dict) else str(item) for item in value)
    return str(value)
