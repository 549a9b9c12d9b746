"""`idr local` hands over to the local Snowflake, or says that it is missing."""

from __future__ import annotations

import socket
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


def test_a_port_in_use_is_one_sentence_that_says_what_to_do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = CliRunner(mix_stderr=False).invoke(
            app, ["local", "start", "--port", port, "--data", str(tmp_path / "data")]
        )
    assert result.exit_code == 1
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in said
    assert "--port" in said
    assert not (tmp_path / "data").exists()


def test_a_folder_of_an_older_version_is_left_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "format").write_text("0")
    (tmp_path / "databases").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    result = CliRunner(mix_stderr=False).invoke(app, ["local", "start", "--port", port, "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "has format 0, from an older version" in capfd.readouterr().err
    assert (tmp_path / "format").read_text() == "0"


def test_to_stop_what_does_not_run_is_no_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    result = CliRunner(mix_stderr=False).invoke(app, ["local", "stop", "--data", str(tmp_path)])
    assert result.exit_code == 0
    assert f"No local Snowflake runs on {tmp_path}" in capfd.readouterr().out
