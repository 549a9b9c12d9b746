"""The configuration as values. Built only by `idr.config`, which has checked every field."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

ExclusionKind = Literal["exact", "like", "regex"]
OnConflict = Literal["cut", "hold", "report"]
RunMode = Literal["FULL", "INCR"]


@dataclass(frozen=True, slots=True)
class Source:
    """A table of records. `key`, `watermark`, `deleted_when` and the mapped values are scalar expressions.

    `types` has the family of each expression's type once a run has asked the database: another type writes values as
    other texts.
    """

    source_id: str
    table: str
    key: str
    watermark: str | None = None
    lookback_minutes: int = 0
    cap_watermark: bool = True
    deleted_when: str | None = None
    detect_deletes: bool = False
    trust: int = 100
    identifiers: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A value that never links: compared with the normalised identifier."""

    kind: ExclusionKind
    pattern: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """A kind of value that can link records, and how it is brought to its normal form.

    `placeholders` are the values that mean "nothing"; None stands for the normaliser's default list.
    `form` tells the SQL of one version's normaliser from another's; a run fills it in.
    """

    name: str
    normalize: str = "none"
    region: str | None = None
    gmail: bool = False
    placeholders: tuple[str, ...] | None = None
    exclude: tuple[Exclusion, ...] = ()
    unique: bool = False
    max_per_identity: int | None = None
    on_conflict: OnConflict = "hold"
    form: str = ""

    @property
    def limit_per_identity(self) -> int | None:
        return 1 if self.unique else self.max_per_identity


@dataclass(frozen=True, slots=True)
class Rule:
    """A match key: records with equal, present values of every identifier in `match` are one.

    `form` tells the keys of one version from another's; a run fills it in.
    """

    rule_id: str
    match: tuple[str, ...]
    priority: int
    max_group_size: int = 100
    form: str = ""


@dataclass(frozen=True, slots=True)
class Survivorship:
    """How the surviving value of an attribute is picked from a cluster's records."""

    attribute: str
    strategy: str = "most_recent"
    source_priority: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Limits of what a plan may change before a person is asked. None switches one off."""

    max_moved_ratio: float | None = 0.05
    max_cluster_size: int | None = 64
    max_merged_clusters: int | None = 1000
    max_split_clusters: int | None = 1000
    min_source_ratio: float | None = 0.8
    max_skipped_groups: int | None = None
    max_conflicts: int | None = 0
    suspect_group_factor: float | None = 5.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers that steer runs, in minutes and days."""

    plan_ttl_minutes: int = 120
    lease_minutes: int = 60
    retention_days: int = 30


@dataclass(frozen=True, slots=True)
class Config:
    """One checked `idr.yml`, or the same read back from `idr_meta`. Mappings keep the file's order."""

    sources: Mapping[str, Source]
    identifiers: Mapping[str, Identifier]
    rules: Mapping[str, Rule]
    survivorship: Mapping[str, Survivorship]
    guardrails: Guardrails = Guardrails()
    settings: Settings = Settings()

    @property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute that some source maps, in alphabetical order."""
        return tuple(sorted({name for source in self.sources.values() for name in source.attributes}))

    def typed(self, types: Mapping[str, Mapping[str, str]]) -> Config:
        """The same with the types that the database has for the expressions of each source."""
        sources = {name: replace(source, types=dict(types[name])) for name, source in self.sources.items()}
        return replace(self, sources=sources)

    def strategy(self, attribute: str) -> Survivorship:
        return self.survivorship.get(attribute, Survivorship(attribute))

    def to_json(self) -> str:
        """Canonical text: equal configurations give equal text, whatever the order of keys in the file."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def fingerprint(self) -> str:
        """SHA-256 over `to_json()`: 64 hex digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def config_from_json(text: str) -> Config:
    """The configuration that `Config.to_json` wrote."""
    raw = json.loads(text)
    return Config(
        sources={name: Source(**item) for name, item in raw["sources"].items()},
        identifiers={
            name: Identifier(
                **{
                    **item,
                    "placeholders": None if item["placeholders"] is None else tuple(item["placeholders"]),
                    "exclude": tuple(Exclusion(**entry) for entry in item["exclude"]),
                }
            )
            for name, item in raw["identifiers"].items()
        },
        rules={name: Rule(**{**item, "match": tuple(item["match"])}) for name, item in raw["rules"].items()},
        survivorship={
            name: Survivorship(**{**item, "source_priority": tuple(item["source_priority"])})
            for name, item in raw["survivorship"].items()
        },
        guardrails=Guardrails(**raw["guardrails"]),
        settings=Settings(**raw["settings"]),
    )
