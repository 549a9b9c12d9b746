"""The handlers of the procedures, over a real Snowpark session: every answer is an object that JSON can carry."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from snowflake.snowpark import Session

from idr import handlers, schema
from idr.warehouse.snowpark import SnowparkWarehouse

pytestmark = [pytest.mark.slow, pytest.mark.snowflake]

YAML = """
sources:
  crm:
    table: crm.people
    key: id
    watermark: updated_at
    identifiers: {email: email}
    attributes: {name: name}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
"""


@pytest.fixture
def app(session: Session) -> Session:
    wh = SnowparkWarehouse(session)
    schema.install(wh)
    wh.execute("create schema if not exists crm")
    wh.execute("create table crm.people (id integer, email varchar, name varchar, updated_at timestamp_ntz)")
    wh.execute(
        "insert into crm.people values (1, 'Ann@x.org', 'Ann', '2024-01-01'), (2, 'ann@x.org', 'Anna', '2024-01-02'),"
        " (3, 'bob@x.org', 'Bob', '2024-01-03')"
    )
    return session


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    assert json.loads(json.dumps(answer)) == answer
    return answer


def test_from_configuration_to_explanation(app: Session) -> None:
    assert plain(handlers.status(app))["entities"] == 0
    assert plain(handlers.configure(app, YAML)) == {
        "applied": True,
        "changes": ["source crm: added", "identifier email: added", "rule email: added"],
    }
    assert handlers.configure(app, YAML) == {"applied": False, "changes": []}

    dry = plain(handlers.run(app, "full", 30, True))
    assert (dry["status"], dry["gate"], dry["mode"]) == ("DRY_RUN_COMPLETE", "PASS", "FULL")
    live = plain(handlers.run(app, "Full"))
    assert (live["status"], live["counts"]["created"]) == ("SUCCESS", 2)
    assert f"published the plan of run {dry['run_id']}" in live["message"]
    assert plain(handlers.run(app, "INCR", 30, False))["status"] == "SUCCESS"

    status = plain(handlers.status(app))
    assert (status["entities"], status["clusters"], status["last_run"]["run_mode"]) == (3, 2, "INCR")
    shown = plain(handlers.show(app, "crm:1"))
    assert [row["entity_key"] for row in shown["members"]] == ["crm:1", "crm:2"]
    assert shown["profile"] == {"name": "A**a"}
    (step,) = plain(handlers.explain(app, "crm:1", "crm:2"))["path"]
    assert (step["from"], step["rule_id"], step["to"]) == ("crm:1", "email", "crm:2")
    assert step["values"] == {"email": "a*******g"}
    past = plain(handlers.show_past(app, "crm:1", live["run_id"]))
    assert [row["entity_key"] for row in past["members"]] == ["crm:1", "crm:2"]
    assert handlers.show_past(app, "crm:1", dry["run_id"] + "x")["error"]["code"] == "IDR-413"


def test_a_table_of_truth_is_compared(app: Session) -> None:
    handlers.configure(app, YAML)
    handlers.run(app, "FULL")
    wh = SnowparkWarehouse(app)
    wh.execute("create table crm.truth (entity varchar, person integer)")
    assert handlers.evaluate(app, "crm.truth")["error"]["code"] == "IDR-408"
    wh.execute("insert into crm.truth values ('crm:1', 1), ('crm:2', 1), ('crm:3', 1)")
    pairwise = plain(handlers.evaluate(app, "crm.truth"))["pairwise"]
    assert (pairwise["precision"], pairwise["recall"]) == (1, pytest.approx(1 / 3))
    assert handlers.evaluate(app, "crm.no_such_table")["error"]["code"] == "IDR-408"


def test_all_problems_of_a_configuration_come_back_with_their_lines(app: Session) -> None:
    answer = plain(handlers.configure(app, YAML.replace("key: id", "kee: id").replace("[email]", "[phone]")))
    assert answer["status"] == "FAILED"
    assert [problem["code"] for problem in answer["problems"]] == ["IDR-102", "IDR-106", "IDR-109"]
    assert any(problem["where"].startswith("idr.yml:5 ") for problem in answer["problems"])
    missing = handlers.configure(app, YAML.replace("crm.people", "crm.peeple"))
    assert missing["error"]["code"] == "IDR-104"
    assert 'Did you mean "CRM.PEOPLE"?' in missing["message"]
    assert handlers.status(app)["entities"] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("SOME", 30, False), 'mode "SOME" is neither FULL nor INCR'),
        (("FULL", 0, False), "max_iters is 0"),
        ((None, 30, False), "an argument is NULL"),
        (("FULL", None, False), "an argument is NULL"),
    ],
)
def test_wrong_arguments_are_one_clear_error(app: Session, arguments: tuple, told: str) -> None:
    answer = plain(handlers.run(app, *arguments))
    assert (answer["status"], answer["error"]["code"]) == ("FAILED", "IDR-406")
    assert told in answer["message"]


def test_a_failed_run_tells_its_stage(app: Session) -> None:
    assert handlers.run(app, "FULL")["error"]["code"] == "IDR-113"
    handlers.configure(app, YAML)
    SnowparkWarehouse(app).execute("insert into crm.people values (null, 'x@x.org', 'X', '2024-01-01')")
    failed = plain(handlers.run(app, "FULL"))
    assert (failed["status"], failed["error"]["code"], failed["error"]["stage"]) == (
        "FAILED",
        "IDR-201",
        "read sources",
    )
    assert handlers.approve(app, "no-such-run")["error"]["code"] == "IDR-402"
    assert handlers.show(app, "crm:9")["error"]["code"] == "IDR-407"


def test_a_surprise_is_an_answer_and_a_line_in_the_log(
    app: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(handlers.history, "status", lambda _: {}["ann@x.org"])
    answer = plain(handlers.status(app))
    assert (answer["status"], answer["error"]["code"]) == ("FAILED", "IDR-599")
    assert re.fullmatch(r"IDR-599 KeyError at handlers.py:\d+, handlers.py:\d+. Please report .*", answer["message"])
    [line] = [record.getMessage() for record in caplog.records if record.name == "idr"]
    assert line == f"unexpected failure in idr_status: {answer['message']}"
    assert "ann@x.org" not in caplog.text


def test_configuring_anew_mends_a_configuration_and_a_state_that_were_damaged_by_hand(app: Session) -> None:
    handlers.configure(app, YAML)
    wh = SnowparkWarehouse(app)
    for damage in ("update idr_meta.rule set match_identifiers = 'fax'", "delete from idr_meta.run_lock"):
        wh.execute(damage)
        assert handlers.run(app, "FULL")["error"]["code"] == "IDR-115"
        assert "applied" in plain(handlers.configure(app, YAML))
    assert handlers.run(app, "FULL")["status"] == "SUCCESS"


def test_an_upgrade_that_cannot_read_the_configuration_fails(app: Session) -> None:
    assert handlers.version_init(app) == "no configuration yet; nothing is scheduled"
    handlers.configure(app, YAML)
    assert handlers.version_init(app) == "configuration with 1 sources is valid; nothing is scheduled"
    SnowparkWarehouse(app).execute("update idr_meta.rule set match_identifiers = 'fax'")
    with pytest.raises(handlers.IdrError, match="IDR-115"):
        handlers.version_init(app)


def test_a_run_that_cannot_write_its_metrics_is_published_says_so_and_gives_the_lock_back(app: Session) -> None:
    wh = SnowparkWarehouse(app)
    handlers.configure(app, YAML)
    wh.execute("drop table idr_out.stage_metrics")
    answer = handlers.run(app, "FULL")
    assert answer["status"] == "SUCCESS"
    assert "its metrics are missing: IDR-501" in answer["warnings"][0]
    schema.install(wh)
    assert handlers.run(app, "FULL")["status"] == "SUCCESS", "not SKIPPED: the lock is free"


def test_a_steward_links_keeps_apart_revokes_and_erases(app: Session) -> None:
    handlers.configure(app, YAML)
    handlers.run(app, "FULL")

    def together(a: str, b: str) -> bool:
        result = plain(handlers.run(app, "INCR"))
        if result["status"] == "HELD":
            handlers.approve(app, result["run_id"])
        return plain(handlers.explain(app, a, b))["linked"]

    assert together("crm:1", "crm:2")
    apart = plain(handlers.unlink(app, "crm:1", "crm:2", "two sisters"))
    assert apart["created_by"]
    assert not together("crm:1", "crm:2")
    refused = plain(handlers.link(app, "crm:1", "crm:2", "no, one"))
    assert refused["error"]["code"] == "IDR-411"
    assert [row["kind"] for row in plain(handlers.list_overrides(app))["overrides"]] == ["UNLINK"]
    handlers.revoke(app, apart["override_id"])
    assert together("crm:1", "crm:2")
    assert plain(handlers.list_suspects(app))["suspects"] == []
    before = plain(handlers.status(app))["last_run"]["run_id"]
    receipt = plain(handlers.forget(app, "crm:1"))
    assert receipt["status"] == "SUCCESS"
    assert receipt["rows"]["idr_out.entity_current"] == 1
    assert plain(handlers.explain(app, "crm:1", "crm:2"))["error"]["code"] == "IDR-412"
    assert plain(handlers.forget(app, "crm:1"))["error"]["code"] == "IDR-412"
    assert plain(handlers.compare(app, before, "current"))["only_in_a"] == 0  # gone from the past as well
