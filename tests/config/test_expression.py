from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from idr.config import expression
from idr.errors import IdrError
from idr.warehouse.translate import to_duckdb

HOSTILE = [
    "(select password from secrets)", "exists (select 1)", "email in (select email from t)", "count(*)", "sum(a)",
    "row_number() over (order by a)", "lower(a) over ()", "my_udf(a)", "db.s.f(a)", '"lower"(a)', "a -- x", "a /* x */",
    "a // x", "a; drop table b", "a;", ":x", "?", "$1", "$x", "current_user", "current_user()", "current_role",
    "CURRENT_ROLE()", "current_timestamp", "system$wait(1)", "*", "t.a", "t.*", "a as b", "@stage/x", "identifier('x')",
    "$$x$$", "random()", "uuid_string()", "seq.nextval", "array_agg(a)", "flatten(a)", "(a, b)", "a union select 1",
    "case when (select 1) = 1 then 1 end", "a[(select 1)]", "dateadd(my_udf(), 1, a)", "x -> x + 1", "read_csv('x')",
    "getenv('HOME')", "with x as (select 1) select 1", "{'a': 1}",
    "email collate 'x; drop table y'", "email collate 'nocase, (select a from b)'", "email collate '%'",
    "dateadd('day; drop table x', 1, a)", "dateadd('day, 1, a) || (select a from b) || dateadd(day', 1, a)",
    "datediff('day, a, b) || (select a from b) || datediff(day', a, b)",
    "interval (id) day", "date_trunc('a, (select 1)', a)",
]  # fmt: skip
BROKEN = [
    "", "date_trunc()", "  ", "(", "a b c", "a from t", "lower(a", "'a", "a, b", "(" * 1900, "not " * 900 + "a",
    "a" * 5000,
]  # fmt: skip
FINE = [
    "email", '"Weird Name"', "lower(trim(email))", "first_name || ' ' || last_name", "coalesce(a, b, 'x')",
    "case when a = 1 then 'x' else null end", "a::varchar", "try_cast(a as date)", "payload:contact.email::string",
    "payload:phones[0]", "to_timestamp(updated, 'YYYY-MM-DD')", "dateadd(day, 1, a)", "a like '%--%'", "a in (1, 2)",
    "status = 'deleted' and not active", "regexp_replace(phone, '[^0-9]', '')", "iff(a is null, b, c)", "-a + 1.5",
    "split_part(a, '-', 1)", "to_date(dob, 'DD.MM.YYYY')", "convert_timezone('UTC', a)", "sha2(ssn, 256)",
    "nvl(a, 'a;b')",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_expression_is_refused(text: str) -> None:
    problems = expression.check(text)
    assert problems
    assert {problem.code for problem in problems} <= {"IDR-107", "IDR-108"}
    with pytest.raises(IdrError):
        expression.parse(text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("select lower(email) as c0, password as c1 from t", "more than one scalar expression"),
        ("select lower(email) as c0 from t; drop table t", "more than one scalar expression"),
        ("select (select password from t) as c0 from t", "a sub-query"),
    ],
)
def test_what_a_faulty_writer_would_let_out_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str, said: str
) -> None:
    """The text for DuckDB is read again: a quote that the writer leaves out must not become SQL."""
    monkeypatch.setattr(expression, "to_duckdb", lambda _: written)
    monkeypatch.setattr(expression, "_analyse", expression._analyse.__wrapped__)  # what it answers must not be kept
    [problem] = expression.check("lower(email)")
    assert problem.code == "IDR-107"
    assert said in problem.message


def test_a_tree_whose_text_reads_as_another_one_is_refused() -> None:
    tree = exp.Upper(this=exp.Var(this="(select password from t)"))
    assert expression._changed_by_writing(tree) == "a sub-query is not allowed"


@pytest.mark.parametrize("text", BROKEN)
def test_broken_expression_is_idr_108_or_refused(text: str) -> None:
    assert expression.check(text)[0].code in {"IDR-107", "IDR-108"}


@pytest.mark.parametrize("text", FINE)
def test_scalar_expression_is_allowed_and_rendering_is_stable(text: str) -> None:
    assert expression.check(text) == []
    rendered = expression.render(text)
    assert expression.check(rendered) == []
    assert expression.render(rendered) == rendered


def test_columns_are_listed_once_with_their_quoting() -> None:
    assert expression.columns("""coalesce("E Mail", email, email)""") == [("E Mail", True), ("email", False)]


@pytest.mark.parametrize("text", ["a", "s.a", "d.s.a", '"My db".s."a""b"', " s.a "])
def test_table_name_of_one_to_three_parts_is_allowed(text: str) -> None:
    assert expression.table_name(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "a.b.c.d", "a b", "a;b", "(select 1)", "f(x)", "'x.csv'", "a -- x", "a, b", ":x", "$x", "@s", "a.", "a\nb"],
)
def test_anything_else_is_no_table_name(text: str) -> None:
    with pytest.raises(IdrError) as caught:
        expression.table_name(text)
    assert caught.value.code == "IDR-108"


def test_every_keyword_can_be_written_as_a_name() -> None:
    with duckdb.connect() as connection:
        for (word,) in connection.execute("select keyword_name from duckdb_keywords()").fetchall():
            name = expression.identifier(word)
            connection.execute(f"create or replace table {name} ({name} integer)")
            connection.execute(to_duckdb(f"select cast({name} as varchar) from main.{name}"))
