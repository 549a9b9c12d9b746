select
    v.entity_key,
    v.version,
    v.event_type,
    v.resolved_id,
    v.run_id,
    v.occurred_ts
from idr_out.identity_event as v
inner join idr_out.identity_resolved_membership_current as m
    on v.entity_key = m.entity_key
where
    m.resolved_id = :resolved_id
    and v.event_type in ('JOINED', 'LEFT')
order by v.version, v.event_type desc
