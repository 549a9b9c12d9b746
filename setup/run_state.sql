-- reads: idr_meta.run_lock, idr_meta.base_state
-- writes: the tables that remember where the last published run stood
create table if not exists idr_meta.run_lock (
    holder varchar, token number(38, 0), acquired_at timestamp_ntz, expires_at timestamp_ntz
);
insert into idr_meta.run_lock (holder, token)
select null, 0
where not exists (select 1 from idr_meta.run_lock);
create table if not exists idr_meta.base_state (
    base_version number(38, 0), config_json varchar, published_run_id varchar, published_at timestamp_ntz
);
insert into idr_meta.base_state (base_version)
select 0
where not exists (select 1 from idr_meta.base_state);
create table if not exists idr_meta.run_state (
    source_id varchar, last_watermark_value timestamp_ntz, last_run_id varchar, last_run_ts timestamp_ntz
);
create table if not exists idr_meta.rule_usage (rule_id varchar, usual_group_size double);
create table if not exists idr_meta.known_suspect_group (
    rule_id varchar, match_key number(38, 0), group_size number(38, 0)
);
create table if not exists idr_meta.identity_override (
    override_id varchar,
    kind varchar,
    entity_a varchar,
    entity_b varchar,
    reason varchar,
    created_by varchar,
    created_at timestamp_ntz,
    revoked_by varchar,
    revoked_at timestamp_ntz
);
create table if not exists idr_meta.override_current (
    override_id varchar, kind varchar, entity_a varchar, entity_b varchar
);
create table if not exists idr_meta.cut_component (entity_key varchar, component_token varchar);
create table if not exists idr_meta.erasure_salt (salt varchar);
create table if not exists idr_meta.tombstone (key_hash varchar, erased_at timestamp_ntz, run_id varchar)
