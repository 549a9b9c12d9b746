select override_id, kind, entity_a, entity_b, reason, created_by, created_at
from idr_meta.identity_override
where revoked_at is null
order by created_at, override_id
