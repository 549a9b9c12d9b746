select
    override_id,
    kind,
    entity_a,
    entity_b,
    reason,
    created_by,
    created_at,
    revoked_by,
    revoked_at
from idr_meta.identity_override
where override_id = :override_id
