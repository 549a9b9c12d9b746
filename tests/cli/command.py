"""The command `idr`: called within the tests' own process, or, where the process matters, as the installed program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from idr.cli.main import app

EXECUTABLE = str(Path(sys.executable).with_name("idr"))


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


def idr(*arguments: str | Path, cwd: Path | None = None) -> Outcome:
    """The command with these arguments; an exception that it lets out fails the test."""
    with chdir(cwd or Path.cwd()):
        done = CliRunner(mix_stderr=False).invoke(app, [str(item) for item in arguments], catch_exceptions=False)
    return Outcome(done.exit_code, done.stdout, done.stderr)


def installed(*arguments: str | Path, as_user: tuple[str, ...] = ()) -> Outcome:
    """The installed program, in a process of its own; `as_user` is the command that changes the user."""
    command = [*as_user, EXECUTABLE, *map(str, arguments)]
    kept = os.environ
    if as_user:  # another user may not write what coverage measures
        kept = {name: value for name, value in kept.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=kept)
    return Outcome(done.returncode, done.stdout, done.stderr)
