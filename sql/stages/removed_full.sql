-- reads: idr_out.entity_current, idr_work.record
-- writes: idr_work.removed
-- invariant: every published entity that the sources no longer hold
create or replace transient table idr_work.removed as
select e.entity_id, e.entity_key, e.source_id
from idr_out.entity_current as e
left join idr_work.record as r on e.entity_key = r.entity_key
where r.entity_key is null
