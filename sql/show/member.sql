select resolved_id
from idr_out.identity_resolved_membership_current
where entity_key = :asked
