"""Python and SQL procedures: creation, CALL, overloads, rights, failures."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from snowflake.connector import ProgrammingError
from snowflake.connector.cursor import SnowflakeCursor

from .conftest import Local

pytestmark = pytest.mark.snowflake


def create(cursor: SnowflakeCursor, signature: str, body: str, returns: str = "varchar", more: str = "") -> None:
    cursor.execute(
        f"create or replace procedure {signature} returns {returns} language python runtime_version = '3.11' "
        f"packages = ('snowflake-snowpark-python') handler = 'run' {more} as $$\n{body}\n$$"
    )


def call(cursor: SnowflakeCursor, text: str) -> object:
    row = cursor.execute(f"call {text}").fetchone()
    assert isinstance(row, tuple)
    return row[0]


def failure(cursor: SnowflakeCursor, text: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(text)
    return caught.value


def test_arguments_arrive_as_python_values(cursor: SnowflakeCursor) -> None:
    create(
        cursor,
        "kinds(s varchar, n number, f float, b boolean, d date, v variant, a array, nothing varchar)",
        "def run(session, *values): return [f'{type(v).__name__} {v}' for v in values]",
        "variant",
    )
    answer = call(
        cursor,
        "kinds('x', 3, 1.5, true, '2020-01-02'::date, parse_json('{\"k\": [1]}'), array_construct(1, 2), null)",
    )
    assert json.loads(str(answer)) == [
        "str x",
        "int 3",
        "float 1.5",
        "bool True",
        "date 2020-01-02",
        "dict {'k': [1]}",
        "list [1, 2]",
        "NoneType None",
    ]


def test_the_result_column_has_the_procedures_name_and_type(cursor: SnowflakeCursor) -> None:
    create(cursor, "answer()", "def run(session): return 42", "number")
    assert cursor.execute("call answer()").fetchall() == [(42,)]
    assert [(c.name, c.type_code) for c in cursor.description] == [("ANSWER", 0)]


def test_a_handler_returns_a_table(cursor: SnowflakeCursor) -> None:
    create(
        cursor, "rows()", "def run(session): return session.sql('select 1 as a union all select 2')", "table (a number)"
    )
    assert sorted(cursor.execute("call rows()").fetchall()) == [(1,), (2,)]


def test_overloads_are_chosen_by_number_and_type(cursor: SnowflakeCursor) -> None:
    create(cursor, "which(a varchar)", "def run(session, a): return 'text'")
    create(cursor, "which(a number)", "def run(session, a): return 'number'")
    create(cursor, "which(a varchar, b number)", "def run(session, a, b): return 'two'")
    assert [call(cursor, c) for c in ("which('1')", "which(1)", "which('1', 2)")] == ["text", "number", "two"]


def test_defaults_and_named_arguments(cursor: SnowflakeCursor) -> None:
    create(
        cursor,
        "run_it(mode varchar, n integer default 30, dry boolean default false)",
        "def run(session, mode, n, dry): return f'{mode} {n} {dry}'",
    )
    assert call(cursor, "run_it('INCR')") == "INCR 30 False"
    assert call(cursor, "run_it('INCR', 5)") == "INCR 5 False"
    assert call(cursor, "run_it(dry => true, mode => 'FULL')") == "FULL 30 True"


def test_an_unknown_procedure(cursor: SnowflakeCursor, database: str) -> None:
    plain, qualified = failure(cursor, "call no_such()"), failure(cursor, f"call {database}.public.no_such(1)")
    assert (plain.errno, plain.sqlstate) == (2140, "42601")
    assert "Unknown function NO_SUCH" in str(plain)
    assert (qualified.errno, qualified.sqlstate) == (2141, "42601")
    assert f"Unknown user-defined function {database}.PUBLIC.NO_SUCH" in str(qualified)


@pytest.mark.parametrize(
    ("arguments", "types"),
    [
        ("", "()"),
        ("'INCR', 30, false, 1", "(VARCHAR(4), NUMBER(2,0), BOOLEAN, NUMBER(1,0))"),
        ("'INCR', true", "(VARCHAR(4), BOOLEAN)"),
        ("nonsense => 1", "(NUMBER(1,0))"),
    ],
)
def test_wrong_arguments_are_named_by_their_types(cursor: SnowflakeCursor, arguments: str, types: str) -> None:
    create(
        cursor, "run_it(mode varchar, n integer default 30, dry boolean default false)", "def run(s, *a): return 'ran'"
    )
    error = failure(cursor, f"call run_it({arguments})")
    assert (error.errno, error.sqlstate) == (1044, "42P13")
    assert f"Invalid argument types for function 'RUN_IT': {types}" in str(error)


@pytest.mark.parametrize(
    ("kind", "text", "number", "message"),
    [
        ("int", "many", 100038, "Numeric value 'many' is not recognized"),
        ("boolean", "perhaps", 100037, "Boolean value 'perhaps' is not recognized"),
        ("date", "soon", 100040, "Date 'soon' is not recognized"),
        ("timestamp_ntz", "later", 100035, "Timestamp 'later' is not recognized"),
    ],
)
def test_a_text_that_is_no_value_of_the_arguments_type(
    cursor: SnowflakeCursor, kind: str, text: str, number: int, message: str
) -> None:
    cursor.execute(f"create procedure p(a {kind}) returns varchar language sql as 'begin return 1; end'")
    with pytest.raises(ProgrammingError) as caught:
        cursor.execute(f"call p('{text}')")
    assert caught.value.errno == number
    assert message in str(caught.value)


def test_an_exception_in_a_handler_comes_back_with_its_traceback(cursor: SnowflakeCursor) -> None:
    create(cursor, "boom()", "def run(session):\n    raise ValueError('no luck')")
    error = failure(cursor, "call boom()")
    assert (error.errno, error.sqlstate) == (100357, "P0000")
    assert "Python Interpreter Error:\nTraceback (most recent call last):\n" in str(error)
    assert 'File "_udf_code.py", line 3, in run' in str(error)
    assert "ValueError: no luck\n in function BOOM with handler run" in str(error)


def test_a_handler_that_ends_its_process_is_an_error(cursor: SnowflakeCursor) -> None:
    create(cursor, "vanish()", "import os\ndef run(session): os._exit(3)")
    assert failure(cursor, "call vanish()").errno == 100357
    assert cursor.execute("select 1").fetchone() == (1,)


def test_calls_nest(cursor: SnowflakeCursor) -> None:
    create(cursor, "down(n int)", "def run(session, n): return 0 if n == 0 else 1 + session.call('down', n - 1)", "int")
    assert call(cursor, "down(3)") == 3


def test_a_handler_sends_statements_from_threads_and_without_waiting(cursor: SnowflakeCursor) -> None:
    create(
        cursor,
        "several()",
        """
from concurrent.futures import ThreadPoolExecutor
def run(session):
    waiting = session.sql("select 100 as n").collect_nowait()
    with ThreadPoolExecutor(4) as pool:
        texts = [f"select {n} as n" for n in range(8)]
        rows = list(pool.map(lambda text: session.connection.cursor().execute(text).fetchall(), texts))
    again = session.connection.cursor()
    again.get_results_from_sfqid(session.connection.cursor().execute("select 1000").sfqid)
    return sum(row[0][0] for row in rows) + waiting.result()[0][0] + again.fetchall()[0][0]
""",
        "int",
    )
    assert call(cursor, "several()") == sum(range(8)) + 100 + 1000


def test_calls_do_not_share_modules(cursor: SnowflakeCursor) -> None:
    body = "import sys\ndef run(session):\n    seen = hasattr(sys, 'mark')\n    sys.mark = 1\n    return str(seen)"
    create(cursor, "mark()", body)
    assert [call(cursor, "mark()"), call(cursor, "mark()")] == ["False", "False"]


def test_a_handler_comes_from_a_zip_in_a_stage(cursor: SnowflakeCursor, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("pack/__init__.py", "")
        archive.writestr("pack/handlers.py", "def greet(session, name):\n    return f'hello {name}'\n")
    cursor.execute("create stage code")
    cursor.execute(f"put 'file://{tmp_path}/pack.zip' @code/v1 auto_compress = false")
    cursor.execute(
        "create procedure greet(name varchar) returns varchar language python runtime_version = '3.11' "
        "packages = ('snowflake-snowpark-python') imports = ('@code/v1/pack.zip') handler = 'pack.handlers.greet'"
    )
    assert call(cursor, "greet('you')") == "hello you"


def test_a_missing_import_is_found_when_the_procedure_is_created(cursor: SnowflakeCursor) -> None:
    cursor.execute("create stage code")
    error = failure(
        cursor,
        "create procedure p() returns varchar language python runtime_version = '3.11' "
        "packages = ('snowflake-snowpark-python') imports = ('@code/none.zip') handler = 'a.b'",
    )
    assert "@code/none.zip" in str(error)


def test_a_handler_sees_the_callers_transaction(cursor: SnowflakeCursor, local: Local, database: str) -> None:
    cursor.execute("create table t (a int)")
    create(cursor, "counted()", "def run(session): return session.sql('select count(*) from t').collect()[0][0]", "int")
    cursor.execute("begin")
    cursor.execute("insert into t values (1)")
    assert call(cursor, "counted()") == 1
    assert local.query("select count(*) from t", database=database) == [(0,)]
    cursor.execute("rollback")
    assert call(cursor, "counted()") == 0


def test_a_transaction_that_a_procedure_leaves_open_is_rolled_back(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table t (a int)")
    create(
        cursor,
        "leaves_open()",
        "def run(session):\n    session.sql('begin').collect()\n    session.sql('insert into t values (1)').collect()",
    )
    assert "Scoped transaction" in str(failure(cursor, "call leaves_open()"))
    assert cursor.execute("select count(*) from t").fetchone() == (0,)


def test_a_procedure_cannot_end_the_callers_transaction(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table t (a int)")
    create(cursor, "commits()", "def run(session): session.sql('commit').collect()")
    cursor.execute("begin")
    cursor.execute("insert into t values (1)")
    assert "different scope" in str(failure(cursor, "call commits()"))
    cursor.execute("rollback")
    assert cursor.execute("select count(*) from t").fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "use schema information_schema",
        "alter session set query_tag = 'x'",
        "show parameters",
        "show grants",
        "set x = 1",
    ],
)
def test_owners_rights_forbid_the_callers_session(cursor: SnowflakeCursor, statement: str) -> None:
    create(cursor, "forbidden(s varchar)", "def run(session, s): session.sql(s).collect()")
    error = failure(cursor, f"call forbidden($${statement}$$)")
    assert "090236 (42601)" in str(error)
    assert "Unsupported statement type" in str(error)


def test_callers_rights_follow_the_caller(cursor: SnowflakeCursor) -> None:
    where = "def run(session): return session.sql('select current_schema()').collect()[0][0]"
    create(cursor, "owners()", where)
    create(cursor, "callers()", where, more="execute as caller")
    cursor.execute("create schema other")
    assert call(cursor, "public.owners()") == "PUBLIC"
    assert call(cursor, "public.callers()") == "OTHER"


def test_a_sql_procedure(cursor: SnowflakeCursor) -> None:
    cursor.execute("create table t (a int)")
    cursor.execute(
        "create procedure fill(n int) returns varchar language sql as $$\n"
        "declare done int default 0;\n"
        "begin\n  insert into t values (:n);\n  done := sqlrowcount;\n  return 'rows: ' || done;\nend\n$$"
    )
    assert call(cursor, "fill(7)") == "rows: 1"
    assert cursor.execute("select a from t").fetchall() == [(7,)]


def test_a_block_reads_what_a_procedure_returns(cursor: SnowflakeCursor) -> None:
    create(cursor, "gate()", "def run(session): return {'gate': 'PASS'}", "variant")
    block = "declare r variant; begin call gate() into :r; let verdict varchar := r:gate::varchar; return verdict; end"
    assert cursor.execute(f"execute immediate $${block}$$").fetchone() == ("PASS",)


def test_procedures_are_described_shown_and_dropped(cursor: SnowflakeCursor, database: str) -> None:
    create(cursor, "one(a varchar, b int default 1)", "def run(session, a, b): return a")
    described = dict(cursor.execute("describe procedure one(varchar, number)").fetchall())
    assert described["signature"] == "(A VARCHAR, B INT)"
    assert (described["language"], described["handler"], described["execute as"]) == ("PYTHON", "run", "OWNER")
    cursor.execute("show procedures like 'ON%' in schema public")
    names = [column.name for column in cursor.description]
    [row] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert (row["name"], row["catalog_name"], row["min_num_arguments"]) == ("ONE", database, 1)
    assert row["arguments"] == "ONE(VARCHAR, DEFAULT NUMBER) RETURN VARCHAR"
    cursor.execute("drop procedure one(varchar, number)")
    assert failure(cursor, "drop procedure one(varchar, number)").errno == 2003


def test_a_transaction_inside_the_callers_is_refused(cursor: SnowflakeCursor) -> None:
    """Snowflake runs it as a transaction of its own."""
    create(cursor, "begins()", "def run(session): session.sql('begin').collect()")
    cursor.execute("begin")
    assert "different scope" in str(failure(cursor, "call begins()"))


@pytest.mark.parametrize("language", ["javascript", "java", "scala"])
def test_other_languages_are_refused(cursor: SnowflakeCursor, language: str) -> None:
    error = failure(cursor, f"create procedure p() returns varchar language {language} handler = 'x' as 'return 1'")
    assert "Unsupported feature" in str(error)
