"""An erasure that is cut off after any of its statements has erased everything or nothing."""

from __future__ import annotations

import uuid
from itertools import count
from typing import Any

import pytest

from idr.errors import IdrError
from idr.run import forget
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.resolution.shop import Shop
from tests.stewardship.test_forget import KEY, VALUES, everywhere, full_shop


class Cut(BaseException):
    """The process is gone: what it would do on its way out does not reach the database either."""


class Line:
    """A real connection that is dead after `statements` statements."""

    def __init__(self, connection: Any, statements: int) -> None:
        self.connection = connection
        self.left = statements

    def execute(self, *arguments: Any) -> Any:
        if self.left == 0:
            raise Cut
        self.left -= 1
        return self.connection.execute(*arguments)


def cut_after(shop: Shop, statements: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Erase in a process of its own that ends after so many statements; tell whether it lived to answer."""
    monkeypatch.setattr("idr.warehouse.duckdb._PROCESS_TOKEN", uuid.uuid4().hex)
    session = shop.connection.cursor()
    try:
        forget(DuckDBWarehouse(Line(session, statements)), KEY, clock=lambda: shop.now)
    except Cut:
        return False
    finally:
        session.close()
    return True


@pytest.mark.slow
def test_an_erasure_that_is_cut_off_erases_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = full_shop()
    before = shop.snapshot()
    for statements in count(step=5):
        if cut_after(shop, statements, monkeypatch) or shop.snapshot() != before:
            break
        assert shop.query("select * from idr_meta.tombstone") == []
    assert statements > 60
    assert KEY not in shop.ids()
    monkeypatch.setattr("idr.warehouse.duckdb._PROCESS_TOKEN", uuid.uuid4().hex)
    with pytest.raises(IdrError, match="IDR-412"):
        forget(shop.wh, KEY, clock=lambda: shop.now)
    assert shop.run("FULL")["status"] in ("SUCCESS", "SUCCESS_WITH_WARNINGS")
    assert everywhere(shop, (KEY, VALUES[2])) == []
    assert shop.query("select holder from idr_meta.run_lock") == [(None,)]
