-- reads: nothing
-- writes: idr_work.cut_link
-- invariant: one row per link that is cut, filled in when components are kept apart
create or replace transient table idr_work.cut_link (
    entity_key varchar,
    rule_id varchar,
    match_key number(38, 0),
    override_id varchar,
    identifier_type varchar,
    other_entity_key varchar
)
