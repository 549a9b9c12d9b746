"""Tables of the consumer that a native application reaches by reference.

A configuration names a table as the consumer knows it; which reference stands for it, only the application knows.
"""

from __future__ import annotations

import json

from snowflake.snowpark import Session
from snowflake.snowpark.exceptions import SnowparkSQLException

REFERENCES = ("source_tables", "source_views")


def bound_tables(session: Session) -> dict[tuple[str, ...], str]:
    """(database, schema, name) of each bound table or view -> the expression that reads it."""
    return {
        (item["database"], item["schema"], item["name"]): f"reference('{reference}', '{item['alias']}')"
        for reference in REFERENCES
        for item in _associations(session, reference)
    }


def _associations(session: Session, reference: str) -> list[dict[str, str]]:
    """Empty where there are none: some versions of Snowflake refuse to list a reference that was never bound."""
    try:
        rows = session.sql("select system$get_all_references(?, true)", params=[reference]).collect()
    except SnowparkSQLException:
        return []
    return json.loads(str(rows[0][0] or "[]"))


def bind(session: Session, reference: str, operation: str, ref_or_alias: str) -> None:
    """What Snowflake asks of the register callback: ADD, REMOVE or CLEAR; ValueError for anything else."""
    many = reference.lower() in REFERENCES
    statements = {
        "ADD": f"select system${'add' if many else 'set'}_reference(?, ?)",
        "REMOVE": f"select system$remove_reference({'?, ?' if many else '?'})",
        "CLEAR": "select system$remove_all_references(?)",
    }
    text = statements.get(operation.upper())
    if text is None:
        raise ValueError(f"unknown operation {operation}")
    session.sql(text, params=[reference, ref_or_alias][: text.count("?")]).collect()
