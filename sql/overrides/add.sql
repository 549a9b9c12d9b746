insert into idr_meta.identity_override (override_id, kind, entity_a, entity_b, reason, created_by, created_at)
values (:override_id, :kind, :entity_a, :entity_b, :reason, :created_by, :created_at)
