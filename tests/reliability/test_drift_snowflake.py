"""The table of a source changes in the local Snowflake: a run is right, or it says what is missing and what to type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.reliability import scene
from tests.reliability.people_app import Application
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.snowflake, pytest.mark.slow, pytest.mark.timeout(0 if LONG else 300)]
PEOPLE, KEPT = "shop.crm.people", "create table shop.crm.kept as select * from shop.crm.people"
GRANT = "grant select on table shop.crm.people to application idr"
DROP = "drop table shop.crm.people"


@dataclass(frozen=True)
class Drift:
    """What becomes of the table; the words of the failure, none where a run works; how it is mended."""

    does: tuple[str, ...]
    told: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()


def _again(columns: str = "id, email, updated_at") -> tuple[str, ...]:
    """Made from what was kept, and granted."""
    return f"create or replace table {PEOPLE} as select {columns} from shop.crm.kept", GRANT


def _dropped(column: str) -> Drift:
    told = ("IDR-103", f'column "{column}" not found in {PEOPLE}', "source crm")
    return Drift((KEPT, f"alter table {PEOPLE} drop column {column}"), told, _again())


def _renamed(column: str) -> Drift:
    told = ("IDR-103", f'column "{column}" not found in {PEOPLE}', f'Did you mean "{column.upper()}_2"')
    there, back = (f"alter table {PEOPLE} rename column {a} to {b}" for a, b in (
        (column, f"{column}_2"), (f"{column}_2", column)
    ))  # fmt: skip
    return Drift((there,), told, (back,))


NOT_THERE = ("IDR-104", f"table {PEOPLE} does not exist", "source crm", "type: grant select on table")
DRIFTS = {
    **{f"{column} is dropped": _dropped(column) for column in ("id", "email", "updated_at")},
    **{f"{column} is renamed": _renamed(column) for column in ("id", "email", "updated_at")},
    "a column comes": Drift((f"alter table {PEOPLE} add column more varchar",)),
    "id becomes text": Drift((KEPT, *_again("id::varchar as id, email, updated_at"))),
    "updated_at becomes a date": Drift((KEPT, *_again("id, email, updated_at::date as updated_at"))),
    "updated_at becomes text": Drift(
        (KEPT, *_again("id, email, updated_at::varchar as updated_at")),
        ("IDR-114", "source crm, watermark", "updated_at", "cast(updated_at as timestamp_ntz)"), _again(),
    ),
    "updated_at becomes a number": Drift(
        (KEPT, *_again("id, email, date_part(epoch_second, updated_at) as updated_at")),
        ("IDR-114", "source crm, watermark", "updated_at", "to_timestamp(updated_at)"), _again(),
    ),
    "the table is dropped": Drift((KEPT, DROP), NOT_THERE, _again()),
    "the table is renamed": Drift(
        (f"alter table {PEOPLE} rename to shop.crm.folk",), NOT_THERE,
        (f"alter table shop.crm.folk rename to {PEOPLE}",),
    ),
    "the table is made again without its grant": Drift((KEPT, DROP, _again()[0]), NOT_THERE, (GRANT,)),
    "the table is replaced without its grant": Drift((KEPT, _again()[0]), NOT_THERE, (GRANT,)),
    "the table becomes a view without a grant": Drift(
        (f"alter table {PEOPLE} rename to shop.crm.folk", f"create view {PEOPLE} as select * from shop.crm.folk"),
        NOT_THERE, (f"drop view {PEOPLE}", f"alter table shop.crm.folk rename to {PEOPLE}"),
    ),
    "the schema is dropped": Drift(
        ("create schema shop.kept", "create table shop.kept.people as select * from shop.crm.people",
         "drop schema shop.crm"),
        ("IDR-104", f"table {PEOPLE} does not exist", "type: grant usage on schema shop.crm to application IDR"),
        ("create schema shop.crm", "grant usage on schema shop.crm to application idr",
         f"create table {PEOPLE} as select * from shop.kept.people", GRANT, "drop schema shop.kept"),
    ),
}  # fmt: skip
QUICK = ("email is renamed", "updated_at becomes text", "the table is made again without its grant")


@pytest.fixture
def people(application: Application) -> Iterator[Application]:
    """The table is afterwards what it was before, whatever a drift made of it."""
    yield application
    application.local.query(
        "create schema if not exists shop.crm", "grant usage on schema shop.crm to application idr",
        f"drop table if exists {PEOPLE}", "drop table if exists shop.crm.kept",
        f"create table {PEOPLE} (id integer, email varchar, updated_at timestamp_ntz)", GRANT,
        *(
            f"insert into {PEOPLE} values ({person}, '{email}', '{application.clock}')"
            for person, email in application.emails.items()
        ),
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["INCR", "FULL"] if LONG else ["INCR"])
@pytest.mark.parametrize("name", DRIFTS if LONG else QUICK)
def test_a_table_drifts(people: Application, name: str, mode: str) -> None:
    drift, query = DRIFTS[name], people.local.query
    assert people.call("idr_run('FULL')")["status"] == "SUCCESS"
    before = people.published()
    query(*drift.does)
    result = people.call(f"idr_run('{mode}')")
    told = " ".join([str(result["message"]), str(result["error"]), *result["reasons"]])
    assert people.published() == before == people.expected()
    if drift.told:
        assert result["status"] == "FAILED", result
        assert [word for word in drift.told if word not in told] == [], told
        query(*drift.mended)
    else:
        assert result["status"] == "SUCCESS", result
    people.clock += timedelta(days=2)  # later for a date, too
    people.change(3)
    assert people.call("idr_run('INCR')")["status"] == "SUCCESS"
    assert people.published() == people.expected()
    with people.tables() as connection:
        assert (scene.disagreements(connection), scene.leftovers(connection)) == ([], [])
    count("upgrade and drift", f"drift in the local Snowflake, {mode}", tried=1, wrong=0)
