select entity_key, resolved_id
from (
    select entity_key, resolved_id, event_type
    from idr_out.identity_event
    where event_type in ('JOINED', 'LEFT') and version <= :version
    qualify row_number() over (partition by entity_key order by version desc, event_type) = 1
) as latest
where event_type = 'JOINED'
