-- reads: idr_meta.identity_override, idr_meta.override_current
-- writes: idr_work.override_now, idr_work.override_entity
-- invariant: override_entity holds both ends of every override that came, went or changed since the last publish
create or replace transient table idr_work.override_now as
select distinct override_id, kind, entity_a, entity_b
from idr_meta.identity_override
where revoked_at is null and entity_a <> entity_b;
create or replace transient table idr_work.override_entity as
with changed as (
    select n.entity_a, n.entity_b
    from idr_work.override_now as n
    left join idr_meta.override_current as c
        on n.override_id = c.override_id and n.kind = c.kind and n.entity_a = c.entity_a and n.entity_b = c.entity_b
    where c.override_id is null
    union all
    select c.entity_a, c.entity_b
    from idr_meta.override_current as c
    left join idr_work.override_now as n
        on c.override_id = n.override_id and c.kind = n.kind and c.entity_a = n.entity_a and c.entity_b = n.entity_b
    where n.override_id is null
)

select entity_a as entity_key from changed
union
select entity_b as entity_key from changed
