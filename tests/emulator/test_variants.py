"""VARIANT, OBJECT and ARRAY values in expressions."""

from __future__ import annotations

import pytest
import snowflake.connector
from snowflake.connector.cursor import SnowflakeCursor

pytestmark = pytest.mark.snowflake


@pytest.fixture
def variants(cursor: SnowflakeCursor) -> SnowflakeCursor:
    cursor.execute("create table v (v variant, t varchar)")
    document = '{"a": "x", "b": [1, "two"], "n": 1.5, "i": 7, "o": {"k": "w"}, "z": null}'
    cursor.execute(f"insert into v select parse_json('{document}'), 'x'")
    return cursor


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("""parse_json('"a"')::varchar""", "a"),
        ("""to_varchar(parse_json('"a"'))""", "a"),
        ("""to_char('b'::variant)""", "b"),
        ("v:a::string", "x"),
        ("v['a']::text", "x"),
        ("v:b[1]::varchar", "two"),
        ("get(v, 'a')::string", "x"),
        ("get_path(v, 'o.k')::string", "w"),
        ("v:o::string", '{"k":"w"}'),
        ("v:z::string", None),
        ("v:missing::string", None),
        ("v:n::varchar", "1.5"),
        ("v:a || 'y'", "xy"),
        ("'<' || v:a || '>'", "<x>"),
        ("concat('<', v:a, '>')", "<x>"),
        ("upper(v:a)", "X"),
        ("length(v:a)", 1),
        ("coalesce(v:a, v:b)::varchar", "x"),
        ("max(v:a)::varchar", "x"),
        ("v:a = 'x'", True),
        ("'x' <> v:a", False),
        ("v:a in ('x', 'y')", True),
        ("v:a like 'x%'", True),
        ("v:i > 6", True),
        ("v:i + 1", 8),
        ("'1'::varchar", "1"),
        ("as_varchar(v:a)", "x"),
        ("as_integer(v:i)", 7),
        ("as_integer(v:a)", None),
        ("max(t)::varchar", "x"),
        ("split(v:a, ',')[0]::string", "x"),
    ],
)
def test_a_text_in_a_variant_has_no_quotes(variants: SnowflakeCursor, expression: str, value: object) -> None:
    assert variants.execute(f"select {expression} as r from v").fetchone() == (value,)


def test_a_column_of_variants_is_read_as_text(cursor: SnowflakeCursor) -> None:
    cursor.execute("""create table w as select value as a from table(flatten(parse_json('["p", 1, {"k": "v"}]')))""")
    assert sorted(cursor.execute("select a::varchar from w").fetchall()) == [("1",), ("p",), ('{"k":"v"}',)]
    assert cursor.execute("select count(*) from w where a::varchar = 'p'").fetchone() == (1,)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("v", "OBJECT"),
        ("v:a", "VARCHAR"),
        ("v:b", "ARRAY"),
        ("v:n", "DECIMAL"),
        ("v:i", "INTEGER"),
        ("parse_json('true')", "BOOLEAN"),
        ("parse_json('null')", "NULL_VALUE"),
        ("null::variant", None),
    ],
)
def test_typeof_names_the_type_of_the_value(variants: SnowflakeCursor, expression: str, kind: str | None) -> None:
    assert variants.execute(f"select typeof({expression}) from v").fetchone() == (kind,)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("t::varchar", "2024-01-02 10:00:00.500"),
        ("to_varchar(z)", "2024-01-02 08:00:00.000 +0000"),
        ("max(t)::varchar", "2024-01-02 10:00:00.500"),
        ("dateadd(day, 1, t)::varchar", "2024-01-03 10:00:00.500"),
        ("'2024-05-06'::timestamp::varchar", "2024-05-06 00:00:00.000"),
        ("f::varchar", "1"),
        ("(f * 1.25)::varchar", "1.25"),
        ("n::varchar", "1.50"),
        ("d::varchar", "2024-01-02"),
        ("b::varchar", "true"),
        ("s::varchar", "1.0"),
        ("null::timestamp::varchar", None),
    ],
)
def test_timestamps_and_floats_have_snowflakes_texts(cursor: SnowflakeCursor, expression: str, text: str) -> None:
    cursor.execute(
        "create or replace table typed as select '2024-01-02 10:00:00.5'::timestamp_ntz as t, 1.0::float as f,"
        " '2024-01-02 10:00:00 +0200'::timestamp_tz as z, 1.50::number(5, 2) as n, '2024-01-02'::date as d, true as b,"
        " '1.0' as s"
    )
    assert cursor.execute(f"select {expression} from typed group by all").fetchone() == (text,)


def test_times_are_told_in_a_format(cursor: SnowflakeCursor) -> None:
    cursor.execute(
        "create or replace table at_noon as select '2024-01-02 12:34:56'::timestamp_ntz as t, '2024-01-02'::date as d"
    )
    cursor.execute("select to_char(t, 'DD.MM.YYYY HH24:MI'), to_varchar(d, 'YYYYMMDD') from at_noon")
    assert cursor.fetchone() == ("02.01.2024 12:34", "20240102")
    with pytest.raises(snowflake.connector.errors.ProgrammingError, match="format of numbers"):
        cursor.execute("select to_char(5, '999')")
