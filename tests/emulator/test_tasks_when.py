"""WHEN: what Snowflake takes, and what it answers."""

from __future__ import annotations

import pytest

from emulator.errors import SqlError
from emulator.tasks.when import parse_condition

GATE = "system$get_predecessor_return_value('IDR_DRY_RUN_TASK') = 'PASS'"
VALUES = {"IDR_DRY_RUN_TASK": "PASS", "HELD": "HOLD", "N": "12", "SILENT": None, "YES": "true"}


def holds(text: str) -> bool:
    return parse_condition(text).holds(lambda name: VALUES[name or "IDR_DRY_RUN_TASK"], lambda stream: stream == "full")


def returned(name: str) -> str:
    return f"SYSTEM$GET_PREDECESSOR_RETURN_VALUE('{name}')"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GATE, True),
        (GATE.replace("'PASS'", "'pass'"), False),
        (f"{returned('HELD')} = 'PASS'", False),
        (f"{returned('HELD')} <> 'PASS'", True),
        (f"{returned('SILENT')} = 'PASS'", False),
        (f"{returned('SILENT')} <> 'PASS'", False),
        (f"NOT {returned('SILENT')} = 'PASS'", False),
        (f"{returned('SILENT')} = 'PASS' OR {GATE}", True),
        (f"{returned('SILENT')} = 'PASS' AND {GATE}", False),
        (f"NOT ({returned('SILENT')} = 'PASS' AND FALSE)", True),
        ("SYSTEM$GET_PREDECESSOR_RETURN_VALUE() = 'PASS'", True),
        (f"{returned('N')} = '012'", False),
        (f"{returned('N')}::NUMBER > 9", True),
        (f"{returned('N')} > 9", True),
        (f"{returned('N')} > '9'", False),
        (f"{returned('YES')}", True),
        (f"{returned('YES')}::BOOLEAN = TRUE", True),
        ("'2.5'::INT = 3", True),
        ("'2.44'::NUMBER(5,1) = 2.4", True),
        ("1::VARCHAR = '1'", True),
        ("-1 < 0", True),
        ("1=2", False),
        ("NULL", False),
        ("SYSTEM$STREAM_HAS_DATA('full')", True),
        ("SYSTEM$STREAM_HAS_DATA('empty') OR 1 <= 1", True),
    ],
)
def test_conditions(text, expected):
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "(SELECT MAX(status) FROM idr_out.run_history WHERE run_mode = 'DRY') = 'PASS'",
        "EXISTS (SELECT 1 FROM t)",
        "CURRENT_TIMESTAMP LIKE '20%'",
        "CURRENT_TIMESTAMP() > '2026-01-01'",
        "PARSE_JSON('{}'):gate = 'PASS'",
        "status = 'PASS'",
        "UPPER('a') = 'A'",
        f"UPPER({returned('N')}) = 'A'",
        "my_udf(1) = 1",
        "SYSTEM$TYPEOF(1) = 'x'",
        "SYSTEM$STREAM_HAS_DATA(name)",
        "SYSTEM$STREAM_HAS_DATA()",
        "'2026-01-01'::DATE = '2026-01-01'",
        "1 + 1 = 2",
    ],
)
def test_anything_else_is_refused_with_the_two_functions_it_may_use(text):
    with pytest.raises(SqlError, match="Invalid expression for task condition expression") as caught:
        parse_condition(text)
    assert "[SYSTEM$GET_PREDECESSOR_RETURN_VALUE, SYSTEM$STREAM_HAS_DATA]" in caught.value.message


@pytest.mark.parametrize("text", [f"{returned('HELD')} > 1", f"{returned('HELD')}::BOOLEAN", returned("HELD")])
def test_a_cast_that_fails_is_an_error_not_a_pass(text):
    with pytest.raises(SqlError, match="value 'HOLD' is not recognized"):
        holds(text)


def test_a_text_that_cannot_be_read_is_a_compilation_error():
    with pytest.raises(SqlError, match="SQL compilation error"):
        parse_condition("1 +")
