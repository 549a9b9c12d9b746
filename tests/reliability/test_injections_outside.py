"""Hostile texts as options and arguments of the command: nothing runs, and nothing that a terminal obeys is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
import typer

from idr.cli.main import app
from tests.cli.command import idr
from tests.reliability.hostile import CONFIG, Trap, corpus
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
PER_PLACE = 40 if LONG else 1
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
# Options that say where to write may write there; those that start programs are the local Snowflake's own.
WRITES = {"output"}
SKIPPED = {"local"}
CORPUS = [text for text in corpus() if "\x00" not in text and "FILE" not in text]  # neither reaches a program


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if name in SKIPPED:
            continue
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _places() -> list[tuple[tuple[str, ...], str]]:
    """Every command with each option and argument that takes a text."""
    root = typer.main.get_command(app)
    assert isinstance(root, click.Group)
    return [
        (path, parameter.name or "")
        for path, command in _commands(root)
        for parameter in command.params
        if not getattr(parameter, "is_flag", False) and parameter.name not in {"help", *WRITES}
    ]


def _arguments(path: tuple[str, ...], place: str, text: str, usual: dict[str, str]) -> list[str]:
    """The command line with the text at that place and something usual at all others that are required."""
    command: click.Command = typer.main.get_command(app)
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    options: list[str] = []
    plain: list[str] = []
    for parameter in command.params:
        value = text if parameter.name == place else usual.get(parameter.name or "", "crm:1")
        if isinstance(parameter, click.Argument):
            plain.append(value)
        elif parameter.name == place or parameter.required or parameter.name in ("db", "config", "from_db"):
            options.append(f"{max(parameter.opts, key=len)}={value}")
    return [*path, *options, "--", *plain]


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_in_every_option_and_argument(tmp_path: Path, as_json: bool) -> None:
    database = tmp_path / "my.duckdb"
    with closing(Trap(tmp_path, str(database))) as trap:
        before = trap.published()
        secret = trap.secret
    (tmp_path / "idr.yml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "truth.csv").write_text("entity_key,cluster\ncrm:1,a\ncrm:2,a\n", encoding="utf-8")
    usual = {
        "db": str(database), "config": str(tmp_path / "idr.yml"), "from_db": str(database), "run_mode": "INCR",
        "truth": str(tmp_path / "truth.csv"), "reason": "because", "b": "crm:3",
    }  # fmt: skip
    figures = dict.fromkeys(("tried", "refused", "data", "executed", "wrong"), 0)
    wrong: list[str] = []
    step = max(1, len(CORPUS) // PER_PLACE)
    for turn, (path, place) in enumerate(_places()):
        for at in range(PER_PLACE):
            text = (
                CORPUS[(turn + at * step) % len(CORPUS)].replace("CANARY", "crm.canary").replace("SECRET", str(secret))
            )
            arguments = _arguments(path, place, text, usual)
            if as_json:
                arguments.insert(len(path), "--json")
            outcome = idr(*arguments, cwd=tmp_path)
            figures["tried"] += 1
            figures["data" if outcome.code == 0 else "refused"] += 1
            found = [f"exit code {outcome.code}"] if outcome.code not in range(5) else []
            found += [word for word in ("Traceback", "IDR-599") if word in outcome.stdout + outcome.stderr]
            found += [f"it prints {mark!r}" for mark in OBEYED.findall(outcome.stdout + outcome.stderr)[:3]]
            wrong += [f"{' '.join(path)}, {place} = {text!r}: {what}" for what in found]
    with closing(trap.reopened(database)) as trap:
        executed = trap.sprung()
        if trap.ids() != {key: value for key, value in before.items() if "membership" in key}:
            executed.append("the published membership changed")
    figures["executed"], figures["wrong"] = len(executed), len(wrong)
    count("injections", f"options and arguments, {'--json' if as_json else 'as text'}", **figures)
    assert (executed, wrong) == ([], [])
