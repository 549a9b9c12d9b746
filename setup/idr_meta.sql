-- reads: nothing
-- writes: the compiled configuration, one row per source, identifier, rule and mapping
create table if not exists idr_meta.source_table (
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
create table if not exists idr_meta.identifier_mapping (source_id varchar, identifier_type varchar, value_expr varchar);
create table if not exists idr_meta.identifier_type (
    identifier_type varchar,
    normalizer varchar,
    region varchar,
    gmail boolean,
    placeholders varchar,
    is_unique boolean,
    max_per_identity number(38, 0),
    on_conflict varchar
);
create table if not exists idr_meta.rule (
    rule_id varchar, match_identifiers varchar, priority number(38, 0), max_group_size number(38, 0)
);
create table if not exists idr_meta.entity_attribute_mapping (source_id varchar, attribute varchar, value_expr varchar);
create table if not exists idr_meta.survivorship_rule (attribute varchar, strategy varchar, source_priority varchar);
create table if not exists idr_meta.identifier_exclusion (identifier_type varchar, match_type varchar, pattern varchar);
create table if not exists idr_meta.config (key varchar, value varchar);
