"""The Snowpark adapter on a local Snowflake. That its runs publish what DuckDB's do is tested in tests/conformance."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.snowpark import Session
from snowflake.snowpark.types import DataType, DecimalType, GeographyType, StructField
from sqlglot import exp

from idr import schema
from idr.config import inspect, store, yaml_file
from idr.errors import IdrError
from idr.run import run
from idr.stages.source_query import _as_text
from idr.warehouse import Column
from idr.warehouse.duckdb import DuckDBWarehouse
from idr.warehouse.snowpark import SnowparkWarehouse, _column, name_parts, positional

pytestmark = [pytest.mark.slow, pytest.mark.snowflake]

CONFIG = """
sources:
  crm:
    table: crm.customers
    key: customer_id
    watermark: updated_at
    deleted_when: is_deleted
    trust: 1
    identifiers: {email: email, phone: phone, last_name: last_name, dob: birth_date}
    attributes: {email: email, last_name: last_name, spent: spent, seen: updated_at}
  web:
    table: crm.leads
    key: lead_id
    identifiers: {email: email, phone: "coalesce(mobile, phone)", last_name: name}
    attributes: {email: email, last_name: name}
identifiers:
  email: {normalize: email, exclude: ["test@test.com", {like: "%@spam.example"}, {regex: "no.?reply@.*"}]}
  phone: {normalize: phone, region: US}
  last_name: {normalize: name}
  dob: {normalize: date}
rules:
  - {id: email, match: [email], max_group_size: 3}
  - {id: phone, match: [phone]}
  - {id: name_dob, match: [last_name, dob]}
survivorship:
  email: {strategy: source_priority, sources: [web, crm]}
  last_name: {strategy: longest}
  spent: {strategy: max}
guardrails: {max_moved_ratio: null, suspect_group_factor: null, min_source_ratio: null}
"""
SOURCES = (
    "create schema if not exists crm",
    (
        "create table crm.customers (customer_id integer, email varchar, phone varchar, last_name varchar,"
        " birth_date date, spent number(12, 2), updated_at timestamp_ntz, is_deleted boolean)"
    ),
    "create table crm.leads (lead_id varchar, email varchar, phone varchar, mobile varchar, name varchar)",
    (
        "insert into crm.customers values"
        " (1, 'Ann@x.org', '(202) 555-0123', 'O''Brien', '1980-01-02', 10.50, '2024-01-01 10:00:00', false),"
        " (2, 'ann@X.org ', null, 'Obrien', '1980-01-02', 3, '2024-01-02 10:00:00', false),"
        " (3, 'bob@x.org', '+1 202 555 0199', 'Müller', '1975-05-05', null, '2024-01-03 10:00:00.123456', false),"
        " (4, 'test@test.com', null, 'Muller', '1975-05-05', 7.25, '2024-01-04 10:00:00', null),"
        " (5, 'noreply@shop.example', 'n/a', 'Solo', null, 0, null, false),"
        " (6, 'gone@x.org', null, 'Gone', null, 1, '2024-01-05 10:00:00', true)"
    ),
    (
        "insert into crm.leads values"
        " ('a-1', 'bob@x.org', null, null, 'Bob Mueller'), ('a-2', null, '202.555.0123', null, 'Ann'),"
        " ('b?:x', 'info@firm.example', null, null, 'One'), ('b-2', 'info@firm.example', null, '2025550177', 'Two'),"
        " ('b-3', 'INFO@firm.example', null, null, 'Three'), ('b-4', 'info@firm.example', null, null, 'Four')"
    ),
)


def test_a_timestamp_becomes_the_same_text_on_every_engine(session: Session) -> None:
    """Without a format Snowflake tells three digits of the second, DuckDB as many as there are."""
    query = _as_text(exp.column("t"), "timestamp").sql(dialect="snowflake")
    assert "TO_CHAR" in query, "a plain cast depends on a parameter of the session"
    for wh in (DuckDBWarehouse(duckdb.connect(":memory:")), SnowparkWarehouse(session)):
        for text in ("2024-01-02 10:00:00", "2024-01-02 10:20:30.5", "2024-01-02 00:00:00.987654"):
            rows = wh.query(f"select {query} as told from (select cast('{text}' as timestamp_ntz) as t) as x")
            assert rows == [{"told": text}]


def test_a_float_becomes_the_same_text_on_every_engine(session: Session) -> None:
    query = _as_text(exp.column("f"), "float").sql(dialect="snowflake")
    for wh in (DuckDBWarehouse(duckdb.connect(":memory:")), SnowparkWarehouse(session)):
        for number, text in (("5551", "5551"), ("0.5", "0.5"), ("1e300", "1e+300"), ("NaN", None), ("-inf", "-inf")):
            rows = wh.query(f"select {query} as told from (select cast('{number}' as float) as f) as x")
            assert rows == [{"told": text}]


def test_a_run_sends_nothing_that_snowflake_refuses_in_an_application(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    wh = SnowparkWarehouse(session)
    for statement in SOURCES:
        wh.execute(statement)
    schema.install(wh)
    config = yaml_file.load_text(CONFIG)
    assert inspect.check(wh, config) == []
    store.apply(wh, config)
    assert store.load(wh) == config
    sent: list[str] = []
    execute = SnowflakeCursor.execute

    def noted(cursor: SnowflakeCursor, command: str, *arguments: Any, **options: Any) -> Any:
        sent.append(command.strip().lower())
        return execute(cursor, command, *arguments, **options)

    monkeypatch.setattr(SnowflakeCursor, "execute", noted)
    result = run(wh, "FULL")
    assert result["status"].startswith("SUCCESS"), result["error"]
    refused = re.compile(r"use |alter session|set |show (parameters|locks|transactions)|create .*\btemp(orary)?\b")
    assert not [text for text in sent if refused.match(text)]
    transactions = re.findall(r"^begin transaction$(.*?)^commit$", "\n".join(sent), re.MULTILINE | re.DOTALL)
    assert max(text.count("insert into") for text in transactions) > 8, "one of them publishes"
    inside = False
    for text in sent:
        if inside and text != "commit":
            assert re.match(r"(insert|update|delete|select|with)\b", text), text
        inside = text == "begin transaction" or (inside and text != "commit")


def test_a_refused_statement_is_told_with_its_text(session: Session) -> None:
    wh = SnowparkWarehouse(session)
    with pytest.raises(IdrError, match=r"IDR-501 select nothing from nowhere\.at_all") as caught:
        wh.query("select nothing from nowhere.at_all")
    assert caught.value.code == "IDR-501"


def test_a_transaction_that_fails_leaves_nothing(session: Session) -> None:
    wh = SnowparkWarehouse(session)
    wh.execute("create schema if not exists s")
    wh.execute("create transient table s.t (n number(38, 0))")

    def write_and_fail() -> None:
        with wh.transaction():
            assert wh.execute("insert into s.t select :n union all select :n + 1", {"n": 7}) == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert wh.query("select n from s.t") == []


def test_tables_are_dropped_at_once_whatever_their_names(session: Session) -> None:
    wh = SnowparkWarehouse(session)
    schema.install(wh)
    names = ["idr_work.plain_1", 'idr_work."odd; $$ ""name"""', "idr_work.not_there"]
    for name in (*names[:2], "idr_work.kept"):
        wh.execute(f"create or replace transient table {name} (a number)")
    wh.drop_tables(names)
    left = wh.query("select table_name from information_schema.tables where table_schema = 'IDR_WORK'")
    assert [row["table_name"] for row in left] == ["KEPT"]
    wh.drop_tables(["idr_work.kept"])
    wh.drop_tables([])


def test_columns_are_described_by_family(session: Session) -> None:
    wh = SnowparkWarehouse(session)
    wh.execute("create schema if not exists s")
    wh.execute(
        "create table s.t (a varchar, n number(38, 0), d number(10, 2), f float, b boolean, day date, t timestamp_ntz,"
        ' z timestamp_tz, v variant, "Quoted name" varchar)'
    )
    columns = wh.table_columns("s.t")
    assert columns is not None
    assert {column.name: column.family for column in columns} == {
        "A": "text", "N": "integer", "D": "decimal", "F": "float", "B": "boolean", "DAY": "date", "T": "timestamp",
        "Z": "timestamp_tz", "V": "other", "Quoted name": "text",
    }  # fmt: skip
    assert wh.table_columns("s.no_such_table") is None
    assert wh.table_columns("no_such_schema.t") is None
    assert "S.T" in wh.list_tables()


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (DecimalType(10, 0), Column("C", "integer", "NUMBER(10, 0)")),
        (DecimalType(10, 2), Column("C", "decimal", "NUMBER")),
        (GeographyType(), Column("C", "other", "GeographyType()")),
    ],
    ids=str,
)
def test_types_that_no_table_of_the_other_tests_has(kind: DataType, column: Column) -> None:
    assert _column(StructField("C", kind)) == column


def test_only_a_table_that_is_not_there_has_no_columns(session: Session) -> None:
    wh = SnowparkWarehouse(session)
    wh.execute("create schema if not exists s")
    wh.execute("create table s.t (a varchar)")
    with pytest.raises(IdrError, match="IDR-501"):
        wh.table_columns("s.t where")


def test_a_value_that_broke_a_statement_is_not_told(session: Session) -> None:
    with pytest.raises(IdrError, match="IDR-501") as caught:
        SnowparkWarehouse(session).query("select cast(:value as integer) as n", {"value": "Ann Lee"})
    assert "Ann" not in str(caught.value)
    assert "***" in str(caught.value)


def test_columns_come_and_go_and_none_is_no_statement(session: Session) -> None:
    wh = SnowparkWarehouse(session)
    wh.execute("create schema if not exists s")
    wh.execute("create table s.t (a varchar)")
    for change, names, left in ((wh.add_columns, ["b", "c", "d"], "abcd"), (wh.drop_columns, ["b", "c"], "ad")):
        for wanted in (names, []):
            change("s.t", wanted)
            assert [column.name for column in wh.table_columns("s.t") or []] == list(left.upper())


@pytest.mark.parametrize(
    ("text", "expected", "values"),
    [
        ("select :a, ':a', \":a\", x::varchar", "select ?, ':a', \":a\", x::varchar", [1]),
        ("select :b || :a || :b", "select ? || ? || ?", [2, 1, 2]),
        ("select v:a.b, v['k']:a, f(v):a, \"V\":a", "select v:a.b, v['k']:a, f(v):a, \"V\":a", []),
        (r"select 'it\'s :a', 'it''s :a', :a", r"select 'it\'s :a', 'it''s :a', ?", [1]),
        ("select cast(:a as varchar)||':'||:b", "select cast(? as varchar)||':'||?", [1, 2]),
    ],
)
def test_binds_become_positions(text: str, expected: str, values: list[int]) -> None:
    assert positional(text, {"a": 1, "b": 2}) == (expected, values)


def test_names_fold_as_in_snowflake() -> None:
    assert name_parts('sales.CRM."Mixed ""x"".y"') == ("SALES", "CRM", 'Mixed "x".y')


def test_a_bound_table_is_read_through_its_reference() -> None:
    bound = {("SALES", "CRM", "CUSTOMERS"): "reference('t', '1')", ("OLD", "CRM", "LEADS"): "reference('t', '2')"}
    wh = SnowparkWarehouse(None, {**bound, ("NEW", "CRM", "LEADS"): "reference('t', '3')"})  # type: ignore[arg-type]
    assert wh.relation("sales.crm.customers") == wh.relation("crm.customers") == "reference('t', '1')"
    assert wh.relation("new.crm.leads") == "reference('t', '3')"
    assert wh.relation("crm.leads") == "crm.leads", "two bound tables could be meant"
    assert wh.relation('sales.crm."customers"') == 'sales.crm."customers"'
