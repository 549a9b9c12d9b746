-- Evidence as most SQL projects keep it, DuckDB dialect: each value ties its records to the first of them, and both
-- the values and the links are tables of the record's own keys. Reads floor.record.
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
create table floor.edges as
select
    g.anchor_key as left_entity_key, i.entity_key as right_entity_key, i.identifier_type, i.value,
    current_timestamp as created_ts
from floor.identifier as i
inner join floor.identifier_group as g on i.identifier_type = g.identifier_type and i.value = g.value
where g.group_size between 2 and 10000 and i.entity_key <> g.anchor_key;
create table floor.neighbour as
select left_entity_key as entity_key, right_entity_key as other_key from floor.edges
union
select right_entity_key, left_entity_key from floor.edges;
create table floor.label as
select entity_key, entity_key as label from floor.record
