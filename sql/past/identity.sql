select
    s.entity_key,
    s.resolved_id,
    m.resolved_id as resolved_id_now,
    count(*) over () as total
from side_a as s
left join idr_out.identity_resolved_membership_current as m
    on s.entity_key = m.entity_key
where
    s.resolved_id = :resolved_id
    or s.resolved_id in (select of_key.resolved_id from side_a as of_key where of_key.entity_key = :entity_key)
qualify row_number() over (order by s.entity_key) <= :row_limit
order by s.entity_key
