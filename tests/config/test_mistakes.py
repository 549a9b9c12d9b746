"""All that is told of a mistake, and nothing else: each problem with its line, its words and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from idr.config.yaml_file import load_text
from idr.errors import IdrError

MISTAKES = yaml.safe_load(Path(__file__).with_name("mistakes.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["new"][:40])
def test_a_mistake_is_told_with_its_place_and_its_remedy(good_yaml: str, mistake: dict) -> None:
    assert mistake["old"] in good_yaml
    text = good_yaml.replace(mistake["old"], mistake["new"], 1)
    if not mistake["told"]:
        assert load_text(text)
        return
    with pytest.raises(IdrError) as caught:
        load_text(text)
    assert [str(problem) for problem in caught.value.problems] == mistake["told"]
