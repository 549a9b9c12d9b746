"""Hostile shapes: a mailbox of everybody, a chain without end, one key again and again, texts of a megabyte."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import networkx as nx
import pytest

from idr import schema
from idr.config import store
from idr.model import Config, Guardrails, Identifier, Rule, Source
from idr.run import run
from idr.warehouse.duckdb import DuckDBWarehouse
from tests.reliability.bounded import bounded
from tests.reliability.scene import disagreements, leftovers
from tests.reliability.tally import LONG, count
from tests.resolution.shop import UNLIMITED

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
MAILBOX = 1_000_000 if LONG else 20_000
CHAIN = 100_000 if LONG else 10_000
VALUES = 10_000 if LONG else 2_000
WIDE = 250 if LONG else 40
TEXT = 1_000_000 if LONG else 100_000  # characters
NOW = datetime(2024, 6, 1)  # noqa: DTZ001 - the tables hold timestamps without a zone
UPD = f"'{NOW}'::timestamp as upd"


def made(file: Path, query: str, *, cap: int = 100, **changes: Any) -> Path:
    """A database with the rows of the query (id, email, phone, upd) in `src.people`, and IDR configured."""
    with closing(duckdb.connect(str(file))) as connection:
        connection.execute("create schema src")
        connection.execute(f"create table src.people as {query}")
        _configure(connection, cap, changes)
    return file


def _configure(connection: duckdb.DuckDBPyConnection, cap: int, changes: Mapping[str, Any]) -> None:
    source = Source(
        "s", "src.people", "id", watermark="upd", identifiers={"email": "email", "phone": "phone"},
        attributes={"email": "email"},
    )  # fmt: skip
    wh = DuckDBWarehouse(connection)
    schema.install(wh)
    settings = {
        "sources": {"s": source},
        "identifiers": {"email": Identifier("email", "email"), "phone": Identifier("phone", "trim")},
        "rules": {"email": Rule("email", ("email",), 1, cap), "phone": Rule("phone", ("phone",), 2, cap)},
        "survivorship": {}, "guardrails": UNLIMITED,
    }  # fmt: skip
    store.apply(wh, Config(**{**settings, **changes}))


def sizes(file: Path) -> dict[int, int]:
    """How many identities there are of each size."""
    return dict(told(file, "select n, count(*) from (select count(*) as n from idr_out"
                           ".identity_resolved_membership_current group by resolved_id) as c group by 1"))  # fmt: skip


def told(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(file))) as connection:
        return connection.execute(query).fetchall()


def disagreeing(file: Path) -> list[str]:
    with closing(duckdb.connect(str(file))) as connection:
        return leftovers(connection) + disagreements(connection)


def oracle(rows: list[tuple[str, ...]]) -> set[frozenset[str]]:
    """The partition of records by networkx: the first of each row is the record, the others are its values."""
    graph = nx.Graph()
    for entity, *given in rows:
        graph.add_node(entity)
        graph.add_edges_from((entity, (at, value)) for at, value in enumerate(given) if value is not None)
    parts = nx.connected_components(graph)
    return {frozenset(node for node in part if isinstance(node, str)) for part in parts}


def published(file: Path) -> set[frozenset[str]]:
    query = "select list(entity_key) from idr_out.identity_resolved_membership_current group by resolved_id"
    return {frozenset(members) for (members,) in told(file, query)}


@pytest.mark.parametrize(
    "room",
    [
        pytest.param(1, id="below the cap"),
        pytest.param(0, id="at the cap"),
        pytest.param(-1, id="above the cap"),
    ],
)
def test_a_mailbox_of_everybody(room: int, tmp_path: Path) -> None:
    """Within max_group_size it is one identity, beyond it links nobody and is told; one more record tips it over."""
    query = f"select i id, 'INFO@x.org ' email, 'p' || i as phone, {UPD} from range({MAILBOX}) r(i)"
    file = made(tmp_path / "mailbox.duckdb", query, cap=MAILBOX + room)
    done = bounded(file, "FULL", MAILBOX)
    wrong = done.wrong() + disagreeing(file)
    wrong += [] if sizes(file) == ({MAILBOX: 1} if room >= 0 else {1: MAILBOX}) else [f"identities {sizes(file)}"]
    skipped = told(file, "select count(*) from idr_out.skipped_identifier_groups")[0][0]
    wrong += [] if bool(skipped) == (room < 0) else [f"{skipped} groups were reported"]
    told(file, f"insert into src.people values ({MAILBOX}, 'info@X.org', null, '{NOW + timedelta(minutes=1)}')")
    again = bounded(file, "INCR", MAILBOX)
    after = {MAILBOX + 1: 1} if room > 0 else {1: MAILBOX + 1}
    wrong += again.wrong() + disagreeing(file)
    wrong += [] if sizes(file) == after else [f"identities {sizes(file)} after one more"]
    count("hostile data", "a mailbox of everybody", tried=2, wrong=len(wrong))
    assert wrong == []


def test_a_chain_without_end(tmp_path: Path) -> None:
    """Each record shares its e-mail with the one before and its phone with the one after, in an order of chance."""
    order = list(range(CHAIN))
    random.Random(5).shuffle(order)
    rows = [(order[i], f"e{i // 2}@x.org", f"p{(i + 1) // 2}") for i in range(CHAIN)]
    (tmp_path / "chain.csv").write_text("id,email,phone\n" + "\n".join(map("{0[0]},{0[1]},{0[2]}".format, rows)))
    query = f"select *, '{NOW}'::timestamp as upd from read_csv('{tmp_path}/chain.csv')"
    file = made(tmp_path / "chain.duckdb", query)
    wrong = bounded(file, "FULL", CHAIN).wrong() + disagreeing(file)
    wrong += [] if published(file) == oracle([(f"s:{i}", e, p) for i, e, p in rows]) else ["FULL is unlike the oracle"]
    middle, last = order[CHAIN // 2], order[-1]
    told(file, f"update src.people set email = null, phone = null, upd = upd + interval 1 minute where id = {middle}")
    wrong += bounded(file, "INCR", CHAIN).wrong() + disagreeing(file)
    cut = [(f"s:{i}", *((None, None) if i == middle else (e, p))) for i, e, p in rows]
    wrong += [] if published(file) == oracle(cut) else ["INCR is unlike the oracle"]
    assert len(published(file)) == 3
    assert any(f"s:{last}" in part and len(part) > CHAIN // 3 for part in published(file))
    count("hostile data", "a chain without end", tried=2, wrong=len(wrong))
    assert wrong == []


@pytest.mark.parametrize("on_conflict", ["hold", "report", "cut"])
def test_an_identity_of_very_many_values(on_conflict: str, tmp_path: Path) -> None:
    """One phone, thousands of e-mails: held, reported, or cut down to the limit."""
    query = f"select i as id, 'e' || i || '@x.org' as email, '1' as phone, {UPD} from range({VALUES}) r(i)"
    limited = Identifier("email", "email", max_per_identity=5, on_conflict=on_conflict)  # type: ignore[arg-type]
    identifiers = {"email": limited, "phone": Identifier("phone", "none", placeholders=())}
    guardrails = Guardrails(None, None, None, None, None, None, 0, None)
    file = made(tmp_path / "many.duckdb", query, cap=VALUES, identifiers=identifiers, guardrails=guardrails)
    done = bounded(file, "FULL", VALUES)
    wrong = done.wrong()
    if on_conflict == "hold":
        wrong += [] if done.answer["status"] == "HELD" else [f"it was {done.answer['status']}"]
        wrong += [] if published(file) == set() else ["something is published"]
    else:
        wrong += disagreeing(file)
        largest = max(sizes(file))
        wrong += [] if largest == (VALUES if on_conflict == "report" else 5) else [f"an identity of {largest}"]
    count("hostile data", "an identity of very many values", tried=1, wrong=len(wrong))
    assert wrong == []


def test_a_record_of_very_many_identifiers(tmp_path: Path) -> None:
    """A record with hundreds of identifiers, each of which another record shares."""
    names = [f"i{number}" for number in range(WIDE)]
    with closing(duckdb.connect(":memory:", config={"threads": 1})) as connection:
        connection.execute("create schema src")
        connection.execute(f"create table src.wide (id integer, {', '.join(f'{name} varchar' for name in names)})")
        rows = [[0, *(f"v{number}" for number in range(WIDE))]]
        rows += [[1 + at, *(f"v{at}" if at == number else None for number in range(WIDE))] for at in range(WIDE)]
        connection.executemany(f"insert into src.wide values ({', '.join(['?'] * (1 + WIDE))})", rows)
        wh = DuckDBWarehouse(connection)
        schema.install(wh)
        source = Source("s", "src.wide", "id", identifiers={name: name for name in names})
        kinds = ("name", "trim", "upper", "lower")
        identifiers = {name: Identifier(name, kinds[at % 4]) for at, name in enumerate(names)}
        rules = {name: Rule(name, (name,), at) for at, name in enumerate(names, start=1)}
        store.apply(wh, Config({"s": source}, identifiers, rules, {}, UNLIMITED))
        result = run(wh, "FULL")
        found = disagreements(connection)
        parts = connection.execute("select count(*) from idr_out.identity_clusters_current").fetchall()
    wrong = found + ([] if (result["status"], parts) == ("SUCCESS", [(1,)]) else [f"{result['status']}, {parts}"])
    count("hostile data", "a record of very many identifiers", tried=1, wrong=len(wrong))
    assert wrong == []


def test_one_key_again_and_again(tmp_path: Path) -> None:
    """The latest row of a key wins; of rows of one time always the same, in whatever order they lie."""
    wrong: list[str] = []
    results = []
    for number, order in enumerate(("i", "i desc", "hash(i)")):
        query = (
            "select i % 100 as id, 'e' || (i // 100 + i % 7) || '@x.org' as email, 'p' || (i // 100) % 5 as phone,"
            f" '{NOW}'::timestamp + interval (least(i // 100, 30)) minute as upd from range(5000) r(i) order by {order}"
        )
        file = made(tmp_path / f"{number}.duckdb", query)
        done = bounded(file, "FULL", 5000)
        wrong += done.wrong() + disagreeing(file)
        wrong += [] if "IDR-202" in str(done.answer) else ["nobody is told"]
        kept = told(file, "select entity_key, i_email, i_phone from idr_out.entity_current order by 1")
        latest = "select 's:' || id, email, phone from src.people qualify upd = max(upd) over (partition by id)"
        wrong += [] if len(kept) == 100 and set(kept) <= set(told(file, latest)) else ["a row of an earlier time wins"]
        wrong += [] if published(file) == oracle(kept) else ["unlike the oracle"]
        again = bounded(file, "FULL", 5000).answer["counts"]
        wrong += [f"FULL: {again[name]} {name}" for name in ("moved", "new", "removed") if again[name]]
        results.append(kept)
    wrong += [] if results[0] == results[1] == results[2] else ["another row wins in another order"]
    count("hostile data", "one key again and again", tried=len(results), wrong=len(wrong))
    assert wrong == []


def test_texts_of_a_megabyte(tmp_path: Path) -> None:
    """In keys, identifiers and attributes: twenty records, two by two one identity, within a limit of memory."""
    query = (
        f"select repeat(chr(97 + i::integer), {TEXT}) as id, repeat('e', {TEXT}) || (i // 2) || '@x.org' as email,"
        f" repeat('é', {TEXT}) || i as phone, '{NOW}'::timestamp as upd from range(20) r(i)"
    )
    file = made(tmp_path / "large.duckdb", query)
    texts = 20 * TEXT * 5
    done = bounded(file, "FULL", 20, 5 * texts)
    wrong = done.wrong() + disagreeing(file)
    wrong += [] if sizes(file) == {2: 10} else [f"identities {sizes(file)}"]
    told(file, f"update src.people set phone = repeat('é', {TEXT}) || '1', upd = upd + interval 1 minute")
    wrong += bounded(file, "INCR", 20, 5 * texts).wrong() + disagreeing(file)
    wrong += [] if sizes(file) == {20: 1} else [f"identities {sizes(file)}"]
    count("hostile data", "texts of a megabyte", tried=2, wrong=len(wrong))
    assert wrong == []
