select
    run_id,
    version,
    event_type,
    resolved_id,
    entity_key,
    other_resolved_id,
    occurred_ts
from idr_out.identity_event
where
    resolved_id = :resolved_id
    or other_resolved_id = :resolved_id
order by version, event_type, entity_key, resolved_id
