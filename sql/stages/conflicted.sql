-- reads: idr_work.override_now, idr_work.component
-- writes: idr_work.conflicted, idr_work.part
-- invariant: conflicted holds the components with both ends of an UNLINK; the parts of what is cut are filled in
create or replace transient table idr_work.conflicted as
select distinct a.component_id
from idr_work.override_now as o
inner join idr_work.component as a on o.entity_a = a.entity_key
inner join idr_work.component as b on o.entity_b = b.entity_key and a.component_id = b.component_id
where o.kind = 'UNLINK';
create or replace transient table idr_work.part (
    entity_key varchar, component_id number(38, 0), key_count number(38, 0), component_token varchar
)
