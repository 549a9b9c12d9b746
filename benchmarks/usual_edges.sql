-- Evidence as most SQL projects keep it, DuckDB dialect: each value ties its records to the first of them; values and
-- links are tables of the record's own keys, and a link is kept with when it was first and last seen (upsert). Reads
-- floor.record.
create table floor.identifier as
select entity_key, 'email' as identifier_type, i_email as value from floor.record where i_email <> ''
union all
select entity_key, 'phone', i_phone from floor.record where i_phone not in ('', '0000000000')
union all
select entity_key, 'loyalty', i_loyalty from floor.record where i_loyalty <> '';
create table floor.identifier_group as
select identifier_type, value, min(entity_key) as anchor_key, count(*) as group_size
from floor.identifier
group by identifier_type, value;
create table floor.skipped as
select identifier_type, value, group_size from floor.identifier_group where group_size > 10000;
create table floor.evidence (
    left_entity_key varchar, right_entity_key varchar, identifier_type varchar, value varchar,
    first_seen_ts timestamptz, last_seen_ts timestamptz
);
create table floor.found as
select
    g.anchor_key as left_entity_key, i.entity_key as right_entity_key, i.identifier_type, i.value,
    current_timestamp as seen_ts
from floor.identifier as i
inner join floor.identifier_group as g on i.identifier_type = g.identifier_type and i.value = g.value
where g.group_size between 2 and 10000 and i.entity_key <> g.anchor_key;
insert into floor.evidence
select
    f.left_entity_key,
    f.right_entity_key,
    f.identifier_type,
    f.value,
    f.seen_ts as first_seen_ts,
    f.seen_ts as last_seen_ts
from floor.found as f
where not exists (
    select 1 from floor.evidence as e
    where
        e.left_entity_key = f.left_entity_key and e.right_entity_key = f.right_entity_key
        and e.identifier_type = f.identifier_type and e.value = f.value
);
update floor.evidence as e set last_seen_ts = f.seen_ts
from floor.found as f
where
    e.left_entity_key = f.left_entity_key and e.right_entity_key = f.right_entity_key
    and e.identifier_type = f.identifier_type and e.value = f.value;
create table floor.neighbour as
select left_entity_key as entity_key, right_entity_key as other_key from floor.evidence
union
select right_entity_key, left_entity_key from floor.evidence;
create table floor.label as
select entity_key, entity_key as label from floor.record
