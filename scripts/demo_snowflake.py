"""Writes what the demo runs in Snowflake, as files for `snow sql -f`: load.sql, run.sql, late.sql, again.sql.

Usage: demo_snowflake.py FOLDER
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import demo

APP = "idr_demo.core"
TABLES = {"crm": "demo.crm.customers", "shop": "demo.shop.accounts", "truth": "demo.public.truth"}
BATCH = 500
GRANTS = """
grant usage on database demo to application idr_demo;
grant usage on schema demo.crm to application idr_demo;
grant usage on schema demo.shop to application idr_demo;
grant usage on schema demo.public to application idr_demo;
grant select on table demo.crm.customers to application idr_demo;
grant select on table demo.shop.accounts to application idr_demo;
grant select on table demo.public.truth to application idr_demo;
"""
LARGEST = """
select c.resolved_id, c.cluster_size as size, g.first_name, g.last_name, g.dob, m.members
from idr_demo.idr_out.identity_clusters_current as c
inner join idr_demo.idr_out.golden_profile_current as g on c.resolved_id = g.resolved_id
inner join (
    select resolved_id, listagg(entity_key, ' ') within group (order by entity_key) as members
    from idr_demo.idr_out.identity_resolved_membership_current group by resolved_id
) as m on c.resolved_id = m.resolved_id
order by c.cluster_size desc, c.resolved_id limit 3;
"""
PAIR = """
from idr_demo.idr_out.identity_resolved_membership_current as a
inner join idr_demo.idr_out.identity_resolved_membership_current as b on a.resolved_id = b.resolved_id
inner join demo.crm.customers as c on a.entity_key = 'crm:' || c.customer_id
inner join demo.shop.accounts as s on b.entity_key = 'shop:' || s.account_no
where c.soc_sec_id <> s.tax_number
order by equal_null(c.last_name, s.surname), a.entity_key, b.entity_key limit 1
"""


def literal(value: object) -> str:
    if value is None:
        return "null"
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def inserts(records: list[demo.Record]) -> str:
    """INSERT statements for the sources and the truth, some hundred rows each."""
    rows = {name: [record.row() for record in records if record.source == name] for name in ("crm", "shop")}
    rows["truth"] = [(record.entity_key, record.cluster) for record in records]
    return "".join(
        f"insert into {TABLES[name]} values\n" + ",\n".join(f"({', '.join(map(literal, row))})" for row in some) + ";\n"
        for name, found in rows.items()
        for some in (found[start : start + BATCH] for start in range(0, len(found), BATCH))
    )


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tables = demo.TABLES.replace("schema ", "schema demo.").replace("table ", "table demo.")
    tables += "create table demo.public.truth (entity_key varchar, cluster varchar);\n"
    config = demo.CONFIG_TEXT.replace("table: ", "table: demo.")
    evaluate = f"call {APP}.idr_evaluate('{TABLES['truth']}');\n"
    records = demo.records()
    first = [record for record in records if not record.late]
    files = {
        "load": f"create database demo;\n{tables}{inserts(first)}{GRANTS}",
        "run": f"call {APP}.idr_configure($${config}$$);\n"
        f"call {APP}.idr_run('FULL', 30, true);\ncall {APP}.idr_run('FULL', 30, false);\n{LARGEST}{evaluate}",
        "late": inserts([record for record in records if record.late]),
        "again": f"call {APP}.idr_run('INCR', 30, false);\n{evaluate}"
        f"set first = (select a.entity_key {PAIR});\nset second = (select b.entity_key {PAIR});\n"
        f"call {APP}.idr_explain($first, $second);\n",
    }
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
