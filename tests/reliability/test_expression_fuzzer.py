"""Random expressions, half grammar, half malice: what the checker accepts, two other parsers find harmless too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake

from idr.config import expression
from idr.warehouse.translate import to_duckdb
from tests.reliability.hostile import corpus
from tests.reliability.tally import LONG, count

pytestmark = [pytest.mark.slow, pytest.mark.timeout(0 if LONG else 120)]
EXAMPLES = 30_000 if LONG else 1_000
COLUMNS = ("id", "email", '"Weird Name"', "payload", "updated_at", "NAME")
LITERALS = ("1", "0.5", "'a'", "''", "'it''s'", "null", "true", "'%'", "'2024-01-01'", "'YYYY-MM-DD'", "-1")
TYPES = ("varchar", "date", "number(38, 0)", "timestamp_ntz", "boolean", "variant", "float", "array", "varchar(10)")
OPERATORS = ("+", "-", "*", "/", "%", "||", "=", "<>", "<", ">=", "and", "or", "like", "ilike", "is distinct from")
USUAL = (
    "lower", "upper", "trim", "concat", "coalesce", "nvl", "iff", "substr", "regexp_replace", "split_part", "left",
    "to_date", "to_varchar", "try_to_number", "dateadd", "date_trunc", "md5", "sha2", "replace", "length", "abs",
    "greatest", "nullif", "decode", "zeroifnull", "to_timestamp", "parse_json", "get", "array_size", "typeof",
)  # fmt: skip
# DuckDB has these as macros or rewrites, each a pure function of its arguments.
# LAMBDA is how it reads the arrow of a JSON path before it knows the types; sqlglot writes REGEXP_INSTR with another.
PURE_MACROS = {"json", "list_sum", "nullif", "split_part", "array_to_string", "md5_number_lower", "md5_number_upper"}
# Of times with a zone these depend on the session's zone as well, so DuckDB does not call them pure.
CALENDAR = {
    "date_diff", "date_part", "date_sub", "date_trunc", "datediff", "datepart", "datesub", "datetrunc", "day",
    "dayname", "dayofmonth", "dayofweek", "dayofyear", "hour", "isodow", "isoyear", "last_day", "microsecond",
    "millisecond", "minute", "month", "monthname", "quarter", "second", "strftime", "timezone", "timezone_hour",
    "timezone_minute", "week", "weekday", "weekofyear", "year", "yearweek",
}  # fmt: skip
NODES = {"COLUMN_REF", "CONSTANT", "FUNCTION", "CAST", "COMPARISON", "CONJUNCTION", "OPERATOR", "CASE", "BETWEEN",
         "COLLATE", "TYPE", "LAMBDA"}  # fmt: skip


@cache
def _names() -> tuple[str, ...]:
    """Every function name that the parser of the Snowflake dialect knows, and every one that DuckDB has."""
    with duckdb.connect() as connection:
        known = connection.execute("select distinct function_name from duckdb_functions()").fetchall()
    ours = {name.lower() for name in Snowflake.Parser.FUNCTIONS}
    return tuple(sorted(ours | {name for (name,) in known if name.isidentifier()}))


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    some = st.lists(inner, max_size=4).map(", ".join)
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(USUAL), some),
        st.builds("{}({})".format, st.sampled_from(_names()), some),
        st.builds("{} {} {}".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds("case when {} then {} else {} end".format, inner, inner, inner),
        st.builds("cast({} as {})".format, inner, st.sampled_from(TYPES)),
        st.builds("try_cast({} as {})".format, inner, st.sampled_from(TYPES)),
        st.builds("{}::{}".format, inner, st.sampled_from(TYPES)),
        st.builds("({})".format, inner),
        st.builds("{} in ({})".format, inner, some),
        st.builds("{} between {} and {}".format, inner, inner, inner),
        st.builds("{} is not null".format, inner),
        st.builds("not {}".format, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("payload:a.b[{}]".format, inner),
        st.builds("{} like {} escape {}".format, inner, inner, inner),
        st.builds("extract({} from {})".format, st.sampled_from(("year", "day", "epoch", "x")), inner),
        st.builds("trim(both {} from {})".format, inner, inner),
        st.builds("{} collate {}".format, inner, inner),
        st.builds("interval {} day".format, inner),
        st.builds("{} at time zone {}".format, inner, inner),
        st.builds("dateadd({}, {}, {})".format, inner, inner, inner),
        st.builds("(select {})".format, inner),
        st.builds("{} over (order by {})".format, inner, inner),
        st.builds("{}.{}".format, inner, inner),
    )


HOSTILE = corpus()
EXPRESSIONS = st.recursive(
    st.one_of(st.sampled_from(COLUMNS), st.sampled_from(LITERALS), st.sampled_from(HOSTILE)), _grown, max_leaves=6
)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from _nodes(item)


class Judge:
    """DuckDB's own parser and catalogue, and a walk over the tree of the translated statement."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        kinds: dict[str, set[tuple[str, str]]] = {}
        for name, kind, stability in connection.execute(
            "select function_name, function_type, stability from duckdb_functions()"
        ).fetchall():
            kinds.setdefault(name, set()).add((kind, stability))
        self.pure = {name for name, found in kinds.items() if found == {("scalar", "CONSISTENT")}}
        self.pure |= PURE_MACROS | CALENDAR

    def objections(self, text: str) -> list[str]:
        """What is wrong with an expression that the checker accepted."""
        snowflake = expression.select((text,), "t", 0)
        statement = to_duckdb(snowflake)
        found = [
            f"{dialect}: {problem}"
            for dialect, written in (("snowflake", snowflake), ("duckdb", statement))
            for problem in self._tree(written, dialect)
        ]
        return found + self._engine(statement)

    def _tree(self, statement: str, dialect: str) -> Iterator[str]:
        statements = sqlglot.parse(statement, read=dialect)
        if len(statements) != 1 or not isinstance(statements[0], exp.Select):
            yield f"{len(statements)} statements"
            return
        tables = [table.name for table in statements[0].find_all(exp.Table)]
        if tables != ["t"]:
            yield f"it reads {tables}"
        if len(list(statements[0].find_all(exp.Query))) != 1:
            yield "a query within"
        for kind in (
            exp.Command,
            exp.DDL,
            exp.DML,
            exp.AggFunc,
            exp.Window,
            exp.Placeholder,
            exp.Parameter,
        ):
            if statements[0].find(kind):
                yield kind.__name__

    def _engine(self, statement: str) -> Iterator[str] | list[str]:
        [(serialised,)] = self.connection.execute("select json_serialize_sql(?::varchar)", [statement]).fetchall()
        parsed = json.loads(serialised)
        if parsed["error"]:
            return []
        if len(parsed["statements"]) != 1:
            return [f"DuckDB sees {len(parsed['statements'])} statements"]
        node = parsed["statements"][0]["node"]
        source = node["from_table"]
        found = [] if (source["type"], source.get("table_name")) == ("BASE_TABLE", "t") else [f"DuckDB reads {source}"]
        found += [f"DuckDB sees {key}" for key in ("where_clause", "having", "qualify", "sample") if node.get(key)]
        if len(node["select_list"]) != 1:
            found.append(f"DuckDB sees {len(node['select_list'])} columns")
        for item in _nodes(node["select_list"]):
            kind = item.get("class")
            if kind is not None and kind not in NODES:
                found.append(f"DuckDB sees a {kind}")
            if kind == "FUNCTION" and item["function_name"].lower() not in self.pure and not item["is_operator"]:
                found.append(f"DuckDB calls {item['function_name']}")
            if kind == "FUNCTION" and (item.get("schema") or item.get("catalog")):
                found.append(f"DuckDB calls {item['schema']}.{item['function_name']}")
        return found


def test_what_is_accepted_is_harmless_to_other_parsers() -> None:
    figures = {"tried": 0, "accepted": 0, "objections": 0}
    wrong: dict[str, list[str]] = {}
    with duckdb.connect() as connection:
        judge = Judge(connection)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        )
        @given(EXPRESSIONS)
        def check(text: str) -> None:
            figures["tried"] += 1
            if not expression.check(text):
                figures["accepted"] += 1
                found = judge.objections(text)
                if found:
                    wrong[text] = found

        check()
    figures["objections"] = len(wrong)
    count("expressions", "the grammar fuzzer", **figures)
    assert wrong == {}
    assert figures["accepted"] > EXAMPLES / 20, "the grammar makes too few valid expressions to tell anything"


def test_the_judge_objects_to_what_is_not_harmless() -> None:
    """The walk itself, on statements that the checker would never let through."""
    with duckdb.connect() as connection:
        judge = Judge(connection)
        for statement in (
            "select (select 1) as c0 from t", "select read_text('x') as c0 from t", "select random() as c0 from t",
            "select count(*) as c0 from t", "select 1 as c0 from t, u", "select now() as c0 from t",
            "select getvariable('x') as c0 from t", "select 1 as c0, 2 as c1 from t", "select a as c0 from t where b",
            "select row_number() over () as c0 from t", "select 1 as c0 from read_csv('x')", "select 1; drop table t",
            "select memory.main.lower(a) as c0 from t",
        ):  # fmt: skip
            assert [*judge._tree(statement, "duckdb"), *judge._engine(statement)], statement
