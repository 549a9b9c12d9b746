select
    o.override_id,
    o.kind,
    o.reason,
    o.created_by,
    o.created_at,
    o.revoked_by,
    o.revoked_at,
    c.override_id is not null as is_published
from idr_meta.identity_override as o
left join idr_meta.override_current as c
    on o.override_id = c.override_id and o.kind = c.kind and o.entity_a = c.entity_a and o.entity_b = c.entity_b
where
    (o.entity_a = :a and o.entity_b = :b)
    or (o.entity_a = :b and o.entity_b = :a)
order by o.created_at, o.override_id
