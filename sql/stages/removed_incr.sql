-- reads: idr_meta.run_state, idr_out.entity_current, idr_work.record, idr_work.present, idr_work.source_now
-- writes: idr_work.removed
-- invariant: soft deletes among the rows read, keys that left a watched source, and all of a source that is gone (the
-- last publish left a row in run_state for each source that it knew, so nothing is scanned where none is gone)
create or replace transient table idr_work.removed as
select e.entity_id, e.entity_key, e.source_id
from idr_out.entity_current as e
inner join idr_work.record as r on e.entity_key = r.entity_key and r.is_deleted
union
select e.entity_id, e.entity_key, e.source_id
from idr_out.entity_current as e
inner join idr_work.source_now as w on e.source_id = w.source_id and w.is_watched
left join idr_work.present as p on e.entity_key = p.entity_key
where p.entity_key is null
union
select e.entity_id, e.entity_key, e.source_id
from idr_out.entity_current as e
inner join idr_meta.run_state as s on e.source_id = s.source_id
left join idr_work.source_now as w on s.source_id = w.source_id
where w.source_id is null
