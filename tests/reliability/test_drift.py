"""Sources that change under a configuration: a run is right, or it says which table and column and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import networkx as nx
import pytest

from idr.config import inspect
from idr.model import Config, Identifier, Rule, Source
from tests.reliability.scene import disagreements, leftovers
from tests.reliability.tally import LONG, count
from tests.resolution.shop import NOW, UNLIMITED, Shop

PEOPLE = Source(
    "web", "shop.web", "id", watermark="upd", detect_deletes=True, deleted_when="gone",
    identifiers={"email": "email", "phone": "phone"}, attributes={"name": "name"},
)  # fmt: skip
TILL = replace(PEOPLE, source_id="till", table="shop.till", watermark=None)
CONFIG = Config(
    sources={"web": PEOPLE, "till": TILL},
    identifiers={"email": Identifier("email", "email"), "phone": Identifier("phone", "digits")},
    rules={"email": Rule("email", ("email",), 1), "phone": Rule("phone", ("phone",), 2)},
    survivorship={},
    guardrails=replace(UNLIMITED, min_source_ratio=0.5),
)
COLUMNS = "id bigint, email varchar, phone varchar, name varchar, upd timestamp, gone boolean"


def _ago(hours: int) -> datetime:
    """Before the last run, and each row at another time: an incremental run reads the latest of them only."""
    return NOW - timedelta(hours=hours)


ROWS = [
    (1, "a@x.org", None, "1980", _ago(7), False), (2, "A@x.org", "1112223", "1981", _ago(6), False),
    (3, "b@x.org", "1112223", "1982", _ago(5), False), (4, "c@x.org", "2223334", "1983", _ago(4), False),
    (5, "d@x.org", None, "1984", _ago(3), False), (6, None, "3334445", "1985", _ago(2), False),
    (7, "b@x.org", None, "1986", _ago(1), True),
]  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """What becomes of `shop.web`; the words of the failure, none where a run works; how it is mended."""

    does: str
    told: tuple[str, ...] = ()
    mended: str = ""


def _retyped(column: str, kind: str, using: str = "") -> str:
    return f"alter table shop.web alter {column} type {kind}" + (f" using {using}" if using else "")


AGAIN = f"create table shop.web ({COLUMNS}); insert into shop.web select * from shop.kept"
KEEP = "create table shop.kept as from shop.web;"
DRIFTS = {
    **{
        f"{column} is dropped": Drift(
            f"{KEEP} alter table shop.web drop {column}",
            ("IDR-103", "shop.web", f'"{column}"', "source web"),
            f"drop table shop.web; {AGAIN}",
        )
        for column in ("id", "email", "phone", "name", "upd", "gone")
    },
    **{
        f"{column} is renamed": Drift(
            f"alter table shop.web rename {column} to {column}_2",
            ("IDR-103", "shop.web", f'"{column}"', f'Did you mean "{column}_2"'),
            f"alter table shop.web rename {column}_2 to {column}",
        )
        for column in ("id", "email", "phone", "name", "upd", "gone")
    },
    "id becomes text": Drift(_retyped("id", "varchar")),
    "id becomes decimal": Drift(_retyped("id", "decimal(12, 2)")),
    "id becomes float": Drift(_retyped("id", "double")),
    "id becomes a list": Drift(
        _retyped("id", "bigint[]", "[id]"), ("IDR-114", "source web, key", "id", "cast"),
        _retyped("id", "bigint", "id[1]"),
    ),
    "phone becomes a number": Drift(_retyped("phone", "bigint", "phone::bigint")),
    "phone becomes decimal": Drift(_retyped("phone", "decimal(12, 0)", "phone::bigint")),
    "phone becomes float": Drift(_retyped("phone", "double", "phone::double")),
    "phone becomes a struct": Drift(
        _retyped("phone", "struct(n varchar)", "{'n': phone}"),
        ("IDR-114", "source web, identifier phone", "phone", "scalar part"),
        _retyped("phone", "varchar", "phone.n"),
    ),
    "name becomes a number": Drift(_retyped("name", "integer", "name::integer")),
    "name becomes a date": Drift(_retyped("name", "date", "make_date(name::integer, 1, 1)")),
    "name becomes a timestamp": Drift(_retyped("name", "timestamp", "make_date(name::integer, 1, 1)")),
    "upd becomes text": Drift(
        _retyped("upd", "varchar"),
        ("IDR-114", "source web, watermark", "upd", "cast(upd as timestamp_ntz)"),
        _retyped("upd", "timestamp", "upd::timestamp"),
    ),
    "upd becomes a number": Drift(
        _retyped("upd", "bigint", "epoch(upd)::bigint"),
        ("IDR-114", "source web, watermark", "upd", "to_timestamp(upd)"),
        _retyped("upd", "timestamp", "to_timestamp(upd) at time zone 'UTC'"),
    ),
    "upd becomes a date": Drift(_retyped("upd", "date")),
    "upd gets a time zone": Drift(_retyped("upd", "timestamptz", "upd at time zone 'UTC'")),
    "gone becomes text": Drift(
        _retyped("gone", "varchar", "gone::varchar"),
        ("IDR-114", "source web, deleted_when", "gone", "Write a condition"),
        _retyped("gone", "boolean", "gone::boolean"),
    ),
    "gone becomes a number": Drift(
        _retyped("gone", "integer", "gone::integer"),
        ("IDR-114", "source web, deleted_when", "gone", "gone = 1"),
        _retyped("gone", "boolean", "gone::boolean"),
    ),
    "the table is dropped": Drift(
        f"{KEEP} drop table shop.web", ("IDR-104", "shop.web", "source web", "Did you mean"), AGAIN
    ),
    "the table is renamed": Drift(
        "alter table shop.web rename to web_2", ("IDR-104", "shop.web", "source web", 'Did you mean "shop.web_2"'),
        "alter table shop.web_2 rename to web",
    ),
    "the schema is gone": Drift(
        "create schema kept; create table kept.web as from shop.web; create table kept.till as from shop.till;"
        " drop schema shop cascade",
        ("IDR-104", "shop.web", "shop.till", "Did you mean"),
        f"create schema shop; create table shop.web ({COLUMNS}); create table shop.till ({COLUMNS});"
        " insert into shop.web from kept.web; insert into shop.till from kept.till",
    ),
    "the table becomes a view": Drift("alter table shop.web rename to w; create view shop.web as from shop.w"),
    "the table becomes a view of less": Drift(
        "alter table shop.web rename to w; create view shop.web as select id, email, upd, gone, name from shop.w",
        ("IDR-103", "shop.web", '"phone"', "source web"),
        "drop view shop.web; alter table shop.w rename to web",
    ),
    "the table becomes a view that is broken": Drift(
        "alter table shop.web rename to w; create view shop.web as from shop.w; alter table shop.w rename to w2",
        ("IDR-104", "shop.web", "source web"),
        "drop view shop.web; alter table shop.w2 rename to web",
    ),
    "the columns change places": Drift(
        f"{KEEP} drop table shop.web; create table shop.web as select gone, upd, name, phone, email, id from shop.kept"
    ),
    "columns come": Drift("alter table shop.web add extra varchar; update shop.web set extra = 'x'"),
    "the key is NULL": Drift(
        "update shop.web set id = null, upd = timestamp '2024-06-01 00:30:00' where id = 5",
        ("IDR-201", "source web", "(id)"), "update shop.web set id = 5 where id is null",
    ),
    "the table is emptied": Drift(
        f"{KEEP} delete from shop.web", ("held", "web"), "insert into shop.web from shop.kept"
    ),
}  # fmt: skip


QUICK = ("id becomes decimal", "upd becomes text", "the table is dropped")


class Scene(Shop):
    """Two sources; what is right is told by networkx from what they hold now."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("web", "till"):
            self.connection.execute(f"create table shop.{name} ({COLUMNS})")
            self.connection.executemany(
                f"insert into shop.{name} values (?, ?, ?, ?, ?, ?)", ROWS[:: 1 if name == "web" else 3]
            )
        self.apply(CONFIG)
        assert self.run("FULL")["status"].startswith("SUCCESS")

    def expected(self) -> set[frozenset[str]]:
        graph = nx.Graph()
        for table in ("web", "till"):
            rows = self.query(f"select id::varchar, lower(email), phone::varchar, gone::varchar from shop.{table}")
            for key, email, phone, gone in rows:
                if gone in ("true", "1"):
                    continue
                node = f"{table}:{self._plain(key)}"
                graph.add_node(node)
                graph.add_edges_from((node, ("value", value)) for value in (email, self._plain(phone)) if value)
        parts = nx.connected_components(graph)
        return {frozenset(node for node in part if isinstance(node, str)) for part in parts}

    @staticmethod
    def _plain(text: str | None) -> str | None:
        return text.removesuffix(".0") if text else None

    def partition(self) -> set[frozenset[str]]:
        return {frozenset(cluster) for cluster in self.clusters()}

    def state(self) -> dict[str, Any]:
        """All that readers, and the next run, rely on."""
        names = ("idr_meta.run_state", "idr_meta.base_state", "idr_out.identity_event")
        return self.snapshot() | {name: self.query(f"from {name}") for name in names}


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.connection.close()


def _sizes() -> Iterator[Any]:
    """A few in the quick suite, half of them with the slow ones, each in both modes with the long ones."""
    for number, name in enumerate(DRIFTS):
        for turn, mode in enumerate(("INCR", "FULL")):
            if LONG or name in QUICK:
                yield pytest.param(name, mode, id=f"{name}-{mode}")
            elif number % 4 == turn:
                yield pytest.param(name, mode, id=f"{name}-{mode}", marks=pytest.mark.slow)


@pytest.mark.parametrize(("name", "mode"), list(_sizes()))
def test_a_source_drifts(scene: Scene, name: str, mode: str) -> None:
    drift = DRIFTS[name]
    before = scene.state()
    scene.connection.execute(drift.does)
    result = scene.run(mode)
    told = " ".join([str(result["message"]), str(result["error"]), *result["reasons"]])
    if drift.told:
        assert result["status"] == ("HELD" if "held" in drift.told else "FAILED"), result
        assert [word for word in drift.told if word not in told] == [], told
        assert scene.state() == before
        advice = re.search(r"for example (.+\))'", told)
        if "watermark" in told and advice:
            advised = replace(CONFIG, sources={"web": replace(PEOPLE, watermark=advice[1]), "till": TILL})
            assert inspect.check(scene.wh, advised) == [], "the advice works"
        scene.connection.execute(drift.mended)
    else:
        assert result["status"].startswith("SUCCESS"), result
        assert scene.partition() == scene.expected()
    later = scene.now + timedelta(seconds=1)
    key = scene.query("select id from shop.web order by email limit 1")[0][0]
    table = "shop.w" if "becomes a view" in name and not drift.told else "shop.web"
    scene.connection.execute(f"update {table} set email = 'c@x.org', upd = ? where id = ?", [later, key])
    assert scene.run("INCR")["status"].startswith("SUCCESS")
    assert scene.partition() == scene.expected()
    assert (disagreements(scene.connection), leftovers(scene.connection)) == ([], [])
    count("upgrade and drift", f"drift, {mode}", tried=1, wrong=0)
