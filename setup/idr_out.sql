-- reads: nothing
-- writes: the published tables; columns per identifier (i_) and attribute (a_) are added when a run first needs them
create table if not exists idr_out.entity_current (
    entity_id number(38, 0), entity_key varchar, source_id varchar, record_ts timestamp_ntz
);
create table if not exists idr_out.match_key_current (
    entity_id number(38, 0), rule_id varchar, match_key number(38, 0)
);
create table if not exists idr_out.identity_resolved_membership_current (
    entity_key varchar, resolved_id varchar, updated_ts timestamp_ntz
);
create table if not exists idr_out.identity_clusters_current (
    resolved_id varchar,
    cluster_size number(38, 0),
    confidence_score double,
    created_version number(38, 0),
    created_ts timestamp_ntz,
    updated_ts timestamp_ntz
);
create table if not exists idr_out.golden_profile_current (resolved_id varchar, updated_ts timestamp_ntz);
create table if not exists idr_out.golden_provenance_current (resolved_id varchar, updated_ts timestamp_ntz);
create table if not exists idr_out.skipped_identifier_groups (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0),
    max_group_size number(38, 0),
    sample_entity_keys varchar,
    first_run_id varchar,
    last_run_id varchar,
    skipped_at timestamp_ntz,
    resumed_at timestamp_ntz
);
create table if not exists idr_out.identity_alias (
    old_resolved_id varchar, resolved_id varchar, reason varchar, run_id varchar, updated_ts timestamp_ntz
);
create table if not exists idr_out.identity_event (
    run_id varchar,
    version number(38, 0),
    event_type varchar,
    resolved_id varchar,
    entity_key varchar,
    other_resolved_id varchar,
    occurred_ts timestamp_ntz
);
create table if not exists idr_out.identity_conflict (
    resolved_id varchar,
    action varchar,
    identifier_type varchar,
    distinct_values number(38, 0),
    max_per_identity number(38, 0),
    override_id varchar,
    entity_key varchar,
    rule_id varchar,
    match_key number(38, 0),
    other_entity_key varchar,
    run_id varchar,
    detected_ts timestamp_ntz
);
create table if not exists idr_out.plan (
    run_id varchar,
    run_mode varchar,
    is_full boolean,
    status varchar,
    gate varchar,
    reasons varchar,
    warnings varchar,
    counts varchar,
    watermarks varchar,
    table_names varchar,
    config_fingerprint varchar,
    override_fingerprint varchar,
    base_version number(38, 0),
    created_at timestamp_ntz,
    published_run_id varchar
);
create table if not exists idr_out.run_history (
    run_id varchar,
    run_mode varchar,
    status varchar,
    gate varchar,
    reasons varchar,
    warnings varchar,
    counts varchar,
    started_at timestamp_ntz,
    ended_at timestamp_ntz,
    duration_seconds double,
    is_dry_run boolean,
    plan_run_id varchar,
    version number(38, 0),
    message varchar,
    error_code varchar,
    error_stage varchar,
    error_message varchar
);
create table if not exists idr_out.stage_metrics (
    run_id varchar, stage varchar, rows_written number(38, 0), seconds double, recorded_at timestamp_ntz
);
create table if not exists idr_out.dry_run_results (
    run_id varchar, entity_key varchar, current_resolved_id varchar, proposed_resolved_id varchar, change_type varchar
);
create table if not exists idr_out.dry_run_summary (
    run_id varchar, metric varchar, metric_value number(38, 0), created_at timestamp_ntz
);
create table if not exists idr_out.metrics_export (
    run_id varchar, metric_name varchar, metric_value double, recorded_at timestamp_ntz
)
