select event_type
from idr_out.identity_event
where
    entity_key = :asked
    or resolved_id = :asked
qualify row_number() over (order by version) = 1
