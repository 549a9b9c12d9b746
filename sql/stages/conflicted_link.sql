-- reads: idr_work.conflicted, idr_work.component, idr_work.match_key, idr_work.live_group, idr_work.rule
-- writes: nothing
-- invariant: one row per hold of an entity of a conflicted component on a live key
select c.component_id, c.entity_key, k.match_key, g.rule_id, g.group_size, u.priority
from idr_work.component as c
inner join idr_work.match_key as k on c.entity_id = k.entity_id
inner join idr_work.live_group as g on k.match_key = g.match_key
inner join idr_work.rule as u on g.rule_id = u.rule_id
where c.component_id in (select component_id from idr_work.conflicted)
