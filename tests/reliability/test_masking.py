"""Values of people show up in no error and no log, and secrets of the environment in no file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.cli.command import idr
from tests.emulator.conftest import Local
from tests.reliability.tally import LONG, count

CANARY = "cAnary7Qz"
VALUES = (
    CANARY,
    f"{CANARY}@x.org", f"O'{CANARY} \"the\" x", f"{CANARY}\nLINE 1: {CANARY}", f"%{CANARY}%'; --", "20255576543219",
    f"{{{CANARY}: [1", f"[red]{CANARY}", "é" * 40 + CANARY,
)  # fmt: skip
BREAKS = (
    "code::int",
    "code::date", "code::timestamp_ntz", "code::boolean", "code::double", "parse_json(code):a::varchar",
    "(code || '99999999999999999999')::int", "code::decimal(4, 2)",
    "to_date(code, 'YYYY-MM-DD')", "1 / (code::int - 1)",
)  # fmt: skip
PLACES = {
    "key": "key: id",
    "watermark": "watermark: upd",
    "deleted_when": "deleted_when: gone",
    "identifier": "email: email",
    "attribute": "name: name",
}
KINDS = {"watermark": "cast(({})::varchar as timestamp_ntz)", "deleted_when": "({}) is null"}
YAML = """
sources:
  crm:
    table: crm.people
    key: id
    watermark: upd
    deleted_when: gone
    identifiers: {email: email}
    attributes: {name: name}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email], max_group_size: 3}
guardrails: {max_cluster_size: 2, max_moved_ratio: null}
"""
TOLD = ("run_history", "alerts", "plan", "stage_metrics", "metrics_export", "dry_run_summary", "run_overview")


def _database(folder: Path, code: str) -> Path:
    file = folder / "my.duckdb"
    with closing(duckdb.connect(str(file))) as connection:
        connection.execute("create schema crm")
        connection.execute(
            "create table crm.people"
            " (id bigint, email varchar, name varchar, code varchar, upd timestamp, gone boolean)"
        )
        connection.executemany(
            "insert into crm.people values (?, ?, ?, ?, '2024-01-01', false)",
            [(n, f"{CANARY}{n // 3}@x.org", f"{CANARY} {n}", code) for n in range(9)]
            + [(20 + n, f"{CANARY}@y.org", code, code) for n in range(5)],
        )
    return file


def _shown(text: str) -> bool:
    return CANARY.lower() in text.lower() or "2025557" in text


def _found(file: Path) -> list[str]:
    """The tables about runs that have a value, and the files beside the database that have one."""
    with closing(duckdb.connect(str(file))) as connection:
        told = [name for name in TOLD if _shown(str(connection.execute(f"from idr_out.{name}").fetchall()))]
    others = [path for path in file.parent.rglob("*") if path.is_file() and path.suffix not in (".duckdb", ".wal")]
    return told + [path.name for path in others if _shown(path.read_text(encoding="utf-8", errors="replace"))]


def _cases() -> list[tuple[str, str, str]]:
    """Place, expression, value: each place once; all with all in the long suite."""
    if LONG:
        return [(place, text, value) for place in PLACES for text in BREAKS for value in VALUES]
    return [(place, BREAKS[2 * at], VALUES[at]) for at, place in enumerate(PLACES)]


@pytest.mark.timeout(0 if LONG else 120)
def test_a_value_that_breaks_a_run_is_shown_nowhere(tmp_path: Path) -> None:
    failed, wrong = 0, []
    for number, (place, text, value) in enumerate(_cases()):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = _database(folder, value)
        written = KINDS.get(place, "{}").format(text)
        key, quoted = PLACES[place].partition(": ")[0], written.replace("'", "''")
        yaml = YAML.replace(PLACES[place], f"{key}: '{quoted}'", 1)
        assert yaml != YAML
        (folder / "idr.yml").write_text(yaml, encoding="utf-8")
        for arguments in (
            ("run", "--run-mode", "FULL", "--config", "idr.yml", "--dry-run"),
            ("run", "--run-mode", "FULL", "--json"),
            ("status",), ("history",),
        ):  # fmt: skip
            outcome = idr(*arguments, "--db", str(file), cwd=folder)
            failed += outcome.code == 1
            assert outcome.code != 2, outcome.stderr
            if _shown(outcome.stdout + outcome.stderr):
                wrong.append(f"{place} {text} {value!r}: {arguments} shows {outcome.stdout + outcome.stderr}")
        wrong += [f"{place} {text} {value!r}: {name} has it" for name in _found(file)]
    count("rights", "values in errors and logs, DuckDB", cells=len(_cases()), wrong=len(wrong))
    assert wrong == []
    assert failed > len(_cases()), "the values do break runs"


def test_a_run_that_is_held_and_one_that_passes_show_no_value(tmp_path: Path) -> None:
    file = _database(tmp_path, "1")
    (tmp_path / "idr.yml").write_text(YAML, encoding="utf-8")
    (tmp_path / "open.yml").write_text(YAML.replace("max_cluster_size: 2", "max_cluster_size: 9"), encoding="utf-8")
    codes = []
    for arguments in (
        ("run", "--run-mode", "FULL", "--config", "idr.yml"), ("run", "--run-mode", "FULL", "--config", "open.yml"),
        ("run", "--run-mode", "INCR", "--json"), ("status",), ("history",), ("overrides",), ("suspects",),
        ("explain", "crm:1", "crm:2"), ("show", "crm:1"), ("link", "crm:1", "crm:99", "--reason", "x"),
        ("show", f"{CANARY}0@x.org".replace(CANARY, "someone")),
    ):  # fmt: skip
        outcome = idr(*arguments, "--db", str(file), cwd=tmp_path)
        codes.append(outcome.code)
        assert not _shown(outcome.stdout + outcome.stderr), (arguments, outcome.stdout, outcome.stderr)
    assert codes[:3] == [3, 0, 0]
    assert _found(file) == []
    assert _shown(idr("show", "crm:1", "--show-values", "--db", str(file), cwd=tmp_path).stdout), (
        "asked for, it is shown"
    )
    count("rights", "values in errors and logs, DuckDB", cells=len(codes), wrong=0)


SECRET = "sEcret9Kx"
VARIABLES = (
    "SNOWFLAKE_PASSWORD", "SNOWFLAKE_TOKEN", "PRIVATE_KEY_PASSPHRASE", "IDR_SECRET", "AWS_SECRET_ACCESS_KEY",
)  # fmt: skip


def test_secrets_of_the_environment_reach_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, SECRET)
    file = _database(tmp_path, "1")
    text = YAML.replace("name: name}", "name: \"concat(name, '${IDR_SECRET} $IDR_SECRET')\"}")
    (tmp_path / "idr.yml").write_text(text.replace("max_cluster_size: 2, ", ""), encoding="utf-8")
    for arguments in (
        ("run", "--run-mode", "FULL", "--config", "idr.yml"), ("run", "--run-mode", "INCR", "--json"), ("status",),
        ("config", "check", "--config", "idr.yml"), ("init", "--from-db", str(file), "--output", "made.yml"),
    ):  # fmt: skip
        where = () if arguments[0] in ("config", "init") else ("--db", str(file))
        outcome = idr(*arguments, *where, cwd=tmp_path)
        assert outcome.code == 0, outcome.stderr
        assert SECRET not in outcome.stdout + outcome.stderr
    kept = [path.name for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    count("rights", "secrets in files", cells=len(VARIABLES), wrong=len(kept))
    assert kept == []


@pytest.mark.slow
@pytest.mark.snowflake
def test_passwords_and_tokens_of_connections_reach_no_file_of_the_local_snowflake(local: Local) -> None:
    import snowflake.connector

    for options in (
        {"password": SECRET},
        {"password": "x", "passcode": SECRET},
        {"token": SECRET, "authenticator": "oauth"},
    ):
        with closing(
            snowflake.connector.connect(
                account="local", user="local", host="127.0.0.1", port=local.port, protocol="http", **options
            )
        ) as connection:
            connection.cursor().execute("select 1")
    kept = [path for path in local.data.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    count("rights", "secrets in files", cells=3, wrong=len(kept))
    assert kept == []
