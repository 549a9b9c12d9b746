"""The rules of a configuration, over plain dictionaries: every problem is collected, none stops the check."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from idr.config import expression
from idr.config.reserved import RESERVED_WORDS
from idr.errors import IdrError, Problem
from idr.model import (
    Config,
    Exclusion,
    ExclusionKind,
    Guardrails,
    Identifier,
    OnConflict,
    Rule,
    Settings,
    Source,
    Survivorship,
)
from idr.normalize import NORMALIZERS
from idr.phone_regions import PHONE_REGIONS

STRATEGIES = ("most_recent", "earliest", "source_priority", "most_frequent", "longest", "min", "max")
LARGEST = 1_000_000_000

_ANY_FIX = "docs/configuration.md says what may stand here, `idr init` writes an example"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TAKEN_ATTRIBUTES = frozenset({"resolved_id", "updated_ts"})
_TOP = ("sources", "identifiers", "rules", "survivorship", "guardrails", "settings")
_SOURCE = (
    "table", "key", "watermark", "lookback_minutes", "cap_watermark", "deleted_when", "deletes", "trust",
    "identifiers", "attributes",
)  # fmt: skip
_IDENTIFIER = ("normalize", "region", "gmail", "placeholders", "exclude", "unique", "max_per_identity", "on_conflict")
_RULE = ("id", "match", "priority", "max_group_size")
_GUARDRAILS: dict[str, tuple[type, float, float]] = {
    "max_moved_ratio": (float, 0, 1),
    "max_cluster_size": (int, 1, LARGEST),
    "max_merged_clusters": (int, 0, LARGEST),
    "max_split_clusters": (int, 0, LARGEST),
    "min_source_ratio": (float, 0, 1),
    "max_skipped_groups": (int, 0, LARGEST),
    "max_conflicts": (int, 0, LARGEST),
    "suspect_group_factor": (float, 1, LARGEST),
}
_SETTINGS = ("plan_ttl_minutes", "lease_minutes", "retention_days")

Path = tuple[str | int, ...]
Raw = Mapping[str, Any]


def suggestion(name: str, known: Iterable[str]) -> str:
    """'Did you mean "email"?' or nothing."""
    by_lower = {word.lower(): word for word in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f'Did you mean "{by_lower[close[0]]}"?' if close else ""


def validate(raw: Any, where: Callable[[Path], str], earlier: Iterable[Problem] = ()) -> Config:
    """The configuration that `raw` describes; raises one `IdrError` with every problem, `earlier` ones first."""
    reader = _Reader(where, list(earlier))
    config = reader.config(raw)
    if reader.problems:
        raise IdrError(*reader.problems)
    return config


@dataclass(slots=True)
class _Reader:
    where: Callable[[Path], str]
    problems: list[Problem] = field(default_factory=list)

    def report(self, code: str, path: Path, message: str, fix: str = "") -> None:
        self.problems.append(Problem(code, message, self.where(path), fix or _ANY_FIX))

    def config(self, raw: Any) -> Config:
        top = self.mapping(raw, (), _TOP, required=("sources", "identifiers", "rules"))
        identifiers = {
            name: self.identifier(name, item) for name, item in self.named(top, "identifiers", required=True)
        }
        sources = {
            name: self.source(name, item, identifiers) for name, item in self.named(top, "sources", required=True)
        }
        rules = self.rules(top, identifiers)
        attributes = {name for source in sources.values() for name in source.attributes}
        survivorship = {
            name: self.survivorship(name, item, attributes, sources) for name, item in self.named(top, "survivorship")
        }
        return Config(sources, identifiers, rules, survivorship, self.guardrails(top), self.settings(top))

    def mapping(self, raw: Any, path: Path, known: tuple[str, ...], required: tuple[str, ...] = ()) -> Raw:
        if raw is None:
            raw = {}
        if not isinstance(raw, Mapping):
            self.report("IDR-105", path, "must be a mapping of keys to values")
            return {}
        found = cast(Raw, raw)
        for key in found:
            if key not in known:
                fix = suggestion(key, known) or f"Known keys: {', '.join(known)}"
                self.report("IDR-102", (*path, key), f'unknown key "{key}"', fix)
        for key in required:
            if found.get(key) is None:
                self.report("IDR-106", path, f'the key "{key}" is missing')
        return found

    def named(self, top: Raw, section: str, *, required: bool = False) -> list[tuple[str, Any]]:
        raw = top.get(section)
        if raw is None:
            return []
        if not isinstance(raw, Mapping):
            self.report("IDR-105", (section,), "must be a mapping of names to definitions")
            return []
        found = cast(Raw, raw)
        if required and not found:
            self.report("IDR-106", (section,), "must define at least one")
        for name in found:
            self.name(name, (section, name))
        return list(found.items())

    def name(self, name: str, path: Path) -> None:
        if not _NAME.fullmatch(name):
            self.report(
                "IDR-111", path, f'the name "{name}" is not allowed',
                "A name has lower-case letters, digits and _, starts with a letter, and has at most 63 characters",
            )  # fmt: skip

    def attribute_name(self, name: str, path: Path) -> None:
        self.name(name, path)
        if name in _TAKEN_ATTRIBUTES:
            self.report("IDR-111", path, f'"{name}" is a column that IDR writes itself', "Choose another name")
        elif name in RESERVED_WORDS:
            self.report(
                "IDR-111", path, f'"{name}" is a reserved word of SQL', f'Choose another name, such as "{name}_value"'
            )

    def source(self, name: str, raw: Any, identifiers: Raw) -> Source:
        path: Path = ("sources", name)
        item = self.mapping(raw, path, _SOURCE, required=("table", "key"))
        watermark = self.expression(item, "watermark", path)
        deletes = self.choice(item, "deletes", path, ("detect", "ignore"), "ignore" if watermark else "detect")
        values = self.expressions(item, "identifiers", path)
        for used in values:
            self.reference(used, identifiers, (*path, "identifiers", used), "identifier")
        attributes = self.expressions(item, "attributes", path)
        for used in attributes:
            self.attribute_name(used, (*path, "attributes", used))
        return Source(
            source_id=name,
            table=self.table(item, path),
            key=self.expression(item, "key", path) or "",
            watermark=watermark,
            lookback_minutes=self.integer(item, "lookback_minutes", path, 0, 0),
            cap_watermark=self.boolean(item, "cap_watermark", path, True),
            deleted_when=self.expression(item, "deleted_when", path),
            detect_deletes=deletes == "detect",
            trust=self.integer(item, "trust", path, 100, 0),
            identifiers=values,
            attributes=attributes,
        )

    def identifier(self, name: str, raw: Any) -> Identifier:
        path: Path = ("identifiers", name)
        item = self.mapping(raw, path, _IDENTIFIER)
        normalize = self.choice(item, "normalize", path, NORMALIZERS, "none")
        region = self.text(item, "region", path)
        if region is not None and normalize != "phone":
            self.report("IDR-105", (*path, "region"), "only an identifier with normalize: phone has a region")
        elif region is not None and region not in PHONE_REGIONS:
            fix = "Write the two capital letters of a country, such as US or DE"
            self.report("IDR-105", (*path, "region"), f'"{region}" is not a region', fix)
        gmail = self.boolean(item, "gmail", path, False)
        if gmail and normalize != "email":
            self.report("IDR-105", (*path, "gmail"), "only an identifier with normalize: email can have gmail: true")
        placeholders = item.get("placeholders")
        return Identifier(
            name=name,
            normalize=normalize,
            region=(region or "US") if normalize == "phone" else None,
            gmail=gmail,
            placeholders=None if placeholders is None else tuple(sorted(set(self.texts(item, "placeholders", path)))),
            exclude=self.exclusions(item, path),
            unique=self.boolean(item, "unique", path, False),
            max_per_identity=self.integer(item, "max_per_identity", path, None, 1),
            on_conflict=cast(OnConflict, self.choice(item, "on_conflict", path, get_args(OnConflict), "hold")),
        )

    def exclusions(self, item: Raw, path: Path) -> tuple[Exclusion, ...]:
        found: set[tuple[ExclusionKind, str]] = set()
        for position, raw in enumerate(self.sequence(item, "exclude", path)):
            place: Path = (*path, "exclude", position)
            if isinstance(raw, Mapping):
                kinds = cast("tuple[ExclusionKind, ...]", get_args(ExclusionKind))
                entry = self.mapping(cast(Raw, raw), place, kinds)
                if len(entry) != 1:
                    self.report("IDR-105", place, "must have one of the keys exact, like, regex")
                for kind in kinds:
                    pattern = self.text(entry, kind, place)
                    if pattern is not None:
                        found.add((kind, pattern))
            elif (text := self.scalar_text(raw, place)) is not None:
                found.add(("like" if "%" in text else "exact", text))
        for kind, pattern in found:
            if kind == "regex":
                self.regex(pattern, (*path, "exclude"))
        return tuple(Exclusion(kind, pattern) for kind, pattern in sorted(found))

    def regex(self, pattern: str, path: Path) -> None:
        try:
            re.compile(pattern)
        except re.error as error:
            self.report("IDR-105", path, f'"{pattern}" is not a regular expression ({error})')

    def rules(self, top: Raw, identifiers: Raw) -> dict[str, Rule]:
        found: dict[str, Rule] = {}
        entries = self.sequence(top, "rules", ())
        if isinstance(top.get("rules"), list) and not entries:
            self.report("IDR-106", ("rules",), "must define at least one")
        for position, raw in enumerate(entries):
            path: Path = ("rules", position)
            item = self.mapping(raw, path, _RULE, required=("id", "match"))
            rule_id = self.text(item, "id", path)
            if rule_id is not None:
                self.name(rule_id, (*path, "id"))
                if rule_id in found:
                    self.report("IDR-110", (*path, "id"), f'the rule "{rule_id}" is defined twice')
            match = self.texts(item, "match", path)
            if isinstance(item.get("match"), list) and not match:
                self.report("IDR-106", (*path, "match"), "must name at least one identifier")
            if len(set(match)) < len(match):
                self.report("IDR-105", (*path, "match"), "names an identifier twice")
            for used in dict.fromkeys(match):
                self.reference(used, identifiers, (*path, "match"), "identifier")
            rule = Rule(
                rule_id or "",
                tuple(match),
                priority=self.integer(item, "priority", path, position + 1, 0),
                max_group_size=self.integer(item, "max_group_size", path, 100, 2),
            )
            found.setdefault(rule.rule_id, rule)
        return found

    def survivorship(self, name: str, raw: Any, attributes: set[str], sources: Raw) -> Survivorship:
        path: Path = ("survivorship", name)
        if name not in attributes:
            fix = suggestion(name, attributes) or "Map it in the attributes of a source, or remove it here"
            self.report("IDR-109", path, f'no source maps the attribute "{name}"', fix)
        item = self.mapping(raw, path, ("strategy", "sources"))
        strategy = self.choice(item, "strategy", path, STRATEGIES, "most_recent")
        order = self.texts(item, "sources", path)
        for used in order:
            self.reference(used, sources, (*path, "sources"), "source")
        if len(set(order)) < len(order):
            self.report("IDR-105", (*path, "sources"), "names a source twice")
        if order and strategy != "source_priority":
            self.report("IDR-105", (*path, "sources"), "only strategy: source_priority has sources")
        return Survivorship(name, strategy, tuple(order))

    def guardrails(self, top: Raw) -> Guardrails:
        item = self.mapping(top.get("guardrails"), ("guardrails",), tuple(_GUARDRAILS))
        values: dict[str, Any] = {}
        for key, (kind, low, high) in _GUARDRAILS.items():
            if key in item:
                value = item[key]
                values[key] = None if value is None else self.number(value, ("guardrails", key), kind, low, high)
        return Guardrails(**values)

    def settings(self, top: Raw) -> Settings:
        item = self.mapping(top.get("settings"), ("settings",), _SETTINGS)
        return Settings(
            **{key: self.number(item[key], ("settings", key), int, 1, LARGEST) for key in _SETTINGS if key in item}
        )

    def reference(self, name: str, known: Iterable[str], path: Path, noun: str) -> None:
        names = list(known)
        if name not in names:
            fix = suggestion(name, names) or f'Define it under "{noun}s"'
            self.report("IDR-109", path, f'the {noun} "{name}" is not defined', fix)

    def table(self, item: Raw, path: Path) -> str:
        text = self.text(item, "table", path)
        if text is None:
            return ""
        try:
            return expression.table_name(text)
        except IdrError as error:
            self.adopt(error.problems, (*path, "table"))
            return text

    def expressions(self, item: Raw, key: str, path: Path) -> dict[str, str]:
        raw = item.get(key)
        if raw is None:
            return {}
        if not isinstance(raw, Mapping):
            self.report("IDR-105", (*path, key), "must be a mapping of names to expressions")
            return {}
        found = cast(Raw, raw)
        place: Path = (*path, key)
        for name in found:
            if found[name] is None:
                self.report("IDR-105", (*place, name), "must be a column or an expression")
        return {name: text for name in found if (text := self.expression(found, name, place)) is not None}

    def expression(self, item: Raw, key: str, path: Path) -> str | None:
        text = self.text(item, key, path)
        if text is None:
            return None
        self.adopt(expression.check(text), (*path, key))
        return text.strip()

    def adopt(self, problems: Iterable[Problem], path: Path) -> None:
        for problem in problems:
            self.report(problem.code, path, problem.message, problem.fix)

    def text(self, item: Raw, key: str, path: Path) -> str | None:
        value = item.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.report("IDR-105", (*path, key), f"must be text, not {_shown(value)}", "Put it in quotes")
            return None
        return value

    def texts(self, item: Raw, key: str, path: Path) -> list[str]:
        found = (self.scalar_text(raw, (*path, key, i)) for i, raw in enumerate(self.sequence(item, key, path)))
        return [text for text in found if text is not None]

    def scalar_text(self, value: Any, path: Path) -> str | None:
        if isinstance(value, str):
            return value
        self.report("IDR-105", path, f"must be text, not {_shown(value)}", "Put it in quotes")
        return None

    def sequence(self, item: Raw, key: str, path: Path) -> list[Any]:
        value = item.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.report("IDR-105", (*path, key), f"must be a list, not {_shown(value)}", "Write it as [a, b]")
            return []
        return cast("list[Any]", value)

    def choice(self, item: Raw, key: str, path: Path, known: tuple[str, ...], default: str) -> str:
        text = self.text(item, key, path)
        if text is None:
            return default
        if text not in known:
            fix = suggestion(text, known) or f"Choose one of {', '.join(known)}"
            self.report("IDR-105", (*path, key), f'"{text}" is not one of {", ".join(known)}', fix)
        return text

    def boolean(self, item: Raw, key: str, path: Path, default: bool) -> bool:
        value = item.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.report("IDR-105", (*path, key), f"must be true or false, not {_shown(value)}")
            return default
        return value

    def integer(self, item: Raw, key: str, path: Path, default: Any, low: int) -> Any:
        value = item.get(key)
        return default if value is None else self.number(value, (*path, key), int, low, LARGEST)

    def number(self, value: Any, path: Path, kind: type, low: float, high: float) -> Any:
        numeric = isinstance(value, (int, kind)) and not isinstance(value, bool)
        if not numeric or not math.isfinite(value) or not low <= value <= high:
            noun = "a whole number" if kind is int else "a number"
            self.report("IDR-105", path, f"must be {noun} from {low:g} to {high:.10g}, not {_shown(value)}")
            return low
        return kind(value)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "empty"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
