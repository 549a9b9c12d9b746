select
    m.entity_key,
    e.source_id,
    e.record_ts,
    count(*) over () as total
from idr_out.identity_resolved_membership_current as m
left join idr_out.entity_current as e
    on m.entity_key = e.entity_key
where m.resolved_id = :resolved_id
qualify row_number() over (order by m.entity_key) <= :row_limit
order by m.entity_key
