"""What is older than the limit goes, whatever table it is in, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from idr import journal
from tests.resolution.shop import NOW, Shop

DAYS = [NOW + timedelta(days=days) for days in (-1, 0, 1)]
AGED = {
    "plan": "created_at",
    "dry_run_summary": "created_at",
    "stage_metrics": "recorded_at",
    "metrics_export": "recorded_at",
    "skipped_identifier_groups": "resumed_at",
}


def put(shop: Shop, table: str, column: str, *values: object) -> None:
    for value in values:
        shop.query(f"insert into idr_out.{table} ({column}) values (?)", value)


@pytest.mark.parametrize("table", AGED)
def test_what_is_older_goes_whatever_table_it_is_in(table: str) -> None:
    shop = Shop()
    put(shop, table, AGED[table], *DAYS, None)
    journal.expire(shop.wh, NOW)
    assert shop.query(f"select {AGED[table]} from idr_out.{table} order by 1 nulls last") == [
        (DAYS[1],),
        (DAYS[2],),
        (None,),
    ]


def test_the_rows_of_a_dry_run_are_as_old_as_the_run() -> None:
    shop = Shop()
    for number, day in enumerate(DAYS):
        shop.query("insert into idr_out.run_history (run_id, started_at) values (?, ?)", f"run{number}", day)
        put(shop, "dry_run_results", "run_id", f"run{number}")
        put(shop, "dry_run_summary", "created_at", day)
    journal.expire(shop.wh, NOW)
    assert shop.query("select run_id from idr_out.dry_run_results order by 1") == [("run1",), ("run2",)]
    assert len(shop.query("select * from idr_out.run_history")) == 3


def test_nothing_is_written_while_nothing_is_older() -> None:
    class Watched:
        def __init__(self, connection: Any) -> None:
            self.connection = connection

        def execute(self, sql: str, *rest: Any) -> Any:
            said.append(sql.lower())
            return self.connection.execute(sql, *rest)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.connection, name)

    said: list[str] = []
    shop = Shop(wrap=Watched)
    for table, column in AGED.items():
        put(shop, table, column, NOW)
    said.clear()
    journal.expire(shop.wh, NOW)
    assert said
    assert not [sql for sql in said if "delete" in sql]
