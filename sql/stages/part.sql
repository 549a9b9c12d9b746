-- reads: idr_work.component, idr_work.part
-- writes: idr_work.component_cut
-- invariant: a component that was cut is replaced by its parts; every other one stays
create or replace transient table idr_work.component_cut as
select
    c.entity_id,
    c.entity_key,
    c.old_resolved_id,
    coalesce(p.component_id, c.component_id) as component_id,
    coalesce(p.key_count, c.key_count) as key_count
from idr_work.component as c
left join idr_work.part as p on c.entity_key = p.entity_key
