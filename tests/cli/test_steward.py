"""The commands of stewardship: what they print, what they leave with."""

from __future__ import annotations

import csv
import getpass
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from idr.cli.main import app
from idr.cli.output import stdout
from idr.warehouse.duckdb import DuckDBWarehouse


def idr(*arguments: str | Path) -> Result:
    return CliRunner(mix_stderr=False).invoke(app, [str(item) for item in arguments])


def answer(*arguments: str | Path) -> Any:
    result = idr(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("kind", ["link", "unlink"])
def test_a_decision_is_listed_with_who_and_why_and_can_be_revoked(state_file: Path, kind: str) -> None:
    made = answer(kind, "crm:9", "crm:10", "--reason", "said so [bold]twice[/bold]", "--db", state_file)
    assert (made["kind"], made["created_by"]) == (kind.upper(), getpass.getuser())
    assert [row["override_id"] for row in answer("overrides", "--db", state_file)] == [made["override_id"]]
    printed = idr("overrides", "--db", state_file)
    assert printed.exit_code == 0
    assert "from the next run" in " ".join(printed.stdout.split()) or "from" in printed.stdout
    assert idr("revoke", made["override_id"], "--db", state_file).exit_code == 0
    assert answer("overrides", "--db", state_file) == []
    assert answer("overrides", "--all", "--db", state_file)[0]["revoked_by"] == getpass.getuser()


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["link", "crm:9", "crm:99", "--reason", "x"], "IDR-407", 1),
        (["link", "crm:9", "crm:9", "--reason", "x"], "IDR-409", 1),
        (["link", "crm:9", "crm:10", "--reason", ""], "IDR-406", 2),
        (["revoke", "nothing"], "IDR-410", 1),
        (["forget", "crm:99"], "IDR-407", 1),
        (["compare", "nothing", "current"], "IDR-413", 1),
    ],
)
def test_a_refusal_tells_its_code(state_file: Path, arguments: list[str], code: str, exit_code: int) -> None:
    result = idr(*arguments, "--db", state_file)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr.startswith(code)


def test_the_list_tells_since_when_a_decision_no_longer_holds(state_file: Path) -> None:
    arguments = ("--db", state_file)
    made = answer("unlink", "crm:9", "crm:10", "--reason", "two sisters", *arguments)["override_id"]
    assert idr("run", "--run-mode", "INCR", *arguments).exit_code == 3
    assert idr("approve", answer("status", *arguments)["held_plans"][-1], *arguments).exit_code == 0
    assert "in force" in words("overrides", *arguments)
    assert idr("revoke", made, *arguments).exit_code == 0
    assert "until the next run" in words("overrides", *arguments)
    assert idr("run", "--run-mode", "INCR", *arguments).exit_code == 0
    assert made not in words("overrides", *arguments)
    assert f"revoked by {getpass.getuser()}" in words("overrides", "--all", *arguments)


def words(*arguments: str | Path) -> str:
    """What a command prints, on one line: a table breaks its cells where the terminal ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stdout, "_width", 300)
        return " ".join(idr(*arguments).stdout.split())


def test_a_decision_of_a_user_without_a_name_carries_the_number(
    state_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987654)  # as in a container, where no account has it
    made = answer("link", "crm:9", "crm:10", "--reason", "one passport", "--db", state_file)
    assert made["created_by"] == "uid 987654"


def test_a_decision_without_a_reason_is_usage(state_file: Path) -> None:
    assert idr("link", "crm:9", "crm:10", "--db", state_file).exit_code == 2


def test_forget_prints_the_receipt_and_a_second_call_says_that_it_is_gone(state_file: Path) -> None:
    receipt = answer("forget", "crm:2", "--db", state_file)
    assert (receipt["status"], receipt["mode"], receipt["rows"]["idr_out.match_key_current"]) == (
        "SUCCESS",
        "FORGET",
        2,
    )
    again = idr("forget", "crm:2", "--db", state_file)
    assert again.exit_code == 1
    assert again.stderr.startswith("IDR-412")
    printed = idr("forget", "crm:3", "--db", state_file)
    assert printed.exit_code == 0
    assert "idr_out.identity_event" in printed.stdout


def test_forget_says_what_became_of_each_identity_and_what_is_left_to_do(state_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "idr.yml"
    config.write_text(CHAIN, encoding="utf-8")
    with duckdb.connect(str(state_file)) as connection:
        connection.execute("delete from crm.people")
        connection.execute(
            "insert into crm.people values (1, 'a@x.org', null, 'a', '2026-01-01'), (2, 'a@x.org', '5', 'b',"
            " '2026-01-01'), (3, null, '5', 'c', '2026-01-01'), (4, 'd@x.org', null, 'd', '2026-01-01')"
        )
    assert idr("run", "--run-mode", "FULL", "--config", config, "--db", state_file).exit_code == 0
    bridge = idr("forget", "crm:2", "--db", state_file)
    assert re.search(r"identity \w+ fell into 2 parts", bridge.stdout)
    alone = idr("forget", "crm:4", "--db", state_file)
    assert re.search(r"identity \w+ ended", alone.stdout)
    assert "identifier email: its exclusions name a value of the record; edit the configuration" in alone.stdout


CHAIN = """
sources:
  crm: {table: crm.people, key: id, identifiers: {email: email, phone: phone}, attributes: {contact: email}}
identifiers:
  email: {normalize: email, exclude: ["d@x.org"]}
  phone: {normalize: digits}
rules:
  - {id: email, match: [email]}
  - {id: phone, match: [phone]}
guardrails: {max_moved_ratio: null, min_source_ratio: null}
"""


def test_forget_is_4_while_a_run_is_on(state_file: Path) -> None:
    wh = DuckDBWarehouse.open(state_file)
    busy = "update idr_meta.run_lock set holder = :holder, expires_at = cast('2999-01-01' as timestamp_ntz)"
    wh.execute(busy, {"holder": f"{wh.process_token}:other"})
    wh.close()
    assert idr("forget", "crm:2", "--db", state_file).exit_code == 4


def test_forget_compacts_the_file_and_keeps_all_else(state_file: Path) -> None:
    before = _everything(state_file)
    receipt = answer("forget", "crm:10", "--compact", "--db", state_file)
    assert "compacted_bytes" in receipt
    assert not list(state_file.parent.glob("*.compact"))
    after = _everything(state_file)
    assert after.keys() == before.keys()
    assert after["crm.people"] == before["crm.people"]
    assert len(after["idr_out.entity_current"]) == len(before["idr_out.entity_current"]) - 1
    assert idr("run", "--run-mode", "FULL", "--dry-run", "--db", state_file).exit_code == 3
    assert answer("show", "crm:1", "--db", state_file)["totals"]["members"] == 4


def _everything(file: Path) -> dict[str, list[tuple]]:
    with duckdb.connect(str(file)) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_schema <> 'idr_work'"
        ).fetchall()
        return {name: sorted(connection.execute(f"from {name}").fetchall(), key=repr) for (name,) in names}


def test_a_forced_link_reads_as_such(state_file: Path) -> None:
    answer("link", "crm:9", "crm:10", "--reason", "same passport", "--db", state_file)
    assert "the next run takes it up" in idr("explain", "crm:9", "crm:10", "--db", state_file).stdout
    assert idr("run", "--run-mode", "INCR", "--db", state_file).exit_code == 3
    held = answer("status", "--db", state_file)["held_plans"][-1]
    assert idr("approve", held, "--db", state_file).exit_code == 0
    told = idr("explain", "crm:9", "crm:10", "--db", state_file).stdout
    assert f"linked by {getpass.getuser()} on" in told
    assert "same passport" in told


def test_compare_tells_what_the_held_plan_would_change(state_file: Path, names: SimpleNamespace) -> None:
    result = answer("compare", "current", names.held, "--db", state_file)
    assert (result["only_in_b"], result["totals"]) == (1, {"split": 0, "merged": 0, "moved": 0})
    past = answer("compare", names.runs[1], names.runs[3], "--db", state_file)
    assert past["totals"] == {"split": 0, "merged": 1, "moved": 2}
    assert "Merged" in idr("compare", names.runs[1], names.runs[3], "--db", state_file).stdout
    assert "and 1 more" in idr("compare", names.runs[1], names.runs[3], "--limit", "1", "--db", state_file).stdout


def test_membership_as_of_a_run_is_written(state_file: Path, names: SimpleNamespace, tmp_path: Path) -> None:
    file = tmp_path / "then.csv"
    arguments = ("membership", "--as-of", names.runs[0], "--output", file, "--db", state_file)
    assert idr(*arguments).exit_code == 0
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["entity_key"] for row in rows] == ["crm:1", "crm:10", "crm:11", "crm:12", "crm:2", "crm:8", "crm:9"]
    assert idr(*arguments).exit_code == 2
    assert idr(*arguments, "--force").exit_code == 0


def test_membership_into_a_folder_that_is_not_there_is_usage(state_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "nowhere" / "then.csv"
    refused = idr("membership", "--as-of", "current", "--output", file, "--db", state_file)
    assert refused.exit_code == 2
    assert "No such file or directory" in " ".join(refused.stderr.replace("│", " ").split())


def test_suspects_print(state_file: Path) -> None:
    assert "No value links" in idr("suspects", "--db", state_file).stdout
    assert answer("suspects", "--db", state_file) == {"suspects": [], "total": 0}


@pytest.fixture
def crowd_file(tmp_path: Path) -> Path:
    """Forty pairs of records, and two mailboxes that 24 and 12 share; the first is above the cap of its rule."""
    file = tmp_path / "crowd.duckdb"
    config = tmp_path / "crowd.yml"
    config.write_text(CROWD, encoding="utf-8")
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema crm")
        connection.execute(
            "create table crm.people as select i as id, 'u' || i // 2 || '@x.org' as email from range(80) as r(i)"
            " union all select 100 + i, 'info@x.org' from range(24) as r(i)"
            " union all select 200 + i, 'team@x.org' from range(12) as r(i)"
        )
    assert idr("run", "--run-mode", "FULL", "--config", config, "--db", file).exit_code == 0
    return file


CROWD = """
sources:
  crm: {table: crm.people, key: id, identifiers: {email: email}}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email], max_group_size: 15}
guardrails: {suspect_group_factor: null}
"""


def test_suspects_are_told_with_the_entry_that_excludes_them(crowd_file: Path) -> None:
    masked = idr("suspects", "--db", crowd_file)
    assert "email = i********g is on 24 records, usual 2, skipped as oversized" in masked.stdout
    assert "email = t********g is on 12 records, usual 2\n" in masked.stdout
    assert "info@x.org" not in masked.stdout
    assert "--show-values" in masked.stderr
    shown = idr("suspects", "--limit", "1", "--show-values", "--db", crowd_file)
    assert 'add to identifiers.email.exclude: {exact: "info@x.org"}' in shown.stdout
    assert shown.stdout.endswith("and 1 more\n")
    assert "--show-values" not in shown.stderr


def test_show_as_of_a_run_tells_who_was_one_and_where_each_is_now(state_file: Path, names: SimpleNamespace) -> None:
    then = answer("show", "crm:3", "--as-of", names.runs[1], "--db", state_file)
    assert [row["entity_key"] for row in then["members"]] == ["crm:3"]
    assert then["members"][0]["resolved_id_now"] == names.anna
    assert "and" not in idr("show", "crm:3", "--as-of", names.runs[1], "--db", state_file).stdout.split()
    nobody = idr("show", "crm:3", "--as-of", names.runs[0], "--db", state_file)
    assert (nobody.exit_code, "(published): no identity" in nobody.stdout) == (0, True)
    assert "Members" not in nobody.stdout
    merged = next(iter(names.merged - {names.anna}))
    assert "(plan): no identity" in idr("show", merged, "--as-of", names.held, "--db", state_file).stdout
    printed = idr("show", "crm:3", "--as-of", names.runs[3], "--limit", "2", "--db", state_file)
    assert printed.exit_code == 0
    assert names.anna in printed.stdout
    assert "and 2 more" in printed.stdout
    assert "IDR-413" in idr("show", "crm:3", "--as-of", "no_run", "--db", state_file).stderr


def everything(state_file: Path) -> dict[str, list[Any]]:
    with duckdb.connect(str(state_file), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'"
        ).fetchall()
        return {name: sorted(connection.execute(f"select * from {name}").fetchall(), key=repr) for (name,) in names}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["explain", "crm:1", "crm:99"], "IDR-407"),
        (["show", "0123456789abcdef"], "IDR-407"),
        (["show", "crm:99", "--as-of", "current"], "IDR-407"),
        (["link", "crm:1", "crm:99", "--reason", "x"], "IDR-407"),
        (["unlink", "crm:99", "crm:1", "--reason", "x"], "IDR-407"),
        (["link", "crm:1", "crm:10", "--reason", "one after all"], "IDR-411"),  # kept apart
        (["unlink", "crm:9", "crm:10", "--reason", "two after all"], "IDR-411"),  # forced together
        (["link", "crm:1", "crm:9", "--reason", "by way of crm:10"], "IDR-411"),
        (["forget", "crm:99"], "IDR-407"),
    ],
)
def test_what_is_unknown_or_contradicts_a_decision_changes_nothing(
    state_file: Path, arguments: list[str], code: str
) -> None:
    answer("unlink", "crm:1", "crm:10", "--reason", "father and son", "--db", state_file)
    answer("link", "crm:9", "crm:10", "--reason", "same passport", "--db", state_file)
    before = everything(state_file)
    refused = idr(*arguments, "--db", state_file, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, code)
    assert everything(state_file) == before


def test_nothing_is_erased_while_a_run_is_on(state_file: Path) -> None:
    wh = DuckDBWarehouse.open(state_file)
    wh.execute(
        "update idr_meta.run_lock set holder = :holder, expires_at = '2999-01-01'",
        {"holder": f"{wh.process_token}:another"},
    )
    wh.close()
    before = everything(state_file)
    refused = idr("forget", "crm:9", "--db", state_file, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["status"]) == (4, "SKIPPED")
    after = everything(state_file)
    history = "idr_out.run_history"
    assert len(after.pop(history)) == len(before.pop(history)) + 1, "that it was tried is told"
    assert after == before


def test_status_tells_what_was_held_until_it_is_approved(state_file: Path, names: SimpleNamespace) -> None:
    [alert] = answer("status", "--db", state_file)["alerts"]
    assert (alert["kind"], alert["run_id"]) == ("HELD", names.held)
    assert "To look at" in idr("status", "--db", state_file).stdout
    assert idr("approve", names.held, "--db", state_file).exit_code == 0
    assert answer("status", "--db", state_file)["alerts"] == []
    assert "To look at" not in idr("status", "--db", state_file).stdout
