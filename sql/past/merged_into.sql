select other_resolved_id
from idr_out.identity_event
where
    resolved_id = :resolved_id
    and event_type = 'MERGED'
    and version <= :version
order by version desc
