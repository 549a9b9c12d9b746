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


SUB_QUERY = ["a sub-query is not allowed"]
COLLATION = ["a collation other than a plain name in quotes"]
REFUSALS = {
    "exists (select 1)": ['the function "exists" is not allowed', *SUB_QUERY],
    "count(*)": ['the aggregate function "count" is not allowed', '"*" is not allowed'],
    "sum(a)": ['the aggregate function "sum" is not allowed'],
    "lower(a) over ()": ["a window function is not allowed"],
    "my_udf(a)": ['the function "my_udf" is not allowed'],
    "random()": ['the function "rand" is not allowed'],
    '"lower"(a)': ['the quoted function name "lower" is not allowed'],
    "a -- x": ["a comment is not allowed in an expression"],
    "a /* x */": ["a comment is not allowed in an expression"],
    "a;": ['";" is not allowed in an expression'],
    "x -> x + 1": ["an arrow is not allowed in an expression; write a JSON path as column:name"],
    ":x": ["a bind or session variable is not allowed"],
    "$x": ["a bind or session variable is not allowed"],
    "current_role": ['"current_role" depends on the session and is not allowed'],
    "LEVEL": ['"LEVEL" depends on the session and is not allowed'],
    "t.a": ['the column "t.a" is qualified; write its name alone'],
    "*": ['"*" is not allowed'],
    "a as b": ['an alias ("b") is not allowed'],
    "(a, b)": ["a list of expressions is not allowed"],
    "a[(select 1)]": SUB_QUERY,
    "case when (select 1) = 1 then 1 end": SUB_QUERY,
    "email collate '%'": COLLATION,
    "email collate 'nocase, (select a from b)'": COLLATION,
    "email collate lower(a)": COLLATION,
    "interval (id) day": ["an interval other than a number in quotes and a unit"],
    "dateadd('day; drop table x', 1, a)": ['"DAY; DROP TABLE X" in place of a plain word is not allowed'],
    "date_trunc('a, (select 1)', a)": ['"A, (SELECT 1)" in place of a plain word is not allowed'],
    "my_udf(t.a) + my_udf(1)": [
        'the function "my_udf" is not allowed', 'the column "t.a" is qualified; write its name alone',
    ],
}  # fmt: skip
FAULTS = {
    "": "the expression is empty",
    " \n": "the expression is empty",
    "lower(a": '"lower(a" does not parse',
    "a from t": '"a from t" does not parse',
    "not " * 900 + "a": "the expression is nested too deeply",
}


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_names_each_thing_that_is_not_allowed_once(text: str) -> None:
    problems = expression.check(text)
    assert [problem.message for problem in problems] == REFUSALS[text]
    assert {(problem.code, problem.fix) for problem in problems} == {
        ("IDR-107", "Allowed are columns, literals, operators, CASE, casts and scalar functions")
    }


@pytest.mark.parametrize("text", FAULTS)
def test_what_cannot_be_read_is_told_as_such(text: str) -> None:
    [problem] = expression.check(text)
    assert (problem.code, problem.message) == ("IDR-108", FAULTS[text])


def test_an_expression_has_at_most_four_thousand_characters() -> None:
    longest = f"'{'x' * 3998}'"
    assert expression.check(longest) == []
    [problem] = expression.check(longest + " ")
    assert problem.message == "the expression is longer than 4000 characters"


@pytest.mark.parametrize(
    "text",
    [
        "email collate 'en-ci'", "a + interval '1 day'", '"current_role"', '"LEVEL"', '"order"',
        "to_timestamp_ntz(a)", "TRY_TO_TIMESTAMP(a)", "dateadd('day', 1, a)",
    ],
)  # fmt: skip
def test_what_only_looks_like_something_refused_is_allowed(text: str) -> None:
    assert expression.check(text) == []


@pytest.mark.parametrize(
    "name", ["level", "SYSDATE", "prior", "current_role", "null", "order", "a b", 'a"b', "1a", "é"]
)
def test_a_name_that_would_be_read_as_another_thing_is_written_in_quotes(name: str) -> None:
    written = expression.identifier(name)
    assert written == expression.quoted(name) == '"' + name.replace('"', '""') + '"'
    assert expression.columns(written) == [(name, True)]


@pytest.mark.parametrize("name", ["email", "Email", "_x1"])
def test_a_plain_name_is_written_as_it_is(name: str) -> None:
    assert expression.identifier(name) == name
