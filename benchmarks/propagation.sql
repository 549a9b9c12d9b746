-- The graph of records, DuckDB dialect: each value ties its records to the first one of them.
create table node_record as
select row_number() over () - 1 as id, entity_key, i_email, i_phone, i_loyalty
from floor.record;
create table node as select id from node_record;
create table edge as
with value_record as (
    select id, 'email' as kind, i_email as value from node_record where i_email <> ''
    union all
    select id, 'phone', i_phone from node_record where i_phone not in ('', '0000000000')
    union all
    select id, 'loyalty', i_loyalty from node_record where i_loyalty <> ''
)

select id as u, min(id) over (partition by kind, value) as v
from value_record
qualify u <> v;
