select
    run_id,
    version,
    event_type,
    resolved_id,
    entity_key,
    other_resolved_id,
    occurred_ts,
    count(*) over () as total
from idr_out.identity_event
where
    resolved_id = :resolved_id
    or other_resolved_id = :resolved_id
qualify row_number() over (order by version desc, event_type desc, entity_key desc, resolved_id desc) <= :row_limit
order by version, event_type, entity_key, resolved_id
