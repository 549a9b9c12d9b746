select
    b.resolved_id,
    count(*) as size,
    count(distinct a.resolved_id) as parts,
    min(b.entity_key) as first_key,
    max(b.entity_key) as last_key,
    count(*) over () as total
from side_a as a
inner join side_b as b
    on a.entity_key = b.entity_key
group by b.resolved_id
having count(distinct a.resolved_id) > 1
qualify row_number() over (order by count(*) desc, b.resolved_id) <= :row_limit
order by size desc, b.resolved_id
