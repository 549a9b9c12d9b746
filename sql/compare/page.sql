select entity_key, resolved_id
from side_a
where entity_key > :after
qualify row_number() over (order by entity_key) <= :row_limit
order by entity_key
