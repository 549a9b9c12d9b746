-- reads: idr_out.match_key_current, idr_out.skipped_identifier_groups, idr_work.delta, idr_work.delta_key, idr_work.scope, idr_work.touched_key
-- writes: idr_work.match_key, idr_work.dead_key, idr_work.live_group
-- invariant: match_key has the keys of the records in scope as they will be after this run, live_group the keys that join
create or replace transient table idr_work.match_key as
select k.entity_id, k.rule_id, k.match_key
from idr_out.match_key_current as k
inner join idr_work.scope as s on k.entity_id = s.entity_id
left join idr_work.delta as d on k.entity_id = d.entity_id
where d.entity_id is null
union all
select entity_id, rule_id, match_key from idr_work.delta_key;
create or replace transient table idr_work.dead_key as
select rule_id, match_key, group_size, max_group_size, true as is_examined
from idr_work.touched_key
where group_size > max_group_size
union all
select g.rule_id, g.match_key, g.group_size, g.max_group_size, false as is_examined
from idr_out.skipped_identifier_groups as g
left join idr_work.touched_key as t on g.match_key = t.match_key
where g.resumed_at is null and t.match_key is null;
create or replace transient table idr_work.live_group as
select k.rule_id, k.match_key, count(*) as group_size
from idr_work.match_key as k
left join idr_work.dead_key as d on k.match_key = d.match_key
where d.match_key is null
group by k.rule_id, k.match_key
having count(*) > 1
