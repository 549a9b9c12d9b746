-- reads: idr_out.identity_resolved_membership_current, idr_out.identity_clusters_current, idr_work.match_key, idr_work.rule
-- writes: idr_work.old_cluster, idr_work.old_member, idr_work.key_group, idr_work.dead_key, idr_work.live_group
-- invariant: everything is in scope
create or replace transient table idr_work.old_cluster as
select resolved_id from idr_out.identity_clusters_current;
create or replace transient table idr_work.old_member as
select entity_key, resolved_id as old_resolved_id from idr_out.identity_resolved_membership_current;
create or replace transient table idr_work.key_group as
select rule_id, match_key, count(*) as group_size from idr_work.match_key group by rule_id, match_key;
create or replace transient table idr_work.dead_key as
select g.rule_id, g.match_key, g.group_size, u.max_group_size, true as is_examined
from idr_work.key_group as g
inner join idr_work.rule as u on g.rule_id = u.rule_id
where g.group_size > u.max_group_size;
create or replace transient table idr_work.live_group as
select g.rule_id, g.match_key, g.group_size
from idr_work.key_group as g
inner join idr_work.rule as u on g.rule_id = u.rule_id
where g.group_size between 2 and coalesce(u.max_group_size, g.group_size)
