"""`idr local` hands over to the local Snowflake, or says that it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from idr.cli import local
from idr.cli.main import app


def test_a_missing_emulator_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    result = CliRunner(mix_stderr=False).invoke(app, ["local", "status"])
    assert result.exit_code == 1
    assert "The local Snowflake is not installed" in result.stderr
    assert "./scripts/setup" in result.stderr


def test_the_exit_code_is_the_emulators(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = CliRunner(mix_stderr=False).invoke(app, ["local", "status", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert f"No local Snowflake runs on {tmp_path}" in capfd.readouterr().out
