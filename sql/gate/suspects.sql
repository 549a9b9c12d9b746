-- reads: idr_work.suspect, idr_meta.known_suspect_group, idr_work.match_key, idr_work.component
-- writes: nothing
-- invariant: at most three groups, the largest first, none that was published before at this size
select
    s.rule_id,
    s.group_size,
    min(c.entity_key) as example_key
from idr_work.suspect as s
left join idr_meta.known_suspect_group as k
    on s.match_key = k.match_key and s.group_size <= k.group_size
inner join idr_work.match_key as m on s.match_key = m.match_key
inner join idr_work.component as c on m.entity_id = c.entity_id
where k.match_key is null
group by s.rule_id, s.match_key, s.group_size
order by s.group_size desc, example_key
limit 3
