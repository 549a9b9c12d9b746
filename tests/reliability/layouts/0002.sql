-- The state that the code of commit 33a4a61 wrote; made by make.py, never edited.
create schema crm;
create table crm.people (
    id number(38, 0),
    email varchar,
    phone varchar,
    name varchar,
    updated_at timestamp_ntz
);
insert into crm.people values
    (1, 'cem@x.org', null, 'Ann', '2024-02-01 00:00:00'),
    (10, 'info@x.org', null, 'P0', '2024-01-01 00:00:00'),
    (11, 'info@x.org', null, 'P1', '2024-01-01 00:00:00'),
    (12, 'info@x.org', null, 'P2', '2024-01-01 00:00:00'),
    (13, 'info@x.org', null, 'P3', '2024-01-01 00:00:00'),
    (14, 'info@x.org', null, 'P4', '2024-01-01 00:00:00'),
    (15, 'info@x.org', null, 'P5', '2024-01-01 00:00:00'),
    (2, 'Ann@x.org', '111', 'Anne', '2024-01-02 00:00:00'),
    (20, 'bea@x.org', null, 'Gus', '2024-02-01 00:00:00'),
    (3, 'bea@x.org', '111', 'Bea', '2024-01-01 00:00:00'),
    (4, 'cem@x.org', '222', 'Cem', '2024-01-01 00:00:00'),
    (5, 'dan@x.org', '333', 'Dan', '2024-01-01 00:00:00'),
    (6, 'dan@x.org', '444', 'Dana', '2024-01-01 00:00:00'),
    (7, 'dan@x.org', '555', 'Dani', '2024-01-01 00:00:00'),
    (8, 'nobody@x.org', '999', 'Eve', '2024-03-01 00:00:00'),
    (9, 'nobody@x.org', '999', 'Fay', '2024-03-01 00:00:00');
create schema idr_meta;
create schema idr_out;
create schema idr_work;
create table idr_meta.base_state (
    base_version number(38, 0),
    config_json varchar,
    published_run_id varchar,
    published_at timestamp_ntz
);
insert into idr_meta.base_state values
    (2, '{"guardrails":{"max_cluster_size":64,"max_conflicts":null,"max_merged_clusters":1000,"max_moved_ratio":null,"max_skipped_groups":null,"max_split_clusters":1000,"min_source_ratio":null,"suspect_group_factor":5.0},"identifiers":{"email":{"exclude":[{"kind":"exact","pattern":"nobody@x.org"}],"gmail":false,"max_per_identity":null,"name":"email","normalize":"email","on_conflict":"hold","placeholders":null,"region":null,"unique":false},"phone":{"exclude":[],"gmail":false,"max_per_identity":2,"name":"phone","normalize":"digits","on_conflict":"hold","placeholders":null,"region":null,"unique":false}},"rules":{"email":{"match":["email"],"max_group_size":4,"priority":1,"rule_id":"email"},"phone":{"match":["phone"],"max_group_size":100,"priority":2,"rule_id":"phone"}},"settings":{"lease_minutes":60,"plan_ttl_minutes":120,"retention_days":100000},"sources":{"crm":{"attributes":{"email":"email","name":"name"},"cap_watermark":true,"deleted_when":null,"detect_deletes":false,"identifiers":{"email":"email","phone":"phone"},"key":"id","lookback_minutes":0,"source_id":"crm","table":"shop.crm.people","trust":100,"watermark":"updated_at"}},"survivorship":{"name":{"attribute":"name","source_priority":[],"strategy":"most_recent"}}}', '20261123t193935_4a847fce', '2026-11-23 19:39:35.697985');
create table idr_meta.config (
    key varchar,
    value varchar
);
insert into idr_meta.config values
    ('guardrails.max_cluster_size', '64'),
    ('guardrails.max_conflicts', 'null'),
    ('guardrails.max_merged_clusters', '1000'),
    ('guardrails.max_moved_ratio', 'null'),
    ('guardrails.max_skipped_groups', 'null'),
    ('guardrails.max_split_clusters', '1000'),
    ('guardrails.min_source_ratio', 'null'),
    ('guardrails.suspect_group_factor', '5.0'),
    ('settings.lease_minutes', '60'),
    ('settings.plan_ttl_minutes', '120'),
    ('settings.retention_days', '100000');
create table idr_meta.cut_component (
    entity_key varchar,
    component_token varchar
);
create table idr_meta.entity_attribute_mapping (
    source_id varchar,
    attribute varchar,
    value_expr varchar
);
insert into idr_meta.entity_attribute_mapping values
    ('crm', 'email', 'email'),
    ('crm', 'name', 'name');
create table idr_meta.erasure_salt (
    salt varchar
);
create table idr_meta.identifier_exclusion (
    identifier_type varchar,
    match_type varchar,
    pattern varchar
);
insert into idr_meta.identifier_exclusion values
    ('email', 'exact', 'nobody@x.org');
create table idr_meta.identifier_mapping (
    source_id varchar,
    identifier_type varchar,
    value_expr varchar
);
insert into idr_meta.identifier_mapping values
    ('crm', 'email', 'email'),
    ('crm', 'phone', 'phone');
create table idr_meta.identifier_type (
    identifier_type varchar,
    normalizer varchar,
    region varchar,
    gmail boolean,
    placeholders varchar,
    is_unique boolean,
    max_per_identity number(38, 0),
    on_conflict varchar
);
insert into idr_meta.identifier_type values
    ('email', 'email', null, false, null, false, null, 'hold'),
    ('phone', 'digits', null, false, null, false, 2, 'hold');
create table idr_meta.identity_override (
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
create table idr_meta.known_suspect_group (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0)
);
create table idr_meta.layout (
    number number(38, 0)
);
insert into idr_meta.layout values
    (2);
create table idr_meta.override_current (
    override_id varchar,
    kind varchar,
    entity_a varchar,
    entity_b varchar
);
create table idr_meta.rule (
    rule_id varchar,
    match_identifiers varchar,
    priority number(38, 0),
    max_group_size number(38, 0)
);
insert into idr_meta.rule values
    ('email', 'email', 1, 4),
    ('phone', 'phone', 2, 100);
create table idr_meta.rule_usage (
    rule_id varchar,
    usual_group_size double
);
insert into idr_meta.rule_usage values
    ('email', 3.0),
    ('phone', 1.0);
create table idr_meta.run_lock (
    holder varchar,
    token number(38, 0),
    acquired_at timestamp_ntz,
    expires_at timestamp_ntz
);
insert into idr_meta.run_lock values
    (null, 3, '2026-11-23 19:39:36.961225', null);
create table idr_meta.run_state (
    source_id varchar,
    last_watermark_value timestamp_ntz,
    last_run_id varchar,
    last_run_ts timestamp_ntz
);
insert into idr_meta.run_state values
    ('crm', '2024-02-01 00:00:00', '20261123t193935_4a847fce', '2026-11-23 19:39:35.697985');
create table idr_meta.schedule (
    options varchar,
    scheduled_at timestamp_ntz
);
create table idr_meta.source_table (
    source_id varchar,
    table_name varchar,
    entity_key_expr varchar,
    watermark_expr varchar,
    lookback_minutes number(38, 0),
    cap_watermark boolean,
    deleted_when varchar,
    deletes varchar,
    trust_rank number(38, 0)
);
insert into idr_meta.source_table values
    ('crm', 'shop.crm.people', 'id', 'updated_at', 0, true, null, 'ignore', 100);
create table idr_meta.survivorship_rule (
    attribute varchar,
    strategy varchar,
    source_priority varchar
);
insert into idr_meta.survivorship_rule values
    ('name', 'most_recent', '');
create table idr_meta.tombstone (
    key_hash varchar,
    erased_at timestamp_ntz,
    run_id varchar
);
create table idr_out.alert (
    alert_id varchar,
    kind varchar,
    run_id varchar,
    graph_run varchar,
    message varchar,
    raised_at timestamp_ntz,
    notified_at timestamp_ntz,
    notify_error varchar
);
create table idr_out.dry_run_results (
    run_id varchar,
    entity_key varchar,
    current_resolved_id varchar,
    proposed_resolved_id varchar,
    change_type varchar
);
insert into idr_out.dry_run_results values
    ('20261123t193936_5c39cddb', 'crm:9', 'cac7d5d8ef0091b953a1a68b2d5de683', '5ca25f105caaeed08ca7a0f57a4f1a8d', 'MOVED');
create table idr_out.dry_run_summary (
    run_id varchar,
    metric varchar,
    metric_value number(38, 0),
    created_at timestamp_ntz
);
insert into idr_out.dry_run_summary values
    ('20261123t193936_5c39cddb', 'clusters_after', 10, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'clusters_before', 11, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'conflicts', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'created', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'cut_links', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'entities_after', 16, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'entities_before', 16, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'largest_changed_cluster', 2, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'largest_cluster', 3, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'merged', 1, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'moved', 1, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'new', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'removed', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'retired', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'rows_read', 4, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'skipped_groups', 1, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'split', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'suspect_groups', 0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'unchanged', 15, '2026-11-23 19:39:36.961225');
create table idr_out.entity_current (
    entity_id number(38, 0),
    entity_key varchar,
    source_id varchar,
    record_ts timestamp_ntz,
    i_email varchar,
    i_phone varchar,
    a_email varchar,
    a_name varchar
);
insert into idr_out.entity_current values
    (1, 'crm:1', 'crm', '2024-02-01 00:00:00', 'cem@x.org', null, 'cem@x.org', 'Ann'),
    (10, 'crm:10', 'crm', '2024-01-01 00:00:00', 'info@x.org', null, 'info@x.org', 'P0'),
    (11, 'crm:11', 'crm', '2024-01-01 00:00:00', 'info@x.org', null, 'info@x.org', 'P1'),
    (12, 'crm:12', 'crm', '2024-01-01 00:00:00', 'info@x.org', null, 'info@x.org', 'P2'),
    (13, 'crm:13', 'crm', '2024-01-01 00:00:00', 'info@x.org', null, 'info@x.org', 'P3'),
    (14, 'crm:14', 'crm', '2024-01-01 00:00:00', 'info@x.org', null, 'info@x.org', 'P4'),
    (15, 'crm:15', 'crm', '2024-01-01 00:00:00', 'info@x.org', null, 'info@x.org', 'P5'),
    (18, 'crm:20', 'crm', '2024-02-01 00:00:00', 'bea@x.org', null, 'bea@x.org', 'Gus'),
    (2, 'crm:2', 'crm', '2024-01-02 00:00:00', 'ann@x.org', '111', 'Ann@x.org', 'Anne'),
    (3, 'crm:3', 'crm', '2024-01-01 00:00:00', 'bea@x.org', '111', 'bea@x.org', 'Bea'),
    (4, 'crm:4', 'crm', '2024-01-01 00:00:00', 'cem@x.org', '222', 'cem@x.org', 'Cem'),
    (5, 'crm:5', 'crm', '2024-01-01 00:00:00', 'dan@x.org', '333', 'dan@x.org', 'Dan'),
    (6, 'crm:6', 'crm', '2024-01-01 00:00:00', 'dan@x.org', '444', 'dan@x.org', 'Dana'),
    (7, 'crm:7', 'crm', '2024-01-01 00:00:00', 'dan@x.org', '555', 'dan@x.org', 'Dani'),
    (8, 'crm:8', 'crm', '2024-01-01 00:00:00', null, null, 'nobody@x.org', 'Eve'),
    (9, 'crm:9', 'crm', '2024-01-01 00:00:00', null, null, 'nobody@x.org', 'Fay');
create table idr_out.golden_profile_current (
    resolved_id varchar,
    updated_ts timestamp_ntz,
    email varchar,
    name varchar
);
insert into idr_out.golden_profile_current values
    ('025a7abc10b1b81efef9494283626998', '2026-11-23 19:39:34.540279', 'info@x.org', 'P4'),
    ('07ef16f061552861a58623301536114d', '2026-11-23 19:39:34.540279', 'info@x.org', 'P1'),
    ('319c1fc7e0d03922330046efc0e06249', '2026-11-23 19:39:35.697985', 'cem@x.org', 'Ann'),
    ('43f3e9972183ef08e8b0034f30b98798', '2026-11-23 19:39:34.540279', 'info@x.org', 'P0'),
    ('460a9f23db4b85c5d9947605159e5002', '2026-11-23 19:39:34.540279', 'info@x.org', 'P3'),
    ('5c999b7dfc72c180e332240c6ee60f88', '2026-11-23 19:39:34.540279', 'info@x.org', 'P5'),
    ('5ca25f105caaeed08ca7a0f57a4f1a8d', '2026-11-23 19:39:34.540279', 'nobody@x.org', 'Eve'),
    ('7a52b86433a9dfb1edc9d7401f8dff05', '2026-11-23 19:39:35.697985', 'bea@x.org', 'Gus'),
    ('83c22f4fa0c51660f6ad2dbc21a61501', '2026-11-23 19:39:34.540279', 'dan@x.org', 'Dan'),
    ('88c30b4d8882f5f3855d799df3cccf70', '2026-11-23 19:39:34.540279', 'info@x.org', 'P2'),
    ('cac7d5d8ef0091b953a1a68b2d5de683', '2026-11-23 19:39:34.540279', 'nobody@x.org', 'Fay');
create table idr_out.golden_provenance_current (
    resolved_id varchar,
    updated_ts timestamp_ntz,
    email varchar,
    name varchar
);
insert into idr_out.golden_provenance_current values
    ('025a7abc10b1b81efef9494283626998', '2026-11-23 19:39:34.540279', 'crm:14', 'crm:14'),
    ('07ef16f061552861a58623301536114d', '2026-11-23 19:39:34.540279', 'crm:11', 'crm:11'),
    ('319c1fc7e0d03922330046efc0e06249', '2026-11-23 19:39:35.697985', 'crm:1', 'crm:1'),
    ('43f3e9972183ef08e8b0034f30b98798', '2026-11-23 19:39:34.540279', 'crm:10', 'crm:10'),
    ('460a9f23db4b85c5d9947605159e5002', '2026-11-23 19:39:34.540279', 'crm:13', 'crm:13'),
    ('5c999b7dfc72c180e332240c6ee60f88', '2026-11-23 19:39:34.540279', 'crm:15', 'crm:15'),
    ('5ca25f105caaeed08ca7a0f57a4f1a8d', '2026-11-23 19:39:34.540279', 'crm:8', 'crm:8'),
    ('7a52b86433a9dfb1edc9d7401f8dff05', '2026-11-23 19:39:35.697985', 'crm:20', 'crm:20'),
    ('83c22f4fa0c51660f6ad2dbc21a61501', '2026-11-23 19:39:34.540279', 'crm:5', 'crm:5'),
    ('88c30b4d8882f5f3855d799df3cccf70', '2026-11-23 19:39:34.540279', 'crm:12', 'crm:12'),
    ('cac7d5d8ef0091b953a1a68b2d5de683', '2026-11-23 19:39:34.540279', 'crm:9', 'crm:9');
create table idr_out.identity_alias (
    old_resolved_id varchar,
    resolved_id varchar,
    reason varchar,
    run_id varchar,
    updated_ts timestamp_ntz
);
create table idr_out.identity_clusters_current (
    resolved_id varchar,
    cluster_size number(38, 0),
    confidence_score double,
    created_version number(38, 0),
    created_ts timestamp_ntz,
    updated_ts timestamp_ntz
);
insert into idr_out.identity_clusters_current values
    ('025a7abc10b1b81efef9494283626998', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('07ef16f061552861a58623301536114d', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('319c1fc7e0d03922330046efc0e06249', 2, 0.5, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:35.697985'),
    ('43f3e9972183ef08e8b0034f30b98798', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('460a9f23db4b85c5d9947605159e5002', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('5c999b7dfc72c180e332240c6ee60f88', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('5ca25f105caaeed08ca7a0f57a4f1a8d', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('7a52b86433a9dfb1edc9d7401f8dff05', 3, 0.5, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('83c22f4fa0c51660f6ad2dbc21a61501', 3, 0.5, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('88c30b4d8882f5f3855d799df3cccf70', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279'),
    ('cac7d5d8ef0091b953a1a68b2d5de683', 1, 1.0, 1, '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.540279');
create table idr_out.identity_conflict (
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
insert into idr_out.identity_conflict values
    ('83c22f4fa0c51660f6ad2dbc21a61501', 'HOLD', 'phone', 3, 2, null, null, null, null, null, '20261123t193934_3f1d0101', '2026-11-23 19:39:34.540279');
create table idr_out.identity_event (
    run_id varchar,
    version number(38, 0),
    event_type varchar,
    resolved_id varchar,
    entity_key varchar,
    other_resolved_id varchar,
    occurred_ts timestamp_ntz
);
insert into idr_out.identity_event values
    ('20261123t193934_3f1d0101', 1, 'CREATED', '025a7abc10b1b81efef9494283626998', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '07ef16f061552861a58623301536114d', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '319c1fc7e0d03922330046efc0e06249', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '43f3e9972183ef08e8b0034f30b98798', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '460a9f23db4b85c5d9947605159e5002', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '5c999b7dfc72c180e332240c6ee60f88', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '5ca25f105caaeed08ca7a0f57a4f1a8d', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '7a52b86433a9dfb1edc9d7401f8dff05', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '83c22f4fa0c51660f6ad2dbc21a61501', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', '88c30b4d8882f5f3855d799df3cccf70', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'CREATED', 'cac7d5d8ef0091b953a1a68b2d5de683', null, null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '025a7abc10b1b81efef9494283626998', 'crm:14', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '07ef16f061552861a58623301536114d', 'crm:11', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '319c1fc7e0d03922330046efc0e06249', 'crm:4', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '43f3e9972183ef08e8b0034f30b98798', 'crm:10', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '460a9f23db4b85c5d9947605159e5002', 'crm:13', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '5c999b7dfc72c180e332240c6ee60f88', 'crm:15', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '5ca25f105caaeed08ca7a0f57a4f1a8d', 'crm:8', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '7a52b86433a9dfb1edc9d7401f8dff05', 'crm:1', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '7a52b86433a9dfb1edc9d7401f8dff05', 'crm:2', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '7a52b86433a9dfb1edc9d7401f8dff05', 'crm:3', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '83c22f4fa0c51660f6ad2dbc21a61501', 'crm:5', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '83c22f4fa0c51660f6ad2dbc21a61501', 'crm:6', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '83c22f4fa0c51660f6ad2dbc21a61501', 'crm:7', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', '88c30b4d8882f5f3855d799df3cccf70', 'crm:12', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 1, 'JOINED', 'cac7d5d8ef0091b953a1a68b2d5de683', 'crm:9', null, '2026-11-23 19:39:34.540279'),
    ('20261123t193935_4a847fce', 2, 'JOINED', '319c1fc7e0d03922330046efc0e06249', 'crm:1', '7a52b86433a9dfb1edc9d7401f8dff05', '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 2, 'JOINED', '7a52b86433a9dfb1edc9d7401f8dff05', 'crm:20', null, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 2, 'LEFT', '7a52b86433a9dfb1edc9d7401f8dff05', 'crm:1', '319c1fc7e0d03922330046efc0e06249', '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 2, 'SPLIT', '7a52b86433a9dfb1edc9d7401f8dff05', null, '319c1fc7e0d03922330046efc0e06249', '2026-11-23 19:39:35.697985');
create table idr_out.identity_resolved_membership_current (
    entity_key varchar,
    resolved_id varchar,
    updated_ts timestamp_ntz
);
insert into idr_out.identity_resolved_membership_current values
    ('crm:1', '319c1fc7e0d03922330046efc0e06249', '2026-11-23 19:39:35.697985'),
    ('crm:10', '43f3e9972183ef08e8b0034f30b98798', '2026-11-23 19:39:34.540279'),
    ('crm:11', '07ef16f061552861a58623301536114d', '2026-11-23 19:39:34.540279'),
    ('crm:12', '88c30b4d8882f5f3855d799df3cccf70', '2026-11-23 19:39:34.540279'),
    ('crm:13', '460a9f23db4b85c5d9947605159e5002', '2026-11-23 19:39:34.540279'),
    ('crm:14', '025a7abc10b1b81efef9494283626998', '2026-11-23 19:39:34.540279'),
    ('crm:15', '5c999b7dfc72c180e332240c6ee60f88', '2026-11-23 19:39:34.540279'),
    ('crm:2', '7a52b86433a9dfb1edc9d7401f8dff05', '2026-11-23 19:39:34.540279'),
    ('crm:20', '7a52b86433a9dfb1edc9d7401f8dff05', '2026-11-23 19:39:35.697985'),
    ('crm:3', '7a52b86433a9dfb1edc9d7401f8dff05', '2026-11-23 19:39:34.540279'),
    ('crm:4', '319c1fc7e0d03922330046efc0e06249', '2026-11-23 19:39:34.540279'),
    ('crm:5', '83c22f4fa0c51660f6ad2dbc21a61501', '2026-11-23 19:39:34.540279'),
    ('crm:6', '83c22f4fa0c51660f6ad2dbc21a61501', '2026-11-23 19:39:34.540279'),
    ('crm:7', '83c22f4fa0c51660f6ad2dbc21a61501', '2026-11-23 19:39:34.540279'),
    ('crm:8', '5ca25f105caaeed08ca7a0f57a4f1a8d', '2026-11-23 19:39:34.540279'),
    ('crm:9', 'cac7d5d8ef0091b953a1a68b2d5de683', '2026-11-23 19:39:34.540279');
create table idr_out.match_key_current (
    entity_id number(38, 0),
    rule_id varchar,
    match_key number(38, 0)
);
insert into idr_out.match_key_current values
    (1, 'email', 62744594296783232104763961985913022417),
    (10, 'email', 28858203302383626772175956897933335253),
    (11, 'email', 28858203302383626772175956897933335253),
    (12, 'email', 28858203302383626772175956897933335253),
    (13, 'email', 28858203302383626772175956897933335253),
    (14, 'email', 28858203302383626772175956897933335253),
    (15, 'email', 28858203302383626772175956897933335253),
    (18, 'email', 35310906321947494914584694613436584716),
    (2, 'email', 15116833068117393759347311553942136879),
    (2, 'phone', 51190326225208107358902671704609538745),
    (3, 'email', 35310906321947494914584694613436584716),
    (3, 'phone', 51190326225208107358902671704609538745),
    (4, 'email', 62744594296783232104763961985913022417),
    (4, 'phone', 51050607488145211619892803943105903080),
    (5, 'email', 29173410765023144661865811178158788281),
    (5, 'phone', 23515166460470881862963850797020802569),
    (6, 'email', 29173410765023144661865811178158788281),
    (6, 'phone', 69616168692212918175977968171180275520),
    (7, 'email', 29173410765023144661865811178158788281),
    (7, 'phone', 38256213927935851269862866988730588087);
create table idr_out.metrics_export (
    run_id varchar,
    metric_name varchar,
    metric_value double,
    recorded_at timestamp_ntz
);
insert into idr_out.metrics_export values
    ('20261123t193934_3f1d0101', 'idr_clusters_after', 11.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_clusters_before', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_conflicts', 1.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_created', 11.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_cut_links', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_duration_seconds', 0.406, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_entities_after', 15.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_entities_before', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_largest_changed_cluster', 3.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_largest_cluster', 3.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_merged', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_moved', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_new', 15.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_removed', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_retired', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_rows_read', 15.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_skipped_groups', 1.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_split', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_suspect_groups', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'idr_unchanged', 0.0, '2026-11-23 19:39:34.540279'),
    ('20261123t193935_4a847fce', 'idr_clusters_after', 11.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_clusters_before', 11.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_conflicts', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_created', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_cut_links', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_duration_seconds', 0.58, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_entities_after', 16.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_entities_before', 15.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_largest_changed_cluster', 2.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_largest_cluster', 3.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_merged', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_moved', 1.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_new', 1.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_removed', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_retired', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_rows_read', 3.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_skipped_groups', 1.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_split', 1.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_suspect_groups', 0.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'idr_unchanged', 14.0, '2026-11-23 19:39:35.697985'),
    ('20261123t193936_5c39cddb', 'idr_clusters_after', 10.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_clusters_before', 11.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_conflicts', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_created', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_cut_links', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_duration_seconds', 0.371, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_entities_after', 16.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_entities_before', 16.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_largest_changed_cluster', 2.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_largest_cluster', 3.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_merged', 1.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_moved', 1.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_new', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_removed', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_retired', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_rows_read', 4.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_skipped_groups', 1.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_split', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_suspect_groups', 0.0, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'idr_unchanged', 15.0, '2026-11-23 19:39:36.961225');
create table idr_out.plan (
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
insert into idr_out.plan values
    ('20261123t193936_5c39cddb', 'INCR', false, 'READY', 'PASS', '[]', '[]', '{"entities_before": 16, "clusters_before": 11, "new": 0, "removed": 0, "moved": 1, "created": 0, "merged": 1, "split": 0, "retired": 0, "largest_changed_cluster": 2, "largest_cluster": 3, "skipped_groups": 1, "conflicts": 0, "cut_links": 0, "suspect_groups": 0, "rows_read": 4, "entities_after": 16, "clusters_after": 10, "unchanged": 15}', '{"crm": "2024-03-01T00:00:00"}', '{"record": "record_read", "first_hook": "first_hook", "later_hook": "first_hook"}', 'a3460aaedfbbf488792fe6addfb0392cad866accf7e2497053cde62cada2858f', '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945', 2, '2026-11-23 19:39:36.961225', null);
create table idr_out.run_history (
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
insert into idr_out.run_history values
    ('20261123t193934_3f1d0101', 'FULL', 'SUCCESS', 'PASS', '[]', '[]', '{"entities_before": 0, "clusters_before": 0, "new": 15, "removed": 0, "moved": 0, "created": 11, "merged": 0, "split": 0, "retired": 0, "largest_changed_cluster": 3, "largest_cluster": 3, "skipped_groups": 1, "conflicts": 1, "cut_links": 0, "suspect_groups": 0, "rows_read": 15, "entities_after": 15, "clusters_after": 11, "unchanged": 0}', '2026-11-23 19:39:34.540279', '2026-11-23 19:39:34.946327', 0.406, false, null, 1, 'published version 1', null, null, null),
    ('20261123t193935_4a847fce', 'INCR', 'SUCCESS', 'PASS', '[]', '[]', '{"entities_before": 15, "clusters_before": 11, "new": 1, "removed": 0, "moved": 1, "created": 0, "merged": 0, "split": 1, "retired": 0, "largest_changed_cluster": 2, "largest_cluster": 3, "skipped_groups": 1, "conflicts": 0, "cut_links": 0, "suspect_groups": 0, "rows_read": 3, "entities_after": 16, "clusters_after": 11, "unchanged": 14}', '2026-11-23 19:39:35.697985', '2026-11-23 19:39:36.278290', 0.58, false, null, 2, 'published version 2', null, null, null),
    ('20261123t193936_5c39cddb', 'INCR', 'DRY_RUN_COMPLETE', 'PASS', '[]', '[]', '{"entities_before": 16, "clusters_before": 11, "new": 0, "removed": 0, "moved": 1, "created": 0, "merged": 1, "split": 0, "retired": 0, "largest_changed_cluster": 2, "largest_cluster": 3, "skipped_groups": 1, "conflicts": 0, "cut_links": 0, "suspect_groups": 0, "rows_read": 4, "entities_after": 16, "clusters_after": 10, "unchanged": 15}', '2026-11-23 19:39:36.961225', '2026-11-23 19:39:37.332185', 0.371, true, null, null, 'planned, nothing published', null, null, null);
create table idr_out.skipped_identifier_groups (
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
insert into idr_out.skipped_identifier_groups values
    ('email', 28858203302383626772175956897933335253, 6, 4, 'crm:10, crm:11, crm:12, crm:13, crm:14', '20261123t193934_3f1d0101', '20261123t193934_3f1d0101', '2026-11-23 19:39:34.540279', null);
create table idr_out.stage_metrics (
    run_id varchar,
    stage varchar,
    rows_written number(38, 0),
    seconds double,
    recorded_at timestamp_ntz
);
insert into idr_out.stage_metrics values
    ('20261123t193934_3f1d0101', 'cluster changes', 11, 0.005073285006801598, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'components', 1, 0.018649951001862064, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'conflicts', 1, 0.016926641001191456, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'golden profiles', 11, 0.023038758998154663, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'kept apart', 0, 0.009975827997550368, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'live groups', 7, 0.011655862006591633, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'match keys', 19, 0.030956520000472665, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'membership', 15, 0.024946243000158574, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'read sources', 15, 0.05725207700015744, '2026-11-23 19:39:34.540279'),
    ('20261123t193934_3f1d0101', 'skipped groups', 1, 0.011775721002777573, '2026-11-23 19:39:34.540279'),
    ('20261123t193935_4a847fce', 'changes', 2, 0.03050815399910789, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'cluster changes', 1, 0.006226167002751026, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'components', 1, 0.018266991995915305, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'conflicts', 0, 0.022536263000802137, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'golden profiles', 2, 0.027996632998110726, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'kept apart', 0, 0.01326569399680011, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'live groups', 6, 0.011943218996748328, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'membership', 2, 0.036520212997857016, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'read sources', 3, 0.07238440299988724, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'scope', 5, 0.07839568200142821, '2026-11-23 19:39:35.697985'),
    ('20261123t193935_4a847fce', 'skipped groups', 0, 0.016828384999826085, '2026-11-23 19:39:35.697985'),
    ('20261123t193936_5c39cddb', 'changes', 2, 0.01799449800455477, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'cluster changes', 1, 0.004520984999544453, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'components', 0, 0.003104110997810494, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'conflicts', 0, 0.013777032996586058, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'golden profiles', 1, 0.021401977995992638, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'kept apart', 0, 0.009039466000103857, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'live groups', 2, 0.007504457003960852, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'membership', 1, 0.02629848699871218, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'read sources', 4, 0.04946170600305777, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'scope', 2, 0.0559058470025775, '2026-11-23 19:39:36.961225'),
    ('20261123t193936_5c39cddb', 'skipped groups', 0, 0.010021705995313823, '2026-11-23 19:39:36.961225');
create table idr_out.task_run (
    graph_run varchar,
    task_name varchar,
    scheduled_at varchar,
    run_id varchar
);
create table idr_work.cluster_change_20261123t193936_5c39cddb (
    resolved_id varchar,
    cluster_size number(38, 0),
    confidence_score double,
    created_version number(38, 0),
    created_ts timestamp_ntz
);
insert into idr_work.cluster_change_20261123t193936_5c39cddb values
    ('5ca25f105caaeed08ca7a0f57a4f1a8d', 2, 0.5, 1, '2026-11-23 19:39:34.540279');
create table idr_work.cluster_fate_20261123t193936_5c39cddb (
    old_resolved_id varchar,
    resolved_id varchar,
    part_count number(38, 0)
);
insert into idr_work.cluster_fate_20261123t193936_5c39cddb values
    ('5ca25f105caaeed08ca7a0f57a4f1a8d', '5ca25f105caaeed08ca7a0f57a4f1a8d', 1),
    ('cac7d5d8ef0091b953a1a68b2d5de683', '5ca25f105caaeed08ca7a0f57a4f1a8d', 1);
create table idr_work.cluster_new_20261123t193936_5c39cddb (
    component_id number(38, 0),
    resolved_id varchar,
    cluster_size number(38, 0),
    confidence_score double,
    created_version number(38, 0),
    created_ts timestamp_ntz,
    is_new boolean
);
insert into idr_work.cluster_new_20261123t193936_5c39cddb values
    (14145702658103354523330490895711768225, '5ca25f105caaeed08ca7a0f57a4f1a8d', 2, 0.5, 1, '2026-11-23 19:39:34.540279', false);
create table idr_work.component_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    entity_key varchar,
    old_resolved_id varchar,
    component_id number(38, 0),
    key_count number(38, 0)
);
insert into idr_work.component_20261123t193936_5c39cddb values
    (8, 'crm:8', '5ca25f105caaeed08ca7a0f57a4f1a8d', 14145702658103354523330490895711768225, 1),
    (9, 'crm:9', 'cac7d5d8ef0091b953a1a68b2d5de683', 14145702658103354523330490895711768225, 1);
create table idr_work.conflict_20261123t193936_5c39cddb (
    resolved_id varchar,
    action varchar,
    identifier_type varchar,
    distinct_values number(38, 0),
    max_per_identity number(38, 0)
);
create table idr_work.cut_link_20261123t193936_5c39cddb (
    entity_key varchar,
    rule_id varchar,
    match_key number(38, 0),
    override_id varchar,
    identifier_type varchar,
    other_entity_key varchar
);
create table idr_work.dead_key_20261123t193936_5c39cddb (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0),
    max_group_size number(38, 0),
    is_examined boolean
);
insert into idr_work.dead_key_20261123t193936_5c39cddb values
    ('email', 28858203302383626772175956897933335253, 6, 4, false);
create table idr_work.delta_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    entity_key varchar,
    source_id varchar,
    record_ts timestamp_ntz,
    i_email varchar,
    i_phone varchar,
    a_email varchar,
    a_name varchar,
    is_new boolean
);
insert into idr_work.delta_20261123t193936_5c39cddb values
    (8, 'crm:8', 'crm', '2024-03-01 00:00:00', null, '999', 'nobody@x.org', 'Eve', false),
    (9, 'crm:9', 'crm', '2024-03-01 00:00:00', null, '999', 'nobody@x.org', 'Fay', false);
create table idr_work.delta_key_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    rule_id varchar,
    match_key number(38, 0)
);
insert into idr_work.delta_key_20261123t193936_5c39cddb values
    (8, 'phone', 14145702658103354523330490895711768225),
    (9, 'phone', 14145702658103354523330490895711768225);
create table idr_work.edge_0_20261123t193936_5c39cddb (
    u number(38, 0),
    v number(38, 0)
);
create table idr_work.first_hook_20261123t193936_5c39cddb (
    id number(38, 0),
    r number(38, 0)
);
create table idr_work.golden_new_20261123t193936_5c39cddb (
    resolved_id varchar,
    email varchar,
    name varchar
);
create table idr_work.heir_20261123t193936_5c39cddb (
    component_id number(38, 0),
    old_resolved_id varchar,
    is_heir boolean
);
insert into idr_work.heir_20261123t193936_5c39cddb values
    (14145702658103354523330490895711768225, '5ca25f105caaeed08ca7a0f57a4f1a8d', true),
    (14145702658103354523330490895711768225, 'cac7d5d8ef0091b953a1a68b2d5de683', true);
create table idr_work.key_diff_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    rule_id varchar,
    match_key number(38, 0),
    change number(38, 0)
);
insert into idr_work.key_diff_20261123t193936_5c39cddb values
    (8, 'phone', 14145702658103354523330490895711768225, 1),
    (9, 'phone', 14145702658103354523330490895711768225, 1);
create table idr_work.live_group_20261123t193936_5c39cddb (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0)
);
insert into idr_work.live_group_20261123t193936_5c39cddb values
    ('phone', 14145702658103354523330490895711768225, 2);
create table idr_work.live_key_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    match_key number(38, 0)
);
insert into idr_work.live_key_20261123t193936_5c39cddb values
    (8, 14145702658103354523330490895711768225),
    (9, 14145702658103354523330490895711768225);
create table idr_work.match_key_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    rule_id varchar,
    match_key number(38, 0)
);
insert into idr_work.match_key_20261123t193936_5c39cddb values
    (8, 'phone', 14145702658103354523330490895711768225),
    (9, 'phone', 14145702658103354523330490895711768225);
create table idr_work.membership_change_20261123t193936_5c39cddb (
    entity_key varchar,
    old_resolved_id varchar,
    resolved_id varchar
);
insert into idr_work.membership_change_20261123t193936_5c39cddb values
    ('crm:9', 'cac7d5d8ef0091b953a1a68b2d5de683', '5ca25f105caaeed08ca7a0f57a4f1a8d');
create table idr_work.old_cluster_20261123t193936_5c39cddb (
    resolved_id varchar
);
insert into idr_work.old_cluster_20261123t193936_5c39cddb values
    ('5ca25f105caaeed08ca7a0f57a4f1a8d'),
    ('cac7d5d8ef0091b953a1a68b2d5de683');
create table idr_work.override_entity_20261123t193936_5c39cddb (
    entity_key varchar
);
create table idr_work.override_now_20261123t193936_5c39cddb (
    override_id varchar,
    kind varchar,
    entity_a varchar,
    entity_b varchar
);
create table idr_work.present_20261123t193936_5c39cddb (
    entity_key varchar
);
insert into idr_work.present_20261123t193936_5c39cddb values
    ('crm:1'),
    ('crm:20'),
    ('crm:8'),
    ('crm:9');
create table idr_work.profile_20261123t193936_5c39cddb (
    resolved_id varchar,
    email varchar,
    p_email varchar,
    name varchar,
    p_name varchar
);
insert into idr_work.profile_20261123t193936_5c39cddb values
    ('5ca25f105caaeed08ca7a0f57a4f1a8d', 'nobody@x.org', 'crm:8', 'Eve', 'crm:8');
create table idr_work.provenance_new_20261123t193936_5c39cddb (
    resolved_id varchar,
    email varchar,
    name varchar
);
create table idr_work.record_read_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    entity_key varchar,
    source_id varchar,
    record_ts timestamp_ntz,
    is_deleted boolean,
    i_email varchar,
    i_phone varchar,
    a_email varchar,
    a_name varchar
);
insert into idr_work.record_read_20261123t193936_5c39cddb values
    (1, 'crm:1', 'crm', '2024-02-01 00:00:00', false, 'cem@x.org', null, 'cem@x.org', 'Ann'),
    (2, 'crm:8', 'crm', '2024-03-01 00:00:00', false, null, '999', 'nobody@x.org', 'Eve'),
    (3, 'crm:9', 'crm', '2024-03-01 00:00:00', false, null, '999', 'nobody@x.org', 'Fay'),
    (4, 'crm:20', 'crm', '2024-02-01 00:00:00', false, 'bea@x.org', null, 'bea@x.org', 'Gus');
create table idr_work.removed_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    entity_key varchar,
    source_id varchar
);
create table idr_work.resumed_key_20261123t193936_5c39cddb (
    match_key number(38, 0)
);
create table idr_work.rule_20261123t193936_5c39cddb (
    rule_id varchar,
    priority number(38, 0),
    max_group_size number(38, 0)
);
insert into idr_work.rule_20261123t193936_5c39cddb values
    ('_link', -1, 2),
    ('email', 1, 4),
    ('phone', 2, 100);
create table idr_work.scope_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    entity_key varchar,
    old_resolved_id varchar
);
insert into idr_work.scope_20261123t193936_5c39cddb values
    (8, 'crm:8', '5ca25f105caaeed08ca7a0f57a4f1a8d'),
    (9, 'crm:9', 'cac7d5d8ef0091b953a1a68b2d5de683');
create table idr_work.scope_record_20261123t193936_5c39cddb (
    entity_id number(38, 0),
    entity_key varchar,
    source_id varchar,
    record_ts timestamp_ntz,
    i_email varchar,
    i_phone varchar,
    a_email varchar,
    a_name varchar
);
insert into idr_work.scope_record_20261123t193936_5c39cddb values
    (8, 'crm:8', 'crm', '2024-03-01 00:00:00', null, '999', 'nobody@x.org', 'Eve'),
    (9, 'crm:9', 'crm', '2024-03-01 00:00:00', null, '999', 'nobody@x.org', 'Fay');
create table idr_work.skipped_change_20261123t193936_5c39cddb (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0),
    max_group_size number(38, 0),
    sample_entity_keys varchar,
    first_run_id varchar,
    skipped_at timestamp_ntz
);
create table idr_work.source_now_20261123t193936_5c39cddb (
    source_id varchar,
    is_watched boolean
);
insert into idr_work.source_now_20261123t193936_5c39cddb values
    ('crm', false);
create table idr_work.suspect_20261123t193936_5c39cddb (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0)
);
create table idr_work.touched_key_20261123t193936_5c39cddb (
    rule_id varchar,
    match_key number(38, 0),
    group_size number(38, 0),
    max_group_size number(38, 0),
    is_live boolean
);
insert into idr_work.touched_key_20261123t193936_5c39cddb values
    ('phone', 14145702658103354523330490895711768225, 2, 100, true);
create table idr_work.usage_20261123t193936_5c39cddb (
    rule_id varchar,
    usual_group_size double
);
insert into idr_work.usage_20261123t193936_5c39cddb values
    ('email', 3.0),
    ('phone', 1.0);
create or replace view idr_out.identity_edges_current as
with live_key as (
    select
        k.rule_id,
        k.match_key,
        e.entity_key,
        min(e.entity_key) over (partition by k.match_key) as anchor_key
    from idr_out.match_key_current as k
    inner join idr_out.entity_current as e on k.entity_id = e.entity_id
    left join idr_out.skipped_identifier_groups as s
        on k.match_key = s.match_key and s.resumed_at is null
    left join idr_out.identity_conflict as c
        on k.match_key = c.match_key and e.entity_key = c.entity_key and c.action = 'CUT'
    where s.match_key is null and c.match_key is null
)

select
    anchor_key as left_entity_key,
    entity_key as right_entity_key,
    rule_id,
    match_key
from live_key
where anchor_key <> entity_key;
create or replace view idr_out.identity_membership_history as
select
    entity_key,
    resolved_id,
    from_version,
    to_version,
    run_id,
    occurred_ts as from_ts
from (
    select
        entity_key,
        resolved_id,
        event_type,
        version as from_version,
        run_id,
        occurred_ts,
        lead(version) over (partition by entity_key order by version, event_type desc) as to_version
    from idr_out.identity_event
    where event_type in ('JOINED', 'LEFT')
) as step
where event_type = 'JOINED';
create or replace view idr_out.run_overview as
select
    h.run_id,
    h.run_mode,
    h.is_dry_run,
    h.status,
    h.gate,
    h.reasons,
    h.started_at,
    h.ended_at,
    h.duration_seconds,
    h.plan_run_id,
    t.task_name,
    t.graph_run,
    t.scheduled_at,
    h.message,
    h.error_message
from idr_out.run_history as h
left join idr_out.task_run as t on h.run_id = t.run_id;
create or replace view idr_out.alerts as
select
    a.alert_id,
    a.kind,
    a.run_id,
    a.graph_run,
    a.message,
    a.raised_at,
    a.notified_at,
    a.notify_error,
    case
        when a.kind = 'HELD' then coalesce(p.status = 'HELD', false)
        else a.raised_at > coalesce(b.published_at, a.raised_at - interval '1 second')
    end as is_open
from (
    select alert_id, kind, run_id, graph_run, message, raised_at, notified_at, notify_error
    from idr_out.alert
    union all
    select
        h.run_id as alert_id,
        h.status as kind,
        h.run_id,
        null as graph_run,
        case
            when h.status = 'HELD' then 'run ' || h.run_id || ' is held: ' || h.reasons || '. ' || h.message
            else 'run ' || h.run_id || ' failed: ' || coalesce(h.error_message, h.message, 'no message')
        end as message,
        h.ended_at as raised_at,
        null as notified_at,
        null as notify_error
    from idr_out.run_history as h
    left join idr_out.alert as t on h.run_id = t.alert_id
    where h.status in ('HELD', 'FAILED') and not h.is_dry_run and t.alert_id is null
) as a
cross join idr_meta.base_state as b
left join idr_out.plan as p on a.run_id = p.run_id;
