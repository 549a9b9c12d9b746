from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from idr.model import Config, Identifier, Rule, Source
from idr.warehouse.duckdb import DuckDBWarehouse

STATE = """
create schema idr_out;
create table idr_out.identity_resolved_membership_current (
    entity_key varchar, resolved_id varchar, updated_ts timestamp
);
create table idr_out.identity_clusters_current (
    resolved_id varchar, cluster_size bigint, confidence_score double, created_version bigint,
    created_ts timestamp, updated_ts timestamp);
create table idr_out.golden_profile_current (resolved_id varchar, name varchar, updated_ts timestamp);
create table idr_out.golden_provenance_current (resolved_id varchar, name varchar, updated_ts timestamp);
create table idr_out.entity_current (
    entity_id hugeint, entity_key varchar, source_id varchar, record_ts timestamp,
    i_email varchar, i_phone varchar, a_name varchar);
create table idr_out.match_key_current (entity_id hugeint, rule_id varchar, match_key hugeint);
create table idr_out.skipped_identifier_groups (
    rule_id varchar, match_key hugeint, group_size bigint, max_group_size bigint, sample_entity_keys varchar,
    match_value varchar, first_run_id varchar, last_run_id varchar, skipped_at timestamp, resumed_at timestamp);
create table idr_out.identity_alias (
    old_resolved_id varchar, resolved_id varchar, reason varchar, run_id varchar, updated_ts timestamp);
create table idr_out.identity_event (
    run_id varchar, version bigint, event_type varchar, resolved_id varchar, entity_key varchar,
    other_resolved_id varchar, occurred_ts timestamp);
create table idr_out.plan (run_id varchar, status varchar);
create table idr_out.run_history (
    run_id varchar, run_mode varchar, status varchar, gate varchar, reasons varchar, warnings varchar, counts varchar,
    started_at timestamp, ended_at timestamp, duration_seconds double, is_dry_run boolean, plan_run_id varchar,
    message varchar, error_code varchar, error_stage varchar, error_message varchar);

insert into idr_out.entity_current values
    (1, 'crm:1', 'crm', '2026-01-01', 'anna@x.org', '111', 'Anna'),
    (2, 'crm:2', 'crm', '2026-01-02', 'anna@x.org', '222', 'Ann'),
    (3, 'crm:3', 'crm', '2026-01-03', 'ann@y.org', '222', 'A.'),
    (4, 'crm:4', 'crm', '2026-01-04', 'anna@x.org', '222', 'Anna B'),
    (9, 'crm:9', 'crm', '2026-01-05', 'info@z.org', '111', 'Zoe'),
    (10, 'crm:10', 'crm', '2026-01-05', 'other@z.org', '999', 'Bob');
insert into idr_out.match_key_current values
    (1, 'email', 100), (2, 'email', 100), (4, 'email', 100), (3, 'email', 101), (9, 'email', 102), (10, 'email', 103),
    (1, 'phone', 200), (9, 'phone', 200), (2, 'phone', 201), (3, 'phone', 201), (4, 'phone', 201), (10, 'phone', 202);
insert into idr_out.skipped_identifier_groups values
    ('phone', 200, 500, 100, 'crm:1', '111', 'r1', 'r1', '2026-01-06', null);
insert into idr_out.identity_resolved_membership_current values
    ('crm:1', 'R1', now()::timestamp), ('crm:2', 'R1', now()::timestamp), ('crm:3', 'R1', now()::timestamp),
    ('crm:4', 'R1', now()::timestamp), ('crm:9', 'R9', now()::timestamp), ('crm:10', 'R10', now()::timestamp);
insert into idr_out.identity_clusters_current values
    ('R1', 4, 0.9, 1, '2026-01-06', '2026-01-06'), ('R9', 1, 1, 1, '2026-01-06', '2026-01-06'),
    ('R10', 1, 1, 1, '2026-01-06', '2026-01-06');
insert into idr_out.golden_profile_current values ('R1', 'Anna B', '2026-01-06');
insert into idr_out.golden_provenance_current values ('R1', 'crm:4', '2026-01-06');
insert into idr_out.identity_alias values
    ('OLD', 'OLDER', 'merge', 'r1', '2026-01-06'), ('OLDER', 'R1', 'merge', 'r2', '2026-01-07'),
    ('GONE', null, 'retired', 'r2', '2026-01-07');
insert into idr_out.identity_event values
    ('r1', 1, 'created', 'R1', null, null, '2026-01-06'), ('r2', 2, 'merged', 'OLDER', null, 'R1', '2026-01-07'),
    ('r2', 2, 'retired', 'GONE', null, null, '2026-01-07');
insert into idr_out.plan values ('r3', 'HELD'), ('r2', 'PUBLISHED');
insert into idr_out.run_history values
    ('r1', 'FULL', 'SUCCESS', 'PASS', '[]', '[]', '{"new": 6}', '2026-01-06', '2026-01-06', 1.5, false, 'r1', 'done',
     null, null, null),
    ('r3', 'INCR', 'HELD', 'HOLD', '["too much [bold]moved[/bold]"]', '[]', '{"moved": 5}', '2026-01-08', '2026-01-08',
     1.5, false, 'r3', 'held', null, null, null);
"""

CONFIG = Config(
    sources={"crm": Source("crm", "main.crm", "id", identifiers={"email": "email", "phone": "phone"})},
    identifiers={"email": Identifier("email"), "phone": Identifier("phone")},
    rules={"email": Rule("email", ("email",), 1), "phone": Rule("phone", ("phone",), 2)},
    survivorship={},
)


@pytest.fixture
def state_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database file whose published state was written by hand, with `CONFIG` in force."""
    monkeypatch.setattr("idr.config.store.load", lambda wh: CONFIG)
    file = tmp_path / "state.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(STATE)
    return file


@pytest.fixture
def state(state_file: Path) -> Iterator[DuckDBWarehouse]:
    wh = DuckDBWarehouse.open(state_file)
    yield wh
    wh.close()
