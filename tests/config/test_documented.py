"""Defaults and limits are those of docs/configuration.md."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from idr.config.yaml_file import load_text
from idr.errors import IdrError
from idr.model import Config, Guardrails, Identifier, Rule, Settings, Source

DOCUMENT = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
YAML = """
sources:
  shop: {{table: shop.people, key: id, identifiers: {{email: email}}, attributes: {{email: email}}}}
identifiers:
  email: {{}}
rules:
  - {{id: email, match: [email]}}
{section}: {{{key}: {value}}}
"""


def rows(section: str) -> list[tuple[str, str, str]]:
    """Key, type and default of the table under a heading."""
    text = DOCUMENT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    return [(key, kind.strip(), default.strip()) for key, kind, default in found]


def loaded(section: str, key: str, value: float) -> Config:
    return load_text(YAML.format(section=section, key=key, value=value))


NUMBERS = [(section, *row) for section in ("guardrails", "settings") for row in rows(section)]


@pytest.mark.parametrize("section", ["guardrails", "settings"])
def test_defaults_are_the_documented_ones(section: str) -> None:
    known = asdict({"guardrails": Guardrails(), "settings": Settings()}[section])
    assert {key: None if default == "off" else float(default) for key, _, default in rows(section)} == known


@pytest.mark.parametrize(("section", "key", "kind"), [row[:3] for row in NUMBERS], ids=[row[1] for row in NUMBERS])
def test_numbers_are_accepted_within_the_documented_limits_and_not_beyond(section: str, key: str, kind: str) -> None:
    low, high = re.fullmatch(r"(?:whole )?number from (\d+)(?: to (\d+))?", kind).groups()
    step = 1 if kind.startswith("whole") else 0.01
    for value in (int(low), int(high or 1_000_000)):
        assert getattr(getattr(loaded(section, key, value), section), key) == value
    for value in (int(low) - step, *([int(high) + step] if high else [])):
        with pytest.raises(IdrError) as caught:
            loaded(section, key, value)
        assert key in str(caught.value)


ENTRIES = [
    (section, key, int(low))
    for section in ("sources.&lt;id&gt;", "identifiers.&lt;name&gt;", "rules")
    for key, kind, _ in rows(section)
    for low in re.findall(r"whole number from (\d+)", kind)
]


@pytest.mark.parametrize(("section", "key", "low"), ENTRIES, ids=[row[1] for row in ENTRIES])
def test_whole_numbers_of_an_entry_begin_where_the_document_says(section: str, key: str, low: int) -> None:
    kind = section.partition(".")[0]
    start = {"sources": "shop: {", "identifiers": "email: {", "rules": "- {"}[kind]

    def read(value: float) -> object:
        text = YAML.format(section="settings", key="lease_minutes", value=60).replace(
            "email: {}", "email: {unique: no}"
        )
        config = load_text(text.replace(start, f"{start}{key}: {value}, "))
        return getattr(next(iter(getattr(config, kind).values())), key)

    assert [read(value) for value in (low, low + 1, 1_000_000_000)] == [low, low + 1, 1_000_000_000]
    for value in (low - 1, low + 0.5, 1_000_000_001):
        with pytest.raises(IdrError, match=key):
            read(value)


def test_a_rule_has_the_documented_cap() -> None:
    text = DOCUMENT.partition("\n## rules")[2].partition("\n## ")[0]
    [default] = re.findall(r"`max_group_size` \|[^|]+\| (\d+) \|", text)
    assert loaded("settings", "lease_minutes", 60).rules["email"].max_group_size == int(default)


def test_what_a_file_leaves_out_is_what_the_model_leaves_out() -> None:
    text = YAML.format(section="settings", key="lease_minutes", value=60)
    config = load_text(text.replace("key: id,", "key: id, watermark: upd,"))
    shop = Source("shop", "shop.people", "id", "upd", identifiers={"email": "email"}, attributes={"email": "email"})
    assert config == Config({"shop": shop}, {"email": Identifier("email")}, {"email": Rule("email", ("email",), 1)}, {})
