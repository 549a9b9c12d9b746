-- reads: idr_work.component, idr_work.override_now
-- writes: nothing
-- invariant: both ends of every veto lie in the component of its row
select a.component_id, o.override_id, o.entity_a, o.entity_b
from idr_work.override_now as o
inner join idr_work.component as a on o.entity_a = a.entity_key
inner join idr_work.component as b on o.entity_b = b.entity_key and a.component_id = b.component_id
where o.kind = 'UNLINK'
