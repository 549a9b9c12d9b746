"""Reads `idr.yml`: the YAML node tree becomes plain values, and each path keeps its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from idr.config.validate import Path, validate
from idr.errors import IdrError, Problem
from idr.model import Config

MAX_NODES = 200_000
_TEXT_LISTS = ("match", "placeholders", "exclude", "sources")
_TEXT_KEYS = ("exact", "like", "regex", "id", "region")


def load_file(path: str | FilePath) -> Config:
    """The checked configuration in a file. Raises IDR-112 when it cannot be read, else as `load_text`."""
    try:
        text = FilePath(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise IdrError.of("IDR-112", "the file is not UTF-8 text", where=str(path), fix="Save it as UTF-8") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise IdrError.of("IDR-112", f"cannot read it ({reason})", where=str(path), fix="Check the path") from error
    return load_text(text, FilePath(path).name)


def load_text(text: str, name: str = "idr.yml") -> Config:
    """The checked configuration; raises one `IdrError` with every problem, each with its line."""
    tree = _Tree(name)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = None if root is None else tree.value(root, ())
    except yaml.YAMLError as error:
        raise _syntax_error(error, name) from error
    except (RecursionError, ValueError) as error:
        raise IdrError.of(
            "IDR-101",
            "it is nested too deeply or has an unreadable value",
            where=name,
            fix="Write values out instead of repeating them by anchors (&) and aliases (*)",
        ) from error
    return validate(raw, tree.where, tree.problems)


def _syntax_error(error: yaml.YAMLError, name: str) -> IdrError:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark else name
    reason = getattr(error, "problem", None) or " ".join(str(error).split())
    return IdrError.of("IDR-101", reason, where=where, fix="Check indentation, quotes and brackets near this line")


@dataclass(slots=True)
class _Tree:
    name: str
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    scalars: SafeConstructor = field(default_factory=SafeConstructor)

    def where(self, path: Path) -> str:
        line = self.lines.get(path)
        dotted = _dotted(path)
        return f"{self.name}:{line} {dotted}".strip() if line else f"{self.name} {dotted}".strip()

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_NODES:
            raise ValueError("too many values")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, position)) for position, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem("IDR-105", "a key must be text", f"{self.name}:{line}"))
                continue
            key = str(key_node.value)
            place = (*path, key)
            if key in found:
                fix = f"It is already on line {self.lines[place]}"
                self.problems.append(
                    Problem("IDR-110", f'"{key}" is defined twice', f"{self.name}:{line} {_dotted(place)}", fix)
                )
                continue
            self.lines[place] = line
            found[key] = self.value(value_node, place)
        return found

    def scalar(self, node: yaml.Node, path: Path) -> Any:
        """A number such as 0000 in a list of values means its own text, as written."""
        value = self.scalars.construct_object(node)
        in_text_list = len(path) > 1 and isinstance(path[-1], int) and path[-2] in _TEXT_LISTS
        wants_text = in_text_list or (path and path[-1] in _TEXT_KEYS)
        return str(node.value) if wants_text and value is not None else value


def _dotted(path: Path) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
