select
    coalesce(p.entity_key, b.entity_key) as entity_key,
    case when p.entity_key is null then b.resolved_id else p.resolved_id end as resolved_id
from idr_out.identity_resolved_membership_current as b
full outer join idr_work.membership_change as p
    on b.entity_key = p.entity_key
where
    p.entity_key is null
    or p.resolved_id is not null
