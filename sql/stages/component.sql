-- reads: idr_work.scope, idr_work.live_key, idr_work.first_hook, idr_work.later_hook
-- writes: idr_work.component
-- invariant: two entities have one component_id when and only when a chain of live keys joins them
create or replace transient table idr_work.component as
with entity_key_count as (
    select entity_id, min(match_key) as match_key, count(*) as key_count
    from idr_work.live_key
    group by entity_id
)

select
    s.entity_id,
    s.entity_key,
    s.old_resolved_id,
    coalesce(l.r, f.r, k.match_key, -s.entity_id) as component_id,
    coalesce(k.key_count, 0) as key_count
from idr_work.scope as s
left join entity_key_count as k on s.entity_id = k.entity_id
left join idr_work.first_hook as f on k.match_key = f.id
left join idr_work.later_hook as l on coalesce(f.r, k.match_key) = l.id
