"""docs/scheduling.md: every SQL statement in it runs, in the order of the page."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from snowflake.connector.util_text import split_statements

from idr.schedule.options import Schedule
from tests.app.scheduled import ROOT, Scheduled

PAGE = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sql\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_every_statement_runs(tmp_path: Any) -> None:
    app = Scheduled(tmp_path)
    try:
        app.add("ann@x.org", "Ann@x.org", "bob@x.org")
        failed = []
        for block in BLOCKS:
            for statement, _ in split_statements(io.StringIO(block), remove_comments=True):
                rows = app.sql(statement)
                if statement.startswith("call") and json.loads(rows[0][0]).get("status") == "FAILED":
                    failed.append(statement)
        assert failed == ["call idr.core.idr_approve('<run_id>');"]
        assert app.partition() == app.oracle()
    finally:
        app.close()


def test_every_option_is_listed_with_its_default() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| .+? \|([^|]*)\|$", PAGE.partition("## Options")[2], re.MULTILINE))
    defaults = Schedule().to_dict()
    assert set(defaults) == set(table)
    for name, value in defaults.items():
        if value is not None:
            told = table[name].strip(" `'")
            assert told == str(value), name
