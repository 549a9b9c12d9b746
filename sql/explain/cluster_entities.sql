select e.*
from idr_out.identity_resolved_membership_current as m
inner join idr_out.entity_current as e
    on m.entity_key = e.entity_key
where m.resolved_id = :resolved_id
