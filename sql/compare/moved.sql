select
    a.entity_key,
    a.resolved_id as resolved_id_a,
    b.resolved_id as resolved_id_b,
    count(*) over () as total
from side_a as a
inner join side_b as b
    on a.entity_key = b.entity_key
where a.resolved_id <> b.resolved_id
qualify row_number() over (order by a.entity_key) <= :row_limit
order by a.entity_key
