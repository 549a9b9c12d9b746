select
    count(a.entity_key) as entities_a,
    count(b.entity_key) as entities_b,
    count_if(b.entity_key is null) as only_in_a,
    count_if(a.entity_key is null) as only_in_b,
    count_if(a.resolved_id <> b.resolved_id) as moved,
    count(distinct a.resolved_id) as clusters_a,
    count(distinct b.resolved_id) as clusters_b
from side_a as a
full outer join side_b as b
    on a.entity_key = b.entity_key
