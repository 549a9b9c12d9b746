update idr_meta.identity_override set revoked_by = :revoked_by, revoked_at = :now
where override_id = :override_id and revoked_at is null
