"""The application over a table of people in a local Snowflake, which tests kill, race and look into."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.app.scheduled import bundle
from tests.emulator.conftest import Local
from tests.reliability.mortal import Mortal

PEOPLE = 12
YAML = """
sources:
  crm: {table: shop.crm.people, key: id, watermark: updated_at, identifiers: {email: email}, attributes: {email: email}}
identifiers:
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
guardrails: {max_moved_ratio: null, min_source_ratio: null}
settings: {lease_minutes: 5, plan_ttl_minutes: 1}
"""
Identities = set[tuple[str, frozenset[str]]]  # the address in the golden profile, and the members


class Application:
    """The application `idr` over a table of people; each `change` moves one of them to another identity."""

    def __init__(self, local: Local, folder: Path) -> None:
        self.local = local
        files = bundle(folder / "bundle")
        uploads = [
            f"put file://{file} @package.src.files/{file.relative_to(files).parent.as_posix().removeprefix('.')}"
            " auto_compress = false overwrite = true"
            for file in sorted(path for path in files.rglob("*") if path.is_file())
        ]
        self.local.query(
            "create application package package", "create schema package.src", "create stage package.src.files",
            *uploads,
            "create database shop", "create schema shop.crm",
            "create table shop.crm.people (id integer, email varchar, updated_at timestamp_ntz)",
            "create application idr from application package package using @package.src.files",
            "grant usage on database shop to application idr", "grant usage on schema shop.crm to application idr",
            "grant select on table shop.crm.people to application idr",
        )  # fmt: skip
        self.clock = datetime(2024, 1, 1)  # noqa: DTZ001 - the table holds timestamps without a zone
        self.rng = random.Random(7)
        self.emails: dict[int, str] = {}
        for person in range(PEOPLE):
            self.change(person)
        assert self.call(f"idr_configure($${YAML}$$)")["applied"]
        assert self.call("idr_run('FULL')")["status"] == "SUCCESS"

    def change(self, person: int, email: str | None = None) -> None:
        """This address, or else another one than before, with a later watermark."""
        self.clock += timedelta(minutes=1)
        others = {f"e{number}@x.org" for number in range(PEOPLE // 2)} - {self.emails.get(person)}
        self.emails[person] = email or self.rng.choice(sorted(others))
        self.local.query(
            f"delete from shop.crm.people where id = {person}",
            "insert into shop.crm.people (id, email, updated_at)"
            f" values ({person}, '{self.emails[person]}', '{self.clock}')",
        )

    def expected(self) -> Identities:
        """Who is one, by the addresses alone."""
        groups: dict[str, set[str]] = {}
        for person, email in self.emails.items():
            groups.setdefault(email, set()).add(f"crm:{person}")
        return {(email, frozenset(group)) for email, group in groups.items()}

    def call(self, text: str) -> dict[str, Any]:
        return json.loads(self.local.query(f"call idr.core.{text}")[0][0])

    def published(self) -> Identities:
        """What one statement of a reader sees."""
        groups: dict[tuple[str, str], set[str]] = {}
        rows = self.local.query(
            "select entity_key, resolved_id, email from idr.idr_out.identity_resolved_membership_current"
            " left join idr.idr_out.golden_profile_current using (resolved_id)"
        )
        assert len(rows) == len({entity for entity, *_ in rows}), "a record has two membership rows"
        for entity, resolved, email in rows:
            groups.setdefault((resolved, email), set()).add(entity)
        return {(email, frozenset(group)) for (_, email), group in groups.items()}

    def disagreements(self) -> list[str]:
        """Where the published tables contradict each other."""
        query = self.local.query
        sizes = dict(query("select resolved_id, cluster_size from idr.idr_out.identity_clusters_current"))
        profiles = {row[0] for row in query("select resolved_id from idr.idr_out.golden_profile_current")}
        told = query(
            "select resolved_id, count(*) from idr.idr_out.identity_resolved_membership_current group by resolved_id"
        )
        lies = query(
            "select run_id from idr.idr_out.run_history where version is not null and status not like 'SUCCESS%'"
        )
        found = [] if sizes == dict(told) else ["cluster sizes differ from members"]
        found += [] if profiles == set(sizes) else ["profiles differ from clusters"]
        return found + [f"run {run} published and is not told as a success" for (run,) in lies]

    def cut_off(self) -> int:
        """How many runs ended without a word."""
        [(number,)] = self.local.query("select count(*) from idr.idr_out.run_history where error_code = 'IDR-504'")
        return number

    @contextmanager
    def tables(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All tables of the application, in a copy of its files; no statement must be running."""
        [file] = [path for path in (self.local.data / "databases").glob("*.db") if path.stem.upper() == "IDR"]
        with tempfile.TemporaryDirectory(dir=self.local.data) as folder:
            for part in (file, file.with_suffix(".db.wal")):
                if part.exists():
                    shutil.copy(part, folder)
            with closing(duckdb.connect(f"{folder}/{file.name}", config={"threads": 1})) as connection:
                yield connection


class MortalApplication(Application):
    """The same in a server that dies."""

    local: Mortal
