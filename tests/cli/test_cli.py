from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

import idr as package
from idr.cli.main import app
from idr.cli.output import visible
from idr.cli.session import code_for, exit_code
from idr.errors import IdrError
from idr.schema import LAYOUT
from tests.cli.command import EXECUTABLE
from tests.reliability.test_upgrade import EARLIER, loaded

FINISHED = {"run_id": "r9", "status": "SUCCESS", "gate": "PASS", "reasons": [], "warnings": [], "mode": "FULL"} | {
    "counts": {"new": 3, "entities_before": 0, "entities_after": 3},
    "duration_seconds": 0.5,
    "message": "published",
    "error": None,
}


def idr(*arguments: str | Path, typed: str | None = None) -> Result:
    return CliRunner(mix_stderr=False).invoke(app, [str(item) for item in arguments], input=typed)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["run"],
        ["run", "--db", "x.duckdb"],
        ["run", "--db", "x.duckdb", "--run-mode", "SOME"],
        ["run", "--db", "x.duckdb", "--run-mode", "FULL", "--max-iters", "0"],
        ["run", "--db", "x.duckdb", "--run-mode", "FULL", "--max-iters", "many"],
        ["explain", "crm:1", "--db", "x.duckdb"],
        ["approve", "--db", "x.duckdb"],
        ["history", "--db", "x.duckdb", "--limit", "0"],
        ["evaluate", "--db", "x.duckdb"],
        ["config", "apply"],
        ["config", "nonsense"],
    ],
)
def test_bad_usage_is_2(arguments: list[str]) -> None:
    result = idr(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


def test_an_option_before_its_command_is_told_where_it_stands() -> None:
    assert "--db stands after the name of the command: idr run --db" in idr("--db", "x.duckdb", "run").stderr
    told = json.loads(idr("--json", "run", "--db", "x.duckdb").stdout)
    assert told["error"]["message"].startswith("--json stands after the name of the command: idr run --json")
    assert "No such option: --nonsense" in idr("--nonsense", "run").stderr


def test_the_version_is_printed() -> None:
    result = idr("--version")
    assert (result.exit_code, result.stdout) == (0, f"{package.__version__}\n")


@pytest.mark.parametrize(
    ("status", "gate", "error", "code"),
    [
        ("SUCCESS", "PASS", None, 0),
        ("SUCCESS", "HOLD", None, 0),
        ("SUCCESS_WITH_WARNINGS", "PASS", None, 0),
        ("DRY_RUN_COMPLETE", "PASS", None, 0),
        ("DRY_RUN_COMPLETE", "HOLD", None, 3),
        ("HELD", "HOLD", None, 3),
        ("SKIPPED", None, None, 4),
        ("FAILED", None, {"code": "IDR-301", "stage": "components", "message": "no"}, 1),
        ("FAILED", None, {"code": "IDR-103", "stage": "read", "message": "no"}, 2),
        ("FAILED", None, None, 1),
    ],
)
def test_exit_codes_of_results(status: str, gate: str | None, error: dict[str, str] | None, code: int) -> None:
    assert exit_code({"status": status, "gate": gate, "error": error}) == code


@pytest.mark.parametrize(
    ("error_code", "code"),
    [("IDR-112", 2), ("IDR-406", 2), ("IDR-401", 4), ("IDR-502", 4), ("IDR-202", 1), ("IDR-599", 1)],
)
def test_exit_codes_of_errors(error_code: str, code: int) -> None:
    assert code_for(error_code) == code


def test_a_missing_database_is_told_in_words(tmp_path: Path) -> None:
    result = idr("status", "--db", tmp_path / "none.duckdb")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("IDR-503")
    assert not (tmp_path / "none.duckdb").exists()


def test_a_database_without_idr_is_told(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    result = idr("history", "--db", tmp_path / "empty.duckdb")
    assert result.exit_code == 2
    assert result.stderr.startswith("IDR-113")


def test_tables_of_an_earlier_layout_are_migrated_before_a_command_reads_them(tmp_path: Path) -> None:
    file = loaded(EARLIER[0], tmp_path)
    with duckdb.connect(str(file)) as connection:
        runs = connection.execute("select run_id from idr_out.run_history order by started_at desc").fetchall()
    told = idr("history", "--db", file, "--json")
    assert told.exit_code == 0, told.stderr
    assert [(row["run_id"],) for row in json.loads(told.stdout)] == runs
    with duckdb.connect(str(file), read_only=True) as connection:
        assert connection.execute("select number from idr_meta.layout").fetchall() == [(LAYOUT,)]


def test_tables_of_a_newer_version_are_refused_and_left_alone(state_file: Path) -> None:
    with duckdb.connect(str(state_file)) as connection:
        connection.execute("update idr_meta.layout set number = ?", [LAYOUT + 1])
    before = state_file.read_bytes()
    refused = idr("run", "--run-mode", "FULL", "--db", state_file)
    assert refused.exit_code == 1
    assert f"IDR-506 idr_meta.layout: the tables have layout {LAYOUT + 1}" in refused.stderr
    assert state_file.read_bytes() == before


def test_init_does_not_overwrite(tmp_path: Path) -> None:
    file = tmp_path / "idr.yml"
    assert idr("init", "--output", file).exit_code == 0
    written = file.read_text(encoding="utf-8")
    file.write_text("mine", encoding="utf-8")
    assert idr("init", "--output", file).exit_code == 2
    assert file.read_text(encoding="utf-8") == "mine"
    assert idr("init", "--output", file, "--force").exit_code == 0
    assert file.read_text(encoding="utf-8") == written


CHANGED = """
sources:
  crm: {table: crm.people, key: id, watermark: upd, identifiers: {email: email}, attributes: {name: name}}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
"""


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A configuration that fits the state file and differs from the one in force there."""
    file = tmp_path / "idr.yml"
    file.write_text(CHANGED, encoding="utf-8")
    return file


def rules(state_file: Path) -> list[str]:
    with duckdb.connect(str(state_file), read_only=True) as connection:
        return [row[0] for row in connection.execute("select rule_id from idr_meta.rule order by 1").fetchall()]


@pytest.mark.parametrize(("typed", "code", "left"), [("n\n", 1, ["email", "phone"]), ("y\n", 0, ["email"])])
def test_config_apply_shows_what_changes_and_asks(
    state_file: Path, changed: Path, typed: str, code: int, left: list[str]
) -> None:
    result = idr("config", "apply", "--db", state_file, "--config", changed, typed=typed)
    assert result.exit_code == code
    assert "rule phone: removed" in result.stderr
    assert "Apply these changes?" in result.stderr
    assert rules(state_file) == left


def test_config_apply_of_what_is_in_force_asks_nothing(state_file: Path, changed: Path) -> None:
    first = idr("config", "apply", "--db", state_file, "--config", changed, "--yes", "--json")
    assert json.loads(first.stdout)["applied"]
    assert "rule phone: removed" in json.loads(first.stdout)["changes"]
    again = idr("config", "apply", "--db", state_file, "--config", changed, "--json")
    assert json.loads(again.stdout) == {"applied": False, "changes": []}
    assert idr("config", "apply", "--db", state_file, "--config", changed).stdout == "Nothing changes.\n"


def test_config_check_of_a_valid_file(state_file: Path, changed: Path) -> None:
    checked = idr("config", "check", "--config", changed, "--db", state_file, "--json")
    assert (checked.exit_code, json.loads(checked.stdout)) == (0, {"valid": True, "problems": []})
    assert "fits" in idr("config", "check", "--config", changed, "--db", state_file).stdout


def test_config_check_of_a_missing_file_is_2(tmp_path: Path) -> None:
    result = idr("config", "check", "--config", tmp_path / "none.yml", "--json")
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert not answer["valid"]
    assert answer["problems"][0]["code"] == "IDR-112"


def test_run_prints_exactly_the_result(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(wh: object, mode: str, max_iters: int, dry_run: bool, *, progress: Any) -> dict[str, Any]:
        assert (mode, max_iters, dry_run) == ("FULL", 7, True)
        progress("normalise", 1234, 0.25)
        return FINISHED

    monkeypatch.setattr("idr.run.run", run)
    result = idr("run", "--db", state_file, "--run-mode", "full", "--max-iters", "7", "--dry-run", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == FINISHED
    assert "normalise" in result.stderr
    assert "1,234" in result.stderr


def test_a_held_run_says_how_to_go_on(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = FINISHED | {"status": "HELD", "gate": "HOLD", "reasons": ["5 % [bold]moved"]}
    monkeypatch.setattr("idr.run.run", lambda *_, **__: held)
    result = idr("run", "--db", state_file, "--run-mode", "INCR")
    assert result.exit_code == 3
    assert "5 % [bold]moved" in result.stdout
    assert "idr approve r9" in result.stdout
    assert "0 -> 3" in result.stdout


def test_a_failed_run_tells_its_error(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = {"code": "IDR-301", "stage": "components", "message": "did not converge"}
    monkeypatch.setattr("idr.run.approve", lambda *_, **__: FINISHED | {"status": "FAILED", "error": error})
    result = idr("approve", "r9", "--db", state_file, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] == error
    assert "IDR-301 in components: did not converge" in result.stderr


def test_errors_are_neither_markup_nor_control_characters(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise IdrError.of("IDR-403", "[red]old[/red] [/] \x1b[31m \u202eplan")

    monkeypatch.setattr("idr.run.approve", fail)
    result = idr("approve", "r9", "--db", state_file)
    assert result.exit_code == 1
    assert "[red]old[/red] [/] \\x1b[31m \\u202eplan" in result.stderr


def test_a_surprise_is_idr_599(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idr.run.approve", lambda *_, **__: {}["ann@x.org"])
    result = idr("approve", "r9", "--db", state_file)
    assert result.exit_code == 1
    assert result.stderr.startswith("IDR-599 KeyError at cli/")
    assert "Traceback" not in result.stderr
    assert "ann@x.org" not in result.stderr


def test_values_are_masked_unless_asked_for(state_file: Path, names: SimpleNamespace) -> None:
    hidden = json.loads(idr("show", names.anna, "--db", state_file, "--json").stdout)
    shown = json.loads(idr("show", names.anna, "--db", state_file, "--json", "--show-values").stdout)
    assert (hidden["profile"], shown["profile"]) == ({"name": "A****B"}, {"name": "Anna B"})
    assert hidden["links"][0]["values"] == {"email": "a********g"}

    hidden = json.loads(idr("explain", "crm:1", "crm:2", "--db", state_file, "--json").stdout)
    assert hidden["path"][0]["values"] == {"email": "a********g"}
    assert "anna@x.org" in idr("explain", "crm:1", "crm:2", "--db", state_file, "--show-values").stdout


def test_show_of_a_stranger_is_1(state_file: Path) -> None:
    result = idr("show", "nobody", "--db", state_file)
    assert result.exit_code == 1
    assert result.stderr.startswith("IDR-407")


def test_history_and_status(state_file: Path, names: SimpleNamespace) -> None:
    runs = json.loads(idr("history", "--db", state_file, "--json").stdout)
    assert [row["run_id"] for row in runs] == [names.held, *reversed(names.runs)]
    assert runs[0]["reasons"] == ["5 records would be one identity; max_cluster_size allows 4"]
    assert len(json.loads(idr("history", "--db", state_file, "--limit", "1", "--json").stdout)) == 1
    assert names.held[:6] in idr("history", "--db", state_file).stdout

    status = json.loads(idr("status", "--db", state_file, "--json").stdout)
    assert (status["entities"], status["clusters"], status["largest_cluster"], status["skipped_groups"]) == (8, 5, 4, 1)
    assert status["held_plans"] == [names.held]
    assert status["last_run"]["run_id"] == names.held
    assert names.held in idr("status", "--db", state_file).stdout


def test_the_remaining_views_print(state_file: Path, tmp_path: Path, names: SimpleNamespace) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("entity_key,cluster\ncrm:1,a\ncrm:2,b\ncrm:9,b\n", encoding="utf-8")
    printed = idr("evaluate", "--truth", truth, "--db", state_file)
    assert (printed.exit_code, "Worst over-merged" in printed.stdout) == (0, True)
    counted = json.loads(idr("evaluate", "--truth", truth, "--db", state_file, "--json").stdout)
    assert (counted["entities"], counted["true_clusters"], counted["found_clusters"]) == (3, 2, 2)
    assert idr("show", names.gone, "--db", state_file).exit_code == 0
    shown = idr("show", "crm:1", "--db", state_file, "--limit", "3").stdout
    assert "crm:3" in shown
    assert "and 1 more" in shown
    assert "oversized" in idr("explain", "crm:1", "crm:9", "--db", state_file).stdout


def test_a_reader_that_goes_away_is_no_failure_of_idr(state_file: Path) -> None:
    """As in `idr status --json | head -0`: nobody is left to tell."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [EXECUTABLE, "status", "--db", state_file, "--json"],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False, env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("plain ü 漢", "plain ü 漢"),
        ("a\nb", "a\nb"),
        ("\x07", "\\x07"),
        ("\u202e", "\\u202e"),
        ("\u200b", "\\u200b"),
        ("\ud800", "\\ud800"),
    ],
)
def test_visible(raw: str, seen: str) -> None:
    assert visible(raw) == seen
