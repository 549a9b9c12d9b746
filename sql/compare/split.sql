select
    a.resolved_id,
    count(*) as size,
    count(distinct b.resolved_id) as parts,
    min(a.entity_key) as first_key,
    max(a.entity_key) as last_key,
    count(*) over () as total
from side_a as a
inner join side_b as b
    on a.entity_key = b.entity_key
group by a.resolved_id
having count(distinct b.resolved_id) > 1
qualify row_number() over (order by count(*) desc, a.resolved_id) <= :row_limit
order by size desc, a.resolved_id
