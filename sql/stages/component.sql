-- reads: idr_work.scope_record, idr_work.old_member, idr_work.anchor, idr_work.first_hook, idr_work.later_hook
-- writes: idr_work.component
-- invariant: two entities have one component_id when and only when a chain of live keys joins them
create or replace transient table idr_work.component as
select
    s.entity_id,
    s.entity_key,
    m.old_resolved_id,
    coalesce(l.r, f.r, a.match_key, -s.entity_id) as component_id,
    coalesce(a.key_count, 0) as key_count
from idr_work.scope_record as s
left join idr_work.old_member as m on s.entity_key = m.entity_key
left join idr_work.anchor as a on s.entity_id = a.entity_id
left join idr_work.first_hook as f on a.match_key = f.id
left join idr_work.later_hook as l on coalesce(f.r, a.match_key) = l.id
