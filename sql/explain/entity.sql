select
    e.entity_id,
    e.entity_key,
    m.resolved_id
from idr_out.entity_current as e
left join idr_out.identity_resolved_membership_current as m
    on e.entity_key = m.entity_key
where e.entity_key = :entity_key
