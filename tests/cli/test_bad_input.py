"""Bad input through the command: one clear error with a code, the documented exit code, nothing published."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.cli.command import EXECUTABLE, Outcome, idr, installed

CONFIG = """
sources:
  crm:
    table: crm.customers
    key: customer_id
    watermark: updated_at
    identifiers: {email: email, phone: phone}
    attributes: {email: email}
identifiers:
  email: {normalize: email}
  phone: {normalize: phone, region: US}
rules:
  - {id: email, match: [email]}
  - {id: phone, match: [phone]}
"""
CUSTOMERS = """
create schema crm;
create table crm.customers as
select
    i as customer_id,
    'secret' || (i // 2) || '@mail.org' as email,
    '202555' || lpad((i // 3)::varchar, 4, '0') as phone,
    timestamp '2024-01-01' + interval (i) minute as updated_at,
    [i] as tags,
    {'a': i} as packed
from range({rows}) as r(i)
"""
AUDIT = {
    "run_history", "run_overview", "stage_metrics", "plan", "dry_run_results", "dry_run_summary", "metrics_export",
    "alerts",
}  # fmt: skip
Published = dict[str, tuple[int, int]]
SECRET = re.compile(r"secret\d|@mail\.org|202555\d")


def sql(file: Path, *statements: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            result = connection.execute(statement)
        return result.fetchall()


def published(file: Path) -> Published:
    """Rows and checksum of every published table; what tells runs apart but not their outcome is left out."""
    with duckdb.connect(str(file), read_only=True) as connection:
        columns: dict[str, list[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'idr_out'"
        ).fetchall():
            if table not in AUDIT and not column.endswith(("_ts", "run_id", "_at")):
                columns.setdefault(table, []).append(column)
        return {
            table: connection.execute(
                f"select count(*), coalesce(sum(hash({', '.join(sorted(names))})), 0) from idr_out.{table}"
            ).fetchall()[0]
            for table, names in columns.items()
        }


def last_run(file: Path) -> tuple[str, str | None, str | None, str | None]:
    """Status, error code, stage and message of the latest run."""
    columns = "status, error_code, error_stage, error_message"
    return sql(file, f"select {columns} from idr_out.run_history order by started_at desc limit 1")[0]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was published once, with its `idr.yml` beside it."""
    folder = tmp_path_factory.mktemp("done")
    file = folder / "my.duckdb"
    sql(file, CUSTOMERS.replace("{rows}", "60"))
    (folder / "idr.yml").write_text(CONFIG, encoding="utf-8")
    first = idr("run", "--db", file, "--run-mode", "FULL", "--config", folder / "idr.yml", "--json")
    assert first.json()["status"] == "SUCCESS"
    return file


@pytest.fixture
def db(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(done, tmp_path / "my.duckdb"))


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "idr.yml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def expect(outcome: Outcome, code: str, exit_code: int) -> str:
    """The message, after checking that it is told in words, with a remedy and without a personal value."""
    assert (outcome.code, outcome.stderr.count("Traceback")) == (exit_code, 0), outcome.stderr
    told = "\n".join(line for line in outcome.stderr.splitlines() if not re.search(r" rows +[\d.]+ s$", line))
    assert told.startswith(code), told
    assert not SECRET.search(outcome.stderr + outcome.stdout)
    return told


BOMB = "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12))]).encode()
BROKEN_CONFIGS = [
    ("table: crm.customers", "table: crm.customer", "IDR-104", "crm.customers"),
    ("table: crm.customers", 'table: "crm.cust;drop"', "IDR-108", "table"),
    ("key: customer_id", "key: custmer_id", "IDR-103", "customer_id"),
    ("email: email, phone", "email: emial, phone", "IDR-103", "email"),
    ("watermark: updated_at", "watermark: email", "IDR-114", "watermark"),
    ("phone: phone}", "phone: tags}", "IDR-114", "phone"),
    ("phone: phone}", "phone: packed}", "IDR-114", "phone"),
    ("key: customer_id", "key: tags", "IDR-114", "key"),
    ("key: customer_id", "key: (select 1)", "IDR-107", "sub-query"),
    ("key: customer_id", "key: read_text('/etc/passwd')", "IDR-107", "read_text"),
    ("key: customer_id", "key: customer_id + random()", "IDR-107", "rand"),
    ("key: customer_id", "key: customer_id; drop table x", "IDR-107", ";"),
    ("key: customer_id", "key: customer_id +", "IDR-108", "customer_id"),
    ("key: customer_id", "key: customer_id + updated_at", "IDR-114", "key"),
    ("normalize: phone", "normalize: fone", "IDR-105", "phone"),
    ("region: US", "region: XX", "IDR-105", "region"),
    ("match: [phone]", "match: [fax]", "IDR-109", "fax"),
    ("key: customer_id", "kye: customer_id", "IDR-102", "key"),
    ("key: customer_id", "key: [a]", "IDR-105", "key"),
    ("sources:\n  crm:", "sources:\n  crm: 1\n  web:", "IDR-105", "crm"),
    ("sources:", "sources:\n\tcrm: x", "IDR-101", "2"),
    ("  phone: {normalize", "  email: {normalize", "IDR-110", "twice"),
    ("rules:", "rules: [", "IDR-101", "line"),
    ("rules:", "x: &x [*x]\nrules:", "IDR-101", "idr.yml"),
]


@pytest.mark.parametrize(("old", "new", "code", "said"), BROKEN_CONFIGS)
def test_a_broken_configuration(db: Path, tmp_path: Path, old: str, new: str, code: str, said: str) -> None:
    assert old in CONFIG
    config = written(tmp_path, CONFIG.lstrip().replace(old, new, 1))
    before, runs = published(db), len(sql(db, "select run_id from idr_out.run_history"))
    outcome = idr("run", "--db", db, "--run-mode", "FULL", "--config", config, "--json")
    told = expect(outcome, code, 2)
    assert said in told
    error = outcome.json()["error"]
    assert error["code"] == code
    assert error["where"]
    assert error["fix"], "every error says how to mend it"
    assert published(db) == before
    assert len(sql(db, "select run_id from idr_out.run_history")) == runs


@pytest.mark.slow
def test_the_installed_program_answers_with_one_object_and_its_exit_code(db: Path, tmp_path: Path) -> None:
    done = installed("run", "--db", db, "--run-mode", "FULL", "--json")
    assert (done.code, done.json()["status"]) == (0, "SUCCESS")
    config = written(tmp_path, CONFIG.replace("match: [phone]", "match: [fax]"))
    refused = installed("run", "--db", db, "--run-mode", "FULL", "--config", config, "--json")
    expect(refused, "IDR-109", 2)
    assert refused.json()["error"]["code"] == "IDR-109"
    misused = installed("run", "--db", db, "--json")
    expect(misused, "IDR-406", 2)
    assert misused.json()["error"]["code"] == "IDR-406"


def test_a_refused_configuration_leaves_the_one_in_force(db: Path, tmp_path: Path) -> None:
    before = published(db)
    config = written(tmp_path, CONFIG.replace("match: [phone]", "match: [fax]"))
    assert idr("run", "--db", db, "--run-mode", "FULL", "--config", config).code == 2
    assert idr("run", "--db", db, "--run-mode", "FULL").code == 0
    assert published(db) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "IDR-106"),
        (b"# nothing\n", "IDR-106"),
        (b"\x7fELF\x02\x01\x00", "IDR-101"),
        (b"\xff\xfe\x00s", "IDR-112"),
        (b"[1, 2]", "IDR-105"),
        (BOMB, "IDR-101"),
        (b"!!python/object/apply:os.system [id]", "IDR-105"),
        (None, "IDR-112"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_configuration(db: Path, tmp_path: Path, content: bytes | None, code: str) -> None:
    config = tmp_path if content is None else written(tmp_path, content)
    before = published(db)
    told = expect(idr("run", "--db", db, "--run-mode", "FULL", "--config", config), code, 2)
    assert len(told) < 2000
    assert published(db) == before


@pytest.mark.parametrize("command", [["check"], ["apply", "--yes"]])
def test_config_commands_refuse_a_broken_file(db: Path, tmp_path: Path, command: list[str]) -> None:
    config = written(tmp_path, CONFIG.replace("match: [phone]", "match: [fax]"))
    rules = sql(db, "from idr_meta.rule")
    expect(idr("config", *command, "--config", config, "--db", db), "IDR-109", 2)
    assert sql(db, "from idr_meta.rule") == rules


def test_all_problems_of_a_configuration_come_at_once(db: Path, tmp_path: Path) -> None:
    text = CONFIG.replace("key: customer_id", "key: custmer_id").replace("email: email, ", "email: emial, ")
    answer = idr("config", "check", "--db", db, "--config", written(tmp_path, text), "--json").json()
    assert [problem["code"] for problem in answer["problems"]] == ["IDR-103", "IDR-103"]
    assert answer["problems"][0]["fix"] == 'Did you mean "customer_id"?'


def test_a_view_whose_file_is_gone(db: Path, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("customer_id,email,phone,updated_at\n1,a@b.de,2,2024-01-01\n", encoding="utf-8")
    sql(db, f"create view crm.leads as select * from read_csv('{file}')")
    file.unlink()
    config = written(tmp_path, CONFIG.replace("crm.customers", "crm.leads"))
    expect(idr("config", "check", "--db", db, "--config", config), "IDR-104", 2)


def test_a_null_key_is_refused(db: Path) -> None:
    before = published(db)
    sql(db, "update crm.customers set customer_id = null, updated_at = '2030-01-01' where customer_id = 7")
    outcome = idr("run", "--db", db, "--run-mode", "FULL", "--json")
    expect(outcome, "IDR-201", 1)
    result = outcome.json()
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-201")
    assert published(db) == before
    assert last_run(db)[:3] == ("FAILED", "IDR-201", result["error"]["stage"])


def test_of_a_repeated_key_the_latest_row_wins_and_it_is_reported(db: Path) -> None:
    sql(db, "insert into crm.customers select 7, 'late@other.org', null, '2024-06-01', [1], {'a': 1}")
    outcome = idr("run", "--db", db, "--run-mode", "FULL", "--json")
    assert outcome.code == 0
    result = outcome.json()
    assert result["status"] == "SUCCESS_WITH_WARNINGS"
    assert result["warnings"][0].startswith("IDR-202 source crm")
    assert sql(db, "select i_email from idr_out.entity_current where entity_key = 'crm:7'") == [("late@other.org",)]


def test_a_value_that_does_not_convert_is_not_shown(db: Path, tmp_path: Path) -> None:
    before = published(db)
    config = written(tmp_path, CONFIG.replace("phone: phone}", "phone: cast(email as integer)}"))
    outcome = idr("run", "--db", db, "--run-mode", "FULL", "--config", config, "--json")
    told = expect(outcome, "IDR-501", 1)
    assert "Could not convert" in told
    assert published(db) == before
    assert not SECRET.search(json.dumps(last_run(db)))


@contextmanager
def held_open(file: Path) -> Iterator[None]:
    """Another process has the database open for writing."""
    code = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            yield
        finally:
            process.communicate()


def test_a_locked_database(db: Path) -> None:
    before = published(db)
    with held_open(db):
        for command in (["run", "--run-mode", "FULL"], ["status"]):
            outcome = idr(*command, "--db", db, "--json")
            told = expect(outcome, "IDR-502", 4)
            assert "Close the other program" in told
            assert "IDR-502" in json.dumps(outcome.json())
    assert published(db) == before


@pytest.mark.parametrize("kind", ["missing", "text", "empty", "sqlite", "truncated", "directory"])
def test_a_file_that_is_no_database(done: Path, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "my.duckdb"
    if kind == "text":
        file.write_text("customer_id,email\n" * 20, encoding="utf-8")
    elif kind == "empty":
        file.touch()
    elif kind == "sqlite":
        connection = sqlite3.connect(file)
        connection.execute("create table customers (id)")
        connection.commit()
        connection.close()
    elif kind == "truncated":
        file.write_bytes(done.read_bytes()[:5000])
    elif kind == "directory":
        file.mkdir()
    config = written(tmp_path, CONFIG)
    expect(idr("run", "--db", file, "--run-mode", "FULL", "--config", config), "IDR-503", 1)
    if kind == "sqlite":
        expect(idr("init", "--from-db", file, "--output", tmp_path / "new.yml"), "IDR-503", 1)
    assert file.exists() == (kind != "missing")
    assert not (tmp_path / "new.yml").exists()


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everywhere")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_database_that_may_not_be_written(done: Path, what: str) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        file = Path(shutil.copy(done, folder / "my.duckdb"))
        before = published(file)
        file.chmod(0o444 if what == "file" else 0o666)
        folder.chmod(0o755 if what == "file" else 0o555)
        other = ("setpriv", "--reuid=65534", "--clear-groups") if os.geteuid() == 0 else ()
        outcome = installed("run", "--db", file, "--run-mode", "FULL", "--json", as_user=other)
        expect(outcome, "IDR-503", 1)
        assert published(file) == before
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


NONSENSE = [
    ("update idr_meta.identifier_type set normalizer = 'fone' where identifier_type = 'phone'", "fone"),
    ("update idr_meta.identifier_type set region = 'USA' where identifier_type = 'phone'", "USA"),
    ("update idr_meta.identifier_type set placeholders = 'n/a'", "placeholders of"),
    ("update idr_meta.identifier_mapping set value_expr = '(select email from crm.customers)'", "sub-query"),
    ("update idr_meta.source_table set entity_key_expr = 'customer_id)'", "customer_id)"),
    ("update idr_meta.source_table set entity_key_expr = null", "key"),
    ("update idr_meta.source_table set table_name = 'crm.customers; drop table crm.customers'", "table"),
    ("update idr_meta.source_table set lookback_minutes = -1", "lookback_minutes"),
    ("update idr_meta.source_table set source_id = 'C R M'", "source_id"),
    ("insert into idr_meta.source_table select * from idr_meta.source_table", "source_id"),
    ("delete from idr_meta.identifier_type where identifier_type = 'phone'", "phone"),
    ("update idr_meta.rule set match_identifiers = 'email,fax' where rule_id = 'email'", "fax"),
    ("update idr_meta.rule set match_identifiers = null where rule_id = 'email'", "rules.email.match"),
    ("update idr_meta.rule set priority = -1 where rule_id = 'email'", "priority"),
    ("update idr_meta.rule set max_group_size = 0", "max_group_size"),
    ("delete from idr_meta.rule", "rules"),
    ("insert into idr_meta.identifier_mapping values ('shop', 'email', 'email')", "shop"),
    ("insert into idr_meta.identifier_exclusion values ('email', 'regex', '(')", "regular expression"),
    ("insert into idr_meta.identifier_exclusion values ('email', 'fuzzy', 'x')", "fuzzy"),
    ("insert into idr_meta.survivorship_rule values ('email', 'best', null)", "best"),
    ("insert into idr_meta.config values ('guardrails.max_moved_ratio', '7')", "max_moved_ratio"),
    ("update idr_meta.config set value = 'much' where key = 'settings.lease_minutes'", "idr_meta"),
    ("insert into idr_meta.config values ('nonsense', '1')", "nonsense"),
    ("update idr_meta.config set value = null", "idr_meta"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("edit", "said"), NONSENSE)
def test_nonsense_in_the_configuration_tables(db: Path, edit: str, said: str) -> None:
    before = published(db)
    sql(db, edit)
    outcome = idr("run", "--db", db, "--run-mode", "FULL", "--json")
    told = expect(outcome, "IDR-115", 2)
    assert said in told
    assert "idr_meta" in told
    result = outcome.json()
    assert (result["status"], result["error"]["code"]) == ("FAILED", "IDR-115")
    assert published(db) == before
    assert last_run(db)[:2] == ("FAILED", "IDR-115")


def test_applying_the_file_mends_the_configuration_tables(db: Path, tmp_path: Path) -> None:
    before = published(db)
    sql(db, "update idr_meta.identifier_type set normalizer = 'fone'")
    config = written(tmp_path, CONFIG)
    assert idr("config", "apply", "--config", config, "--db", db, "--yes").code == 0
    assert idr("run", "--db", db, "--run-mode", "FULL").code == 0
    assert published(db) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--run-mode", "SOME", "--db", "x"],
        ["run", "--db", "x"],
        ["run", "--db", "x", "--run-mode", "FULL", "--max-iters", "0"],
        ["approve", "--db", "x"],
        ["evaluate", "--db", "x"],
        ["config", "nonsense"],
        ["nonsense"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_is_one_object_too(arguments: list[str]) -> None:
    outcome = idr(*arguments, "--json")
    expect(outcome, "IDR-406", 2)
    assert outcome.json()["error"]["code"] == "IDR-406"
    assert set(outcome.json()) == {"status", "message", "error", "problems"}


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["explain", "crm:1", "crm:9999"], "IDR-407", 1),
        (["show", "crm:9999"], "IDR-407", 1),
        (["approve", "r1"], "IDR-402", 1),
        (["evaluate", "--truth", "none.csv"], "IDR-408", 1),
        (["config", "apply", "--yes", "--config", "none.yml"], "IDR-112", 2),
        (["run", "--run-mode", "FULL", "--config", "none.yml"], "IDR-112", 2),
    ],
)
def test_an_error_with_json_is_one_object(db: Path, arguments: list[str], code: str, exit_code: int) -> None:
    outcome = idr(*arguments, "--db", db, "--json")
    expect(outcome, code, exit_code)
    error = outcome.json()["error"]
    assert (error["code"], bool(error["message"])) == (code, True)
    assert error["fix"]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Published, Published]:
    """A larger database with changes to publish, and its published tables before and after that."""
    folder = tmp_path_factory.mktemp("large")
    file = folder / "my.duckdb"
    sql(file, CUSTOMERS.replace("{rows}", "20000"))
    run = idr("run", "--db", file, "--run-mode", "FULL", "--config", written(folder, CONFIG), "--json")
    assert run.code == 0, run.stderr
    sql(
        file,
        "update crm.customers set email = 'new' || email, updated_at = '2025-01-01' where customer_id % 40 = 0",
    )
    after = Path(shutil.copy(file, folder / "after.duckdb"))
    assert idr("run", "--db", after, "--run-mode", "FULL").code == 0
    assert published(after) != published(file)
    return file, published(file), published(after)


def killed(file: Path, until: str, wait: float) -> bool:
    """Kill a run some time after it told of a stage; whether it was still at work."""
    command = [EXECUTABLE, "run", "--db", str(file), "--run-mode", "FULL"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(until):
                break
        time.sleep(wait)
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return alive


@pytest.mark.slow
@pytest.mark.parametrize(
    ("until", "wait"),
    [("read sources", 0), ("golden profiles", 0), ("conflicts", 0.06)],
)
def test_a_killed_run_leaves_before_or_after(
    large: tuple[Path, Published, Published], tmp_path: Path, until: str, wait: float
) -> None:
    origin, before, after = large
    file = Path(shutil.copy(origin, tmp_path / "my.duckdb"))
    killed(file, until, wait)
    assert published(file) in (before, after)
    outcome = idr("run", "--db", file, "--run-mode", "FULL", "--json")
    assert outcome.code == 0, outcome.stderr
    assert published(file) == after
    statuses = sql(file, "select distinct status from idr_out.run_history")
    assert ("RUNNING",) not in statuses


@pytest.mark.slow
def test_a_run_killed_while_it_reads_is_told_of_by_the_next(db: Path) -> None:
    before = published(db)
    sql(
        db,
        "create table crm.kept as from crm.customers; drop table crm.customers;"
        "create view crm.customers as select * from crm.kept"
        " where (select sum(a.i * b.i) from range(1000000) as a(i), range(1000000) as b(i)) >= 0",
    )
    process = subprocess.Popen([EXECUTABLE, "run", "--db", str(db), "--run-mode", "FULL"], stderr=subprocess.DEVNULL)
    log = db.with_name("my.duckdb.wal")
    while not (log.exists() and log.stat().st_size):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.5)
    assert process.poll() is None
    process.kill()
    process.wait()
    assert published(db) == before
    assert sql(db, "select count(*) from idr_out.run_history where status = 'RUNNING'") == [(1,)]
    sql(db, "create or replace view crm.customers as select * from crm.kept")
    assert idr("run", "--db", db, "--run-mode", "INCR").code == 0
    runs = idr("history", "--db", db, "--json").json()
    assert [(row["status"], row["error_code"]) for row in runs[1:2]] == [("FAILED", "IDR-504")]
    assert published(db) == before
