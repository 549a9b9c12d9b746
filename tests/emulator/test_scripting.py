"""Scripting blocks, with DuckDB behind the `execute` callback."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.result import Result
from emulator.scripting import ScriptingError, Variable, is_block, parse_block, quoted_block, run
from tests.emulator.task_bodies import DRY_RUN, LIVE_RUN, Engine


@pytest.fixture
def engine() -> Engine:
    return Engine()


def value(engine: Engine, text: str, **variables: Variable) -> Any:
    return run(parse_block(text), engine, variables).scalar()


def test_the_dry_run_body_sets_the_gate_as_its_return_value(engine):
    calls = []
    engine.procedures["core.idr_run"] = lambda *arguments: (
        calls.append(arguments) or {"gate": "PASS", "counts": {"n": 3}}
    )
    returned: list[str | None] = []
    run(parse_block(DRY_RUN), engine, set_return_value=returned.append)
    assert returned == ["PASS"]
    assert engine.log[0] == ("call core.idr_run('INCR', 30, true)", [])


def test_the_return_value_function_fails_outside_a_task(engine):
    engine.procedures["core.idr_run"] = lambda *_: {"gate": "PASS"}
    with pytest.raises(ScriptingError, match=r"SYSTEM\$SET_RETURN_VALUE must be called from within a task") as caught:
        run(parse_block(DRY_RUN), engine)
    assert (caught.value.line, caught.value.position) == (4, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DRY_RUN, True),
        ("-- why\nBEGIN\n  RETURN 1;\nEND", True),
        ("/* c */ declare x int; begin return 1; end", True),
        ("BEGIN", False),
        ("begin;", False),
        ("BEGIN TRANSACTION", False),
        ("begin work", False),
        ("begin name t1", False),
        (LIVE_RUN, False),
        ("select 'begin return 1; end'", False),
    ],
)
def test_blocks_are_told_from_transactions(text, expected):
    assert is_block(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("execute immediate $$ begin return 1; end; $$", " begin return 1; end; "),
        ("EXECUTE IMMEDIATE 'begin return ''a''; end';", "begin return 'a'; end"),
        ("execute immediate 'select 1'", None),
        ("execute immediate :text", None),
        ("execute immediate from './x.sql'", None),
        ("execute task t", None),
    ],
)
def test_a_quoted_block_is_unwrapped(text, expected):
    assert quoted_block(text) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return 1 + 2;", 3),
        ("return;", None),
        ("null;", None),
        ("let x := 'a'; return x || :x;", "aa"),
        ("let x integer := '7'; return x + 1;", 8),
        ("let x number(10,2) default 1.5; x := x * 3; return x::varchar;", "4.50"),
        ("let a := 1; begin let a := 2; end; return a;", 1),
        ("let a := 1; begin a := 2; end; return a;", 2),
        ("let s := ''; for i in 1 to 3 do s := s || i; end for; return s;", "123"),
        ("let s := ''; for i in reverse 1 to 3 loop s := s || i; end loop; return s;", "321"),
        ("let s := 0; for i in 3 to 1 do s := 1; end for; return s;", 0),
        ("let n := 0; while (n < 5) do n := n + 2; end while; return n;", 6),
        ("let n := 0; repeat n := n + 1; until (n >= 3) end repeat; return n;", 3),
        ("let n := 0; loop n := n + 1; if (n = 4) then break; end if; end loop; return n;", 4),
        (
            "let s := ''; for i in 1 to 5 do if (mod(i, 2) = 0) then continue; end if; s := s || i; end for; return s;",
            "135",
        ),
        (
            "let n := 0; loop loop n := n + 1; break outer_loop; end loop; n := 100; end loop outer_loop; return n;",
            1,
        ),
        ("if (null) then return 'yes'; else return 'no'; end if;", "no"),
        ("let x := 2; if (x = 1) then return 'a'; elseif (x = 2) then return 'b'; else return 'c'; end if;", "b"),
        (
            "if (case when true then true else false end) then return 'case in a condition'; end if;",
            "case in a condition",
        ),
        ("let x := 2; case (x) when 1 then return 'a'; when 2 then return 'b'; else return 'c'; end;", "b"),
        ("let x := 5; case when x > 9 then return 'a'; else return 'c'; end case;", "c"),
        ('let o variant := parse_json(\'{"a": {"b": [1, "z"]}}\'); return o:a.b[1]::varchar;', "z"),
        ("let v variant := 'text'; return v::varchar;", '"text"'),
        ("let upper := 'mine'; return upper(upper);", "MINE"),
        ("let x := 1; return (select max(x) from (values (5)) as t(x));", 5),
        ("let x := 9; return (select max(y) from (values (5)) as t(y) where y < :x);", 5),
        ("execute immediate 'create table made (a int)'; return (select count(*) from made);", 0),
        ("let q := 'select ? + ?'; let r resultset := (execute immediate :q using (1, 2)); return 1;", 1),
        ("execute immediate $$ begin return 1; end $$; return 2;", 2),
    ],
)
def test_what_a_block_returns(engine, body, expected):
    returned = value(engine, f"begin {body} end")
    assert (int(returned) if isinstance(expected, int) else returned) == expected


def test_declarations_see_those_before_them(engine):
    text = "declare a integer default 2; b integer := a * 3; c varchar; begin return b || coalesce(c, '-'); end;"
    assert value(engine, text) == "6-"


def test_values_travel_as_binds_never_as_text(engine):
    engine("create table t (a varchar)", [])
    value(engine, "begin let x := 'o''hara; drop table t'; insert into t values (:x); end")
    assert engine("select a from t", []).rows == [("o'hara; drop table t",)]
    assert ("insert into t values (?)", ["o'hara; drop table t"]) in engine.log


def test_a_path_is_not_a_variable_in_a_statement(engine):
    engine('create table j as select parse_json(\'{"gate": "PASS"}\') as r', [])
    query = "select count(*) into :n from j where r:gate::varchar <> :gate"
    text = f"begin let gate := 'HOLD'; let n := 0; {query}; return n; end"
    assert value(engine, text) == 1


def test_select_into_takes_one_row_of_several_columns(engine):
    text = "declare a int; b varchar; begin select 1, 'x' into :a, :b from (select 1); return a || b; end"
    assert value(engine, text) == "1x"


def test_select_into_of_no_row_leaves_null_and_of_two_fails(engine):
    head = "declare a int default 5; begin select n into :a from (values (1), (2)) as t(n) where n "
    assert value(engine, head + "> 2; return a; end") is None
    with pytest.raises(ScriptingError, match="expects exactly 1 returned row, but got 2"):
        value(engine, head + "> 0; return a; end")


def test_into_with_the_wrong_number_of_variables_fails(engine):
    with pytest.raises(ScriptingError, match="expects 2 variables, but got 1"):
        value(engine, "declare a int; begin select 1, 2 into :a; end")


def test_row_count_of_the_last_dml(engine):
    engine("create table t (a int)", [])
    text = "begin insert into t select * from range(4); let n := sqlrowcount; insert into t select 1 where false; "
    assert value(engine, text + "return n || '/' || sqlrowcount || '/' || sqlnotfound; end") == "4/0/true"


def test_loops_over_a_cursor_and_a_resultset(engine):
    rows = "select * from (values ('a', 1), ('b', 2)) as t(k, n) order by k"
    head = "s varchar default ''; begin for r in c do s := s || r.k || r.n; end for; return s; end"
    by_cursor = f"declare c cursor for {rows}; {head}"
    by_set = f"declare c resultset default ({rows}); {head}"
    assert value(engine, by_cursor) == "a1b2"
    assert value(engine, by_set) == "a1b2"


def test_a_cursor_is_opened_with_values_fetched_and_closed(engine):
    text = """declare
        c cursor for select n from (values (1), (2), (3)) as t(n) where n > ? order by n; a int; b int; z int;
    begin
        open c using (1); fetch c into a; fetch c into b; fetch c into z; close c;
        return a || '-' || b || nvl(z, 0);
    end"""
    assert value(engine, text) == "2-30"
    with pytest.raises(ScriptingError, match="Cursor 'C' is not open"):
        value(engine, "declare c cursor for select 1; a int; begin fetch c into a; end")


def test_a_table_is_returned(engine):
    rows = "select * from (values (1, 'x'), (2, 'y')) as t(a, b) order by a"
    text = f"begin let r resultset := ({rows}); return table(r); end"
    result = run(parse_block(text), engine)
    assert [c.name for c in result.columns] == ["A", "B"]
    assert result.rows == [(1, "x"), (2, "y")]


def test_arguments_of_a_procedure_are_variables(engine):
    text = "begin return mode || n || o:k::varchar; end"
    variables = {
        "MODE": Variable("VARCHAR", "INCR"),
        "N": Variable("NUMBER", 3),
        "O": Variable("VARIANT", '{"k": "v"}'),
    }
    assert value(engine, text, **variables) == "INCR3v"


class TestExceptions:
    def test_an_uncaught_error_names_line_and_position_and_keeps_its_code(self, engine):
        with pytest.raises(ScriptingError) as caught:
            value(engine, "begin\n  let x := 1;\n    insert into missing values (:x);\nend")
        error = caught.value
        assert error.message.startswith(
            "Uncaught exception of type 'STATEMENT_ERROR' on line 3 at position 4 : SQL comp"
        )
        assert (error.code, error.state, error.line, error.position) == ("002003", "42S02", 3, 4)

    def test_an_error_in_an_expression_is_of_its_own_type(self, engine):
        with pytest.raises(ScriptingError, match="'EXPRESSION_ERROR' on line 1 at position 6 : "):
            value(engine, "begin return 1 + missing_column; end")

    def test_a_handler_sees_the_error(self, engine):
        text = """begin
            select * from missing;
        exception
            when expression_error then return 'no';
            when statement_error or other then return sqlcode || ' ' || sqlstate || ' ' || contains(sqlerrm, 'missing');
        end"""
        assert value(engine, text) == "2003 42S02 true"

    def test_after_a_handler_the_outer_block_goes_on(self, engine):
        text = "begin let x := 1; begin select * from missing; exception when other then x := 2; end; return x; end"
        assert value(engine, text) == 2

    def test_declared_exceptions_carry_code_and_message(self, engine):
        head = "declare oops exception (-20002, 'went wrong'); begin raise oops; "
        assert value(engine, head + "exception when oops then return sqlcode || sqlerrm; end") == "-20002went wrong"
        with pytest.raises(ScriptingError) as caught:
            value(engine, "declare oops exception (-20002, 'went wrong');\nbegin\n  raise oops; end")
        assert caught.value.message == "Uncaught exception of type 'OOPS' on line 3 at position 2 : went wrong"
        assert (caught.value.code, caught.value.state) == ("-20002", "P0001")

    def test_a_bare_raise_passes_the_same_error_on(self, engine):
        text = "begin\n select * from missing; exception when other then let x := 1; raise; end"
        with pytest.raises(ScriptingError, match="'STATEMENT_ERROR' on line 2 at position 1") as caught:
            value(engine, text)
        assert caught.value.code == "002003"

    def test_what_is_no_sql_error_passes_every_handler(self, engine):
        def cancelled(sql: str, binds: list[Any]) -> Result:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(parse_block("begin select 1; exception when other then return 'swallowed'; end"), cancelled)

    def test_a_failed_call_fails_the_body(self, engine):
        def fail(*_: Any) -> None:
            raise SqlError("IDR-301 did not converge", "100357", "P0000")

        engine.procedures["core.idr_run"] = fail
        with pytest.raises(ScriptingError, match="on line 2 at position 2 : IDR-301") as caught:
            run(parse_block(DRY_RUN), engine, set_return_value=pytest.fail)
        assert caught.value.code == "100357"


@pytest.mark.parametrize(
    ("text", "where", "unexpected"),
    [
        ("begin\n  return 1\nend", (3, 0), "end"),
        ("begin if (true) return 1; end if; end", (1, 24), ";"),
        ("begin return 1; end extra", (1, 20), "extra"),
        ("begin let x; end", (1, 11), ";"),
        ("begin select 1;", (1, 15), "<EOF>"),
        ("declare x; begin end", (1, 9), ";"),
        ("begin for i in 1 to 2 return 1; end for; end", (1, 30), ";"),
        ("begin return 1; exception return 2; end", (1, 26), "return"),
    ],
)
def test_a_syntax_error_names_line_position_and_word(text, where, unexpected):
    with pytest.raises(ScriptingError) as caught:
        parse_block(text)
    assert (caught.value.line, caught.value.position) == where
    assert caught.value.message.endswith(f"unexpected '{unexpected}'.")
    assert caught.value.code == "001003"


def test_unknown_variables_are_refused(engine):
    with pytest.raises(ScriptingError, match="invalid identifier 'NOPE'"):
        value(engine, "begin nope := 1; end")
    with pytest.raises(ScriptingError, match="invalid identifier 'NOPE'"):
        value(engine, "begin select :nope; end")
    with pytest.raises(ScriptingError, match="BREAK is outside of its loop"):
        value(engine, "begin break; end")
