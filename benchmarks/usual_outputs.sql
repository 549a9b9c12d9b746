-- What a run of IDR writes besides the evidence, DuckDB dialect: the difference to what is there (nothing, at first),
-- membership (upsert), clusters, golden profile with the record that each value comes from, events, state for the next run.
create table floor.membership (entity_key varchar, resolved_id varchar, updated_ts timestamptz);
create table floor.membership_change as
select l.entity_key, m.resolved_id as old_resolved_id, md5(l.label) as resolved_id
from floor.label as l
left join floor.membership as m on l.entity_key = m.entity_key
where m.resolved_id is null or m.resolved_id <> md5(l.label);
insert into floor.membership
select c.entity_key, c.resolved_id, current_timestamp
from floor.membership_change as c
where not exists (select 1 from floor.membership as m where m.entity_key = c.entity_key);
update floor.membership as m set resolved_id = c.resolved_id, updated_ts = current_timestamp
from floor.membership_change as c
where m.entity_key = c.entity_key;
create table floor.clusters as
select
    m.resolved_id, count(*) as cluster_size, case when count(*) = 1 then 1.0 else 0.75 end as confidence_score,
    current_timestamp as updated_ts
from floor.membership as m
group by m.resolved_id;
create table floor.email as
select m.resolved_id, r.email as value, r.entity_key
from floor.record as r inner join floor.membership as m on r.entity_key = m.entity_key
where r.email is not null
qualify row_number() over (partition by m.resolved_id order by r.updated_at desc, r.entity_key) = 1;
create table floor.phone as
select m.resolved_id, r.phone as value, r.entity_key
from floor.record as r inner join floor.membership as m on r.entity_key = m.entity_key
where r.phone is not null
qualify row_number() over (partition by m.resolved_id order by r.updated_at desc, r.entity_key) = 1;
create table floor.first_name as
select m.resolved_id, r.first_name as value, r.entity_key
from floor.record as r inner join floor.membership as m on r.entity_key = m.entity_key
where r.first_name is not null
qualify row_number() over (partition by m.resolved_id order by r.updated_at desc, r.entity_key) = 1;
create table floor.last_name as
select m.resolved_id, r.last_name as value, r.entity_key
from floor.record as r inner join floor.membership as m on r.entity_key = m.entity_key
where r.last_name is not null
qualify row_number() over (partition by m.resolved_id order by r.updated_at desc, r.entity_key) = 1;
create table floor.golden as
select
    c.resolved_id, e.value as email, p.value as phone, f.value as first_name, l.value as last_name,
    current_timestamp as updated_ts
from floor.clusters as c
left join floor.email as e on c.resolved_id = e.resolved_id
left join floor.phone as p on c.resolved_id = p.resolved_id
left join floor.first_name as f on c.resolved_id = f.resolved_id
left join floor.last_name as l on c.resolved_id = l.resolved_id;
create table floor.provenance as
select
    c.resolved_id, e.entity_key as email, p.entity_key as phone, f.entity_key as first_name,
    l.entity_key as last_name, current_timestamp as updated_ts
from floor.clusters as c
left join floor.email as e on c.resolved_id = e.resolved_id
left join floor.phone as p on c.resolved_id = p.resolved_id
left join floor.first_name as f on c.resolved_id = f.resolved_id
left join floor.last_name as l on c.resolved_id = l.resolved_id;
create table floor.event as
select 'JOINED' as event_type, resolved_id, entity_key, current_timestamp as occurred_ts from floor.membership_change
union all
select 'CREATED', resolved_id, null, current_timestamp from floor.clusters
