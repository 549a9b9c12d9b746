from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fractions import Fraction

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from idr.config import inspect, validate
from idr.config import propose as propose_module
from idr.config.example import EXAMPLE
from idr.config.profile import _sample, profile
from idr.config.propose import propose
from idr.config.yaml_file import load_text
from idr.errors import IdrError
from idr.model import Config
from idr.warehouse import Column
from idr.warehouse.duckdb import DuckDBWarehouse

SCHEMAS = int(os.environ.get("IDR_HISTORIES", "200")) // 5
CUSTOMERS = """
create schema crm;
create table crm.customers as
select
    i as customer_id,
    chr(65 + (i % 26)::int) || 'ing' as surname,
    date '1940-03-01' + (i * 2)::int as birth_date,
    'person' || i || '@x.org' as contact,
    timestamp '2024-01-01' + interval (i) minute as updated_at,
    timestamp '2020-01-01' as created_at,
    i % 10 = 0 as is_deleted,
    'noreply@x.org' as email,
    12 as active
from range(12034) as r(i)
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def text_for(connection: duckdb.DuckDBPyConnection, *statements: str) -> str:
    for statement in statements:
        connection.execute(statement)
    return propose(DuckDBWarehouse(connection))


def proposed(connection: duckdb.DuckDBPyConnection, *statements: str) -> Config:
    config = load_text(text_for(connection, *statements))
    assert inspect.check(DuckDBWarehouse(connection), config) == []
    return config


def people(name: str, columns: str, rows: int = 60) -> str:
    """A table of `rows` people; `columns` may use the number `i`."""
    return f"create table {name} as select {columns} from range({rows}) as r(i)"


def keys_of(tree: object) -> set[str]:
    if isinstance(tree, dict):
        return set(tree) | {key for item in tree.values() for key in keys_of(item)}
    return {key for item in tree for key in keys_of(item)} if isinstance(tree, list) else set()


def test_the_example_is_valid_and_shows_every_key() -> None:
    assert load_text(EXAMPLE).rules
    known = {
        *validate._TOP, *validate._SOURCE, *validate._IDENTIFIER, *validate._RULE, *validate._GUARDRAILS,
        *validate._SETTINGS, "strategy",
    }  # fmt: skip
    assert known - keys_of(yaml.safe_load(EXAMPLE)) == set()
    assert "read_parquet(" in EXAMPLE
    assert "read_csv(" in EXAMPLE


def test_a_proposal_names_key_clock_deletion_identifiers_and_rules(connection: duckdb.DuckDBPyConnection) -> None:
    config = proposed(connection, CUSTOMERS)
    source = config.sources["crm_customers"]
    assert (source.table, source.key, source.watermark) == ("crm.customers", "customer_id", "updated_at")
    assert source.deleted_when == "is_deleted"
    assert source.identifiers == {"email": "contact", "birth_date": "birth_date", "last_name": "surname"}
    assert {rule.match: rule.max_group_size for rule in config.rules.values()} == {
        ("email",): 20, ("last_name", "birth_date"): 100,
    }  # fmt: skip
    assert source.attributes == source.identifiers
    assert {name: row.strategy for name, row in config.survivorship.items()} == {
        "email": "most_recent", "birth_date": "most_frequent", "last_name": "most_frequent",
    }  # fmt: skip


def test_each_proposal_carries_its_evidence(connection: duckdb.DuckDBPyConnection) -> None:
    text = text_for(connection, CUSTOMERS)
    for line in (
        r"key: customer_id  # unique in 12,034 rows",
        r"email: contact  # 100 % look like e-mail addresses \([\d,]+ sampled\)",
        r"# email: one value fills 100 % of it",
        r"watermark: updated_at  # from 2024-01-0\d to 2024-01-0\d",
        r"\{id: email, .*\}  # in 1 of 1 sources",
    ):
        assert re.search(line, text), line
    assert "person1" not in text


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("cust_dob", "date '1950-01-01' + (i * 300)::int", "birth_date"),
        ("customerEmail", "'a' || i || '@b.de'", "email"),
        ('"E-Mail"', "'a' || i || '@b.de'", "email"),
        ("e_mail", "'a' || i || '@b.de'", "email"),
        ("phone_number_1", "'020 7946 0' || (100 + i)", "phone"),
        ("PhoneNo", "2025550100 + i", "phone"),
        ("c1", "'a' || i || '@b.de'", "email"),
        ("c1", "'+44 20 7946 0' || (100 + i)", "phone"),
        ("c1", "date '1940-01-01' + (i * 400)::int", "birth_date"),
        ("c1", "'SW' || (i % 9) || ' ' || (i % 7) || 'AB'", "postcode"),
        ("c1", "(date '1940-01-01' + (i * 400)::int)::varchar", "birth_date"),
    ],
)
def test_columns_are_recognised(connection: duckdb.DuckDBPyConnection, column: str, value: str, kind: str) -> None:
    also = "'x' || i || '@y.org' as email" if kind != "email" else "chr(65 + i::int % 26) || 'lee' as last_name"
    config = proposed(connection, people("t", f"i as id, {value} as {column}, {also}"))
    assert config.sources["t"].identifiers[kind].strip('"') == column.strip('"')


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("email_verified", "i % 2 = 0"),
        ("email", "'n/a'"),
        ("email", "'noreply@x.org'"),
        ("email", "'user' || i"),
        ("email_status", "'verified'"),
        ("phone", "'unknown'"),
        ("phone", "'0000000000'"),
        ("phone_type", "'mobile'"),
        ("hired", "date '2020-01-01' + i::int"),
        ("microphone", "'type ' || i"),
        ("ip", "'192.168.100.' || i"),
    ],
)
def test_columns_that_only_seem_to_identify_are_refused(
    connection: duckdb.DuckDBPyConnection, column: str, value: str
) -> None:
    columns = f"i as id, {value} as {column}, '999-00-' || (1000 + i) as ssn"
    config = proposed(connection, people("t", columns))
    assert column not in config.sources["t"].identifiers.values()


def test_dates_with_the_day_first_are_read_as_such(connection: duckdb.DuckDBPyConnection) -> None:
    value = "strftime(date '1950-01-01' + (i * 301)::int, '%d/%m/%Y')"
    config = proposed(connection, people("t", f"i as id, chr(65 + i::int % 26) || 'lee' as surname, {value} as dob"))
    assert config.sources["t"].identifiers["birth_date"] == "try_to_date(dob, 'DD/MM/YYYY')"


@pytest.mark.parametrize(
    ("statement", "key"),
    [
        ("create table t (code varchar, id integer, email varchar, primary key (code))", "code"),
        ("create table t (email varchar, id integer)", "id"),
        ("create table t (a varchar, t_key integer, email varchar)", "t_key"),
        (
            "create table t (a_id integer, b_id integer, email varchar, primary key (a_id, b_id))",
            "concat_ws('|', cast(a_id as varchar), cast(b_id as varchar))",
        ),
    ],
)
def test_the_primary_key_wins_then_the_name(connection: duckdb.DuckDBPyConnection, statement: str, key: str) -> None:
    assert proposed(connection, statement).sources["t"].key == key


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ("account_id, t_id", "t_id"),
        ("account_id, tid", "tid"),
        ("t_id, pk", "t_id"),
        ("account_no, line_id", "line_id"),
        ("personid, account_no", "account_no"),
        ("amount, personid", "personid"),
        ("account_id, line_id", "account_id"),
        ("account_no, order_code", "account_no"),
    ],
)
def test_of_several_keys_the_one_with_the_most_telling_name_is_taken(
    connection: duckdb.DuckDBPyConnection, columns: str, key: str
) -> None:
    numbers = ", ".join(f"i as {name}" for name in columns.split(", "))
    connection.execute("create schema crm")
    connection.execute(people("crm.ts", f"{numbers}, 'a' || i || '@b.de' as email"))
    connection.execute("create table crm.t as select * from crm.ts limit 0")
    config = proposed(connection)
    assert (config.sources["crm_ts"].key, config.sources["crm_t"].key) == (key, key)


def test_the_primary_key_may_be_the_value_that_tells_people_apart(connection: duckdb.DuckDBPyConnection) -> None:
    assert proposed(connection, "create table t (email varchar primary key)").sources["t"].key == "email"


def test_one_value_of_a_key_may_read_as_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """0 is a usual first number, and a usual placeholder."""
    value = "case i when 0 then '0' when 1 then '{}' else 'k' || i end as code, 'a' || i || '@b.de' as email"
    assert proposed(connection, people("t", value.format("k1"))).sources["t"].key == "code"
    assert "is filled and different" in str(text_or_error(connection, people("u", value.format("none"))))


def text_or_error(connection: duckdb.DuckDBPyConnection, *statements: str) -> object:
    try:
        return text_for(connection, *statements)
    except IdrError as error:
        return error


KINDS_OF = st.sets(st.sampled_from(sorted({name for _, match in propose_module._RULES for name in match})))


@given(st.lists(KINDS_OF, min_size=1, max_size=4))
def test_a_rule_is_proposed_where_a_source_can_use_it_and_has_no_stronger_one_of_several_parts(
    sources: list[set[str]],
) -> None:
    made = [
        propose_module._Source(f"s{at}", "t", 1, ("id", ""), None, None, dict.fromkeys(found), {}, [])  # ty: ignore
        for at, found in enumerate(sources)
    ]
    expected = []
    for at, (rule_id, match) in enumerate(propose_module._RULES):
        stronger = [earlier for _, earlier in propose_module._RULES[:at] if len(earlier) > 1]
        having = [found for found in sources if found >= {*match}]
        free = [found for found in having if len(match) == 1 or not any(found >= {*other} for other in stronger)]
        if free:
            expected.append((rule_id, match, f"in {len(having)} of {len(sources)} sources"))
    assert propose_module._rules(made) == expected


def test_a_key_is_unique_and_filled_in_the_whole_table(connection: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "case when i < 30000 then i end as id, i // 2 as person_id, i % 2 as line_id,"
        " i::varchar as account_no, 'a' || i || '@b.de' as email"
    )
    assert proposed(connection, people("t", columns, 30001)).sources["t"].key == "account_no"
    columns = "i // 10 as person_id, i % 10 as line_id, (i % 20) as n, 'a' || i || '@b.de' as email"
    pair = "concat_ws('|', cast(person_id as varchar), cast(line_id as varchar))"
    assert proposed(connection, people("u", columns)).sources["u"].key == pair


def test_a_pair_of_ids_is_a_better_key_than_a_number_that_happens_to_differ(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    columns = "i * 7 as amount, i // 10 as person_id, i % 10 as line_id, 'a' || i || '@b.de' as email"
    pair = "concat_ws('|', cast(person_id as varchar), cast(line_id as varchar))"
    assert proposed(connection, people("t", columns)).sources["t"].key == pair
    assert proposed(connection, people("u", columns.replace(" as line_id", " as line"))).sources["u"].key == "amount"


def test_addresses_that_are_hashed_in_every_source_are_compared_as_hashes(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    other = "'ann' as last_name, date '1950-01-01' + (i * 300)::int as dob"
    hashed = people("h", f"i as id, md5(i::varchar) as email, {other}")
    assert proposed(connection, hashed).identifiers["email"].normalize == "hash"
    assert (
        proposed(connection, people("p", "i as id, 'a' || i || '@b.de' as email")).identifiers["email"].normalize
        == "email"
    )


def test_a_table_of_five_thousand_rows_is_read_whole(connection: duckdb.DuckDBPyConnection) -> None:
    columns = "i as id, 'a' || i || '@b.de' as email"
    assert "(5,000 sampled)" in text_for(connection, people("t", columns, 5000))
    assert "(5,001 sampled)" not in text_for(connection, people("u", columns, 5001))


def test_the_sample_of_a_large_table_is_taken_from_all_of_it(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(people("t", "i as id, 'x' as gone", 30_000))
    wh = DuckDBWarehouse(connection)
    [ids, _] = profile(wh, "t").columns
    numbers = sorted(map(int, ids.values))
    assert numbers[0] < 100
    assert numbers[-1] > 20_000
    assert ids.sampled == 5000


@pytest.mark.parametrize("rows", [5001, 5500, 6000, 6001, 7000, 12_034, 1_000_000, 10**9])
def test_a_fifth_more_is_asked_for_than_a_sample_has(rows: int) -> None:
    [column] = [Column("id", "integer", "INTEGER")]
    text = _sample(exp.to_table("t"), [column], rows)
    [share] = re.findall(r"\(([\d.]+)\)", text.partition("BERNOULLI")[2])
    wanted = Fraction(6000, rows) * 100
    assert min(wanted, 100) <= Fraction(share) <= min(wanted + Fraction(1, 1000), 100)


def test_of_a_long_text_two_hundred_characters_are_looked_at(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table t as select repeat('x', n::int) as note from (values (199), (200), (201)) as r(n)")
    [note] = profile(DuckDBWarehouse(connection), "t").columns
    assert [len(text) for text in note.values] == [199, 200, 200]


def test_a_table_with_no_usable_column_has_none_that_tells_who_a_person_is(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(IdrError, match="not usable: no column that tells who a person is; a link needs"):
        text_for(connection, people("t", "[i] as tags"))


def test_a_column_of_several_values_is_no_attribute(connection: duckdb.DuckDBPyConnection) -> None:
    columns = "i as id, 'a' || i || '@b.de' as email, {'street': 'x' || i} as address, 'y' || i as city"
    assert set(proposed(connection, people("t", columns)).sources["t"].attributes) == {"email", "city"}


def test_a_pair_is_looked_for_among_six_columns_that_are_named_like_ids(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    email = "'a' || i || '@b.de' as email"
    six = ", ".join(f"i % 2 as {name}_id" for name in "abcde")
    assert proposed(connection, people("t", f"{six}, i // 2 as f_id, {email}")).sources["t"].key == (
        "concat_ws('|', cast(a_id as varchar), cast(f_id as varchar))"
    )
    seventh = people("u", f"{six}, 7 as f_id, i // 2 as g_id, {email}")
    assert "main.u: no column, and no pair of id columns, is filled and different" in text_for(connection, seventh)


def test_of_an_empty_table_nothing_is_said_to_be_filled(connection: duckdb.DuckDBPyConnection) -> None:
    text = text_for(connection, "create table t (id integer, email varchar, deleted_at timestamp)")
    assert "deleted_when: deleted_at is not null  # filled in 0 % of the sample" in text
    assert "email: email  # by its name; the table is empty" in text


def test_a_creation_time_is_no_watermark(connection: duckdb.DuckDBPyConnection) -> None:
    columns = "i as id, 'a' || i || '@b.de' as email, timestamp '2024-01-01' as created_at"
    text = text_for(connection, people("t", columns))
    assert load_text(text).sources["t"].watermark is None
    assert "the table is read each time" in text


@pytest.mark.parametrize("column", ["updated_at", "ModifiedOn", "last_changed", "_loaded_at", "dwh_update_ts"])
def test_updating_timestamps_are_watermarks(connection: duckdb.DuckDBPyConnection, column: str) -> None:
    columns = f"i as id, 'a' || i || '@b.de' as email, timestamp '2024-01-01' as {column}"
    assert proposed(connection, people("t", columns)).sources["t"].watermark == column


def test_of_clocks_the_fullest_is_read_and_of_equals_one_of_updates(connection: duckdb.DuckDBPyConnection) -> None:
    clock = "timestamp '2024-01-01' + interval (i) day"
    gaps = f"case when i % 4 > 0 then {clock} end"
    columns = f"i as id, 'a' || i || '@b.de' as email, {clock} as loaded_at, {{}} as updated_at"
    equal = text_for(connection, people("t", columns.format(clock)))
    assert "watermark: updated_at  # from 2024-01-01 to 2024-02-29 in the sample\n" in equal
    assert load_text(text_for(connection, people("u", columns.format(gaps)))).sources["u"].watermark == "loaded_at"
    alone = f"i as id, 'a' || i || '@b.de' as email, {gaps} as updated_at"
    assert "in the sample, 25.0 % are empty: such rows are read each time" in text_for(connection, people("v", alone))


@pytest.mark.parametrize(
    ("column", "value", "condition"),
    [
        ("is_deleted", "i = 1", "is_deleted"),
        ("deleted_at", "case when i = 1 then timestamp '2024-01-01' end", "deleted_at is not null"),
        ("deleted", "(i % 2)::integer", "deleted = 1"),
        ("IsDeleted", "case when i = 1 then 'Y' else 'N' end", "lower(IsDeleted) in ('y')"),
        ("deleted", "case when i = 1 then '1' end", "lower(deleted) in ('1')"),
        ("deleted", "(i % 3)::integer", None),
        (
            "deleted",
            "(['y', 'yes', 'true', 't', '1', 'n', 'no', 'false', 'f'])[i % 9 + 1]",
            "lower(deleted) in ('1', 't', 'true', 'y', 'yes')",
        ),
        ("deleted_by", "'me'", None),
        ("is_deleted", "case when i = 1 then 'gone' else 'here' end", None),
    ],
)
def test_soft_deletes(connection: duckdb.DuckDBPyConnection, column: str, value: str, condition: str | None) -> None:
    columns = f"i as id, 'a' || i || '@b.de' as email, {value} as {column}"
    assert proposed(connection, people("t", columns)).sources["t"].deleted_when == condition


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("email", "md5(i::varchar)", "email: email  # hashed values"),
        ("phone", "case when i % 3 > 0 then '+44 20 7946 0' || (100 + i) end", "40 sampled), 33 % are empty"),
        ("dob", "(10 + i % 18) || '/' || (10 + i % 3) || '/19' || (40 + i)", "100 % are dates as DD/MM/YYYY"),
        ("dob", "(10 + i % 3) || '.' || (10 + i % 18) || '.19' || (40 + i)", "100 % are dates as MM.DD.YYYY"),
        (
            "dob",
            "(1 + i % 9) || '/' || (1 + i % 9) || '/19' || (40 + i)",
            "# dob: named like dates of birth, but only 0 %",
        ),
        ("dob", "'once ' || i", "# dob: named like dates of birth, but only 0 %"),
        ("dob", "(1940 + i) || case when i % 9 = 0 then '-13-45' else '-01-02' end", "88 % look like dates of birth"),
        ("dob", "date '1950-01-01' + (i * 300)::int", "100 % look like dates of birth"),
        ("updated_at", "null::timestamp", "watermark: updated_at  # by its name; it has no values yet"),
        ("is_deleted", "i = 1", "deleted_when: is_deleted  # a flag\n"),
        (
            "deleted_at",
            "case when i % 4 = 1 then timestamp '2024-01-01' end",
            "is not null  # filled in 25 % of the sample",
        ),
        ("deleted_at", "timestamp '2024-01-01'", "is not null  # filled in 100 % of the sample"),
        ("deleted", "(i % 2)::integer", "deleted_when: deleted = 1  # 1 in 50 % of the sample"),
        ("is_deleted", "case when i = 1 then 'Y' else 'N' end", "in ('y')  # a flag in words"),
    ],
)
def test_what_the_values_are_like_is_told(
    connection: duckdb.DuckDBPyConnection, column: str, value: str, said: str
) -> None:
    """Beside an e-mail address, unless that is the column in question."""
    also = "'a' || i || '@b.de' as email" if column != "email" else "date '1950-01-01' + (i * 300)::int as dob"
    more = ", chr(65 + i::int % 26) || 'ing' as surname" if column == "email" else ""
    text = text_for(connection, people("t", f"i as id, {value} as {column}, {also}{more}"))
    assert said in text
    assert inspect.check(DuckDBWarehouse(connection), load_text(text)) == []


@pytest.mark.parametrize("name", ["email" * 1000, "e\nmail"], ids=["long", "two lines"])
def test_a_column_whose_name_no_expression_can_hold_is_left_out(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    columns = f"i as id, 'a' || i || '@b.de' as mail, 'c' || i || '@d.de' as {written(name)}"
    text = text_for(connection, people("t", columns))
    assert load_text(text).sources["t"].identifiers == {"email": "mail"}
    assert name not in text


def test_a_compound_rule_needs_its_parts_in_one_source(connection: duckdb.DuckDBPyConnection) -> None:
    first = people("a", "i as id, 'a' || i || '@b.de' as email, chr(65 + i::int % 26) || 'lee' as last_name")
    second = people("b", "i as id, 'a' || i || '@b.de' as email, date '1950-01-01' + (i * 300)::int as dob")
    assert set(proposed(connection, first, second).rules) == {"email"}


def test_tables_without_people_are_left_out_with_the_reason(connection: duckdb.DuckDBPyConnection) -> None:
    text = text_for(
        connection,
        CUSTOMERS,
        people("products", "i as product_id, chr(65 + i::int % 26) || ' lamp' as name"),
        people("logs", "'a' || (i % 5) || '@b.de' as email"),
        "create table gone (x int); create view broken as select x from gone; drop table gone",
    )
    assert list(load_text(text).sources) == ["crm_customers"]
    assert re.search(r"#   main.products: only full_name", text)
    assert re.search(r"#   main.logs: no column.* is filled and different in every row", text)
    assert re.search(r"#   main.broken: it cannot be read", text)


def test_nothing_usable_is_idr_116(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(IdrError, match="no table") as caught:
        text_for(connection)
    assert caught.value.code == "IDR-116"
    with pytest.raises(IdrError, match=r"main\.products") as caught:
        text_for(connection, people("products", "i as product_id, 'Thing ' || i as title"))
    assert caught.value.code == "IDR-116"


def test_source_ids_are_names_and_do_not_collide(connection: duckdb.DuckDBPyConnection) -> None:
    names = ['"My Table"', '"my.table"', '"my""table"', '"größe"', '"客户"', '"1st"', '"' + "x" * 90 + '"', '"_"', "t2"]
    statements = [people(name, "i as id, 'a' || i || '@b.de' as email") for name in names]
    config = proposed(connection, *statements)
    assert len(config.sources) == len(names)
    assert set(config.sources) == {
        "my_table", "my_table_2", "my_table_3", "groe", "source", "source_1st", "x" * 50, "source_2", "t2",
    }  # fmt: skip


HOSTILE = st.one_of(
    st.sampled_from(
        ["Order", "select", "a b", "a.b", 'a"b', "it's", "größe", "客户", "a;b", "a--b", "a/*b", "$x", ":x", "null",
         "yes", "1", "current_user", "level", "prior", "#", "- a", "{a}", "[a]", "&a", "*", "!x", "%", "\u202e", "a\nb",
         "a\tb", "😀"]
    ),
    st.sampled_from([row[0] for row in duckdb.execute("select keyword_name from duckdb_keywords()").fetchall()]),
    st.sampled_from(["id", "customer_id", "email", "Phone", "dob", "last_name", "updated_at", "is_deleted", "zip"]),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), min_size=1, max_size=12),
)  # fmt: skip
TYPES = st.sampled_from(
    ["integer", "varchar", "date", "timestamp", "timestamptz", "boolean", "double", "decimal(10, 2)", "hugeint", "uuid",
     "integer[]", "struct(a integer)", "map(varchar, integer)", "blob", "time", "interval", "json", "enum('a', 'b')",
     "timestamp_ns", "bit", "variant", "varchar[2]", "utinyint", "union(a integer, b varchar)", "float"]
)  # fmt: skip
TABLE = st.tuples(
    HOSTILE,
    HOSTILE,
    st.lists(st.tuples(HOSTILE, TYPES), max_size=6, unique_by=lambda column: column[0].lower()),
    st.integers(0, 3),
)


def written(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@settings(max_examples=SCHEMAS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TABLE, min_size=1, max_size=3))
def test_any_names_and_types_give_a_proposal_that_fits(
    tables: list[tuple[str, str, list[tuple[str, str]], int]],
) -> None:
    """Each table has a key and an e-mail address beside its random columns, so that there is something to propose."""
    with duckdb.connect() as connection:
        usable = 0
        for schema, table, columns, rows in tables:
            more = "".join(f", {written(name)} {kind}" for name, kind in columns)
            target = f"{written(schema)}.{written(table)}"
            try:
                connection.execute(f"create schema if not exists {written(schema)}")
                connection.execute(f'create table {target} ("row id" integer, "mail to" varchar{more})')
            except duckdb.Error:
                continue
            insert = f'insert into {target} ("row id", "mail to") values (?, ?)'
            for number in range(rows):
                connection.execute(insert, [number, f"a{number}@b.de"])
            usable += not re.search(r"[\x00-\x1f]", schema + table)
        if usable:
            assert len(proposed(connection).sources) == usable
        else:
            with pytest.raises(IdrError, match="IDR-116"):
                proposed(connection)


PEOPLE = """
create schema crm;
create table crm.people (id integer, email varchar, tags integer[], n integer, d date, note varchar);
"""
MAPPED = {"key": "id", "watermark": "d", "deleted_when": "n = 1", "identifier email": "email", "attribute note": "note"}
COLUMNS = "It has id, email, tags, n, d, note"
POINT = "Use a date or timestamp, for example"
PART = "Pick a scalar part of it, or cast it to varchar"


@pytest.mark.parametrize(
    ("what", "text", "code", "message", "fix"),
    [
        ("key", "idd", "IDR-103", 'column "idd" not found in crm.people', 'Did you mean "id"?'),
        ("attribute note", "xyzzy", "IDR-103", 'column "xyzzy" not found in crm.people', COLUMNS),
        (
            "watermark",
            "note",
            "IDR-114",
            "note is VARCHAR, not a point in time",
            f"{POINT} cast(note as timestamp_ntz)",
        ),
        ("watermark", "n", "IDR-114", "n is INTEGER, not a point in time", f"{POINT} to_timestamp(n)"),
        ("deleted_when", "n", "IDR-114", "n is INTEGER, not true or false", "Write a condition, for example n = 1"),
        ("identifier email", "tags", "IDR-114", "tags is INTEGER[], which has no single value", PART),
        ("attribute note", "tags", "IDR-114", "tags is INTEGER[], which has no single value", PART),
    ],
)
def test_what_the_database_lacks_is_told_of_the_source_that_asks_for_it(
    connection: duckdb.DuckDBPyConnection, what: str, text: str, code: str, message: str, fix: str
) -> None:
    connection.execute(PEOPLE)

    def source(name: str, at: dict[str, str]) -> str:
        return (
            f"  {name}: {{table: crm.people, key: {at['key']}, watermark: {at['watermark']},"
            f" deleted_when: {at['deleted_when']}, identifiers: {{email: {at['identifier email']}}},"
            f" attributes: {{note: {at['attribute note']}}}}}\n"
        )

    mapped = source("a", MAPPED) + source("b", MAPPED | {what: text})
    rest = "identifiers: {email: {}}\nrules: [{id: email, match: [email]}]\n"
    for sources, more in (("", []), (source("c", MAPPED | {what: text}), ["c"])):
        found = inspect.check(DuckDBWarehouse(connection), load_text(f"sources:\n{mapped}{sources}{rest}"))
        assert [(problem.code, problem.where, problem.message, problem.fix) for problem in found] == [
            (code, f"source {name}, {what}", message, fix) for name in ["b", *more]
        ]


@pytest.mark.parametrize(
    ("table", "fix"),
    [
        ("crm.peopel", 'Did you mean "crm.people"?'),
        ("sales.orders", "Check the name, and that the table exists and may be read"),
    ],
)
def test_a_table_that_is_not_there_is_told_with_the_one_that_may_be_meant(
    connection: duckdb.DuckDBPyConnection, table: str, fix: str
) -> None:
    connection.execute(PEOPLE)
    text = f"sources: {{a: {{table: {table}, key: id, identifiers: {{email: email}}}}}}\n"
    text += "identifiers: {email: {}}\nrules: [{id: email, match: [email]}]\n"
    [problem] = inspect.check(DuckDBWarehouse(connection), load_text(text))
    assert (problem.code, problem.where, problem.message, problem.fix) == (
        "IDR-104", "source a", f"table {table} does not exist", fix,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("email: contact", "email: contact + tags", "IDR-114"), ("email: contact", "email: my_text(contact)", "IDR-107")],
)
def test_an_expression_that_cannot_be_computed_is_told(
    connection: duckdb.DuckDBPyConnection, old: str, new: str, code: str
) -> None:
    text = text_for(connection, CUSTOMERS, "alter table crm.customers add column tags variant")
    try:
        problems = inspect.check(DuckDBWarehouse(connection), load_text(text.replace(old, new, 1)))
    except IdrError as error:
        problems = error.problems
    assert {problem.code for problem in problems} == {code}


def test_a_column_is_told_with_its_type_and_twelve_that_there_are(connection: duckdb.DuckDBPyConnection) -> None:
    columns = [f"c{number:02}" for number in range(14)]
    rest = ", ".join(f"{name} integer" for name in columns)
    connection.execute(f"create table t (email varchar, {rest})")
    text = """
sources:
  t: {{table: t, key: c01, watermark: {watermark}, identifiers: {{email: email}}}}
identifiers: {{email: {{}}}}
rules: [{{id: email, match: [email]}}]
"""

    def problem(watermark: str) -> tuple[str, str]:
        [found] = inspect.check(DuckDBWarehouse(connection), load_text(text.format(watermark=watermark)))
        return found.message, found.fix

    assert problem("c02") == (
        "c02 is INTEGER, not a point in time",
        "Use a date or timestamp, for example to_timestamp(c02)",
    )
    assert problem("xyzzy") == ('column "xyzzy" not found in t', f"It has email, {', '.join(columns[:11])}")
