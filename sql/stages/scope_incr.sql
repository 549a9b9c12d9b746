-- reads: idr_meta.cut_component, idr_out.match_key_current, idr_out.entity_current, idr_out.identity_resolved_membership_current, idr_work.delta, idr_work.delta_key, idr_work.removed, idr_work.rule
-- writes: idr_work.key_diff, idr_work.touched_holder, idr_work.touched_key, idr_work.old_cluster, idr_work.old_member
-- invariant: a component that a change can alter lies wholly among old_member and the changed entities (an old cluster
-- without one of these and without a key whose group changed while live keeps all its edges and gains none; parts of one
-- cut component go together)
create or replace transient table idr_work.key_diff as
with changed as (
    select entity_id from idr_work.delta
    union
    select entity_id from idr_work.removed
),

old_key as (
    select k.entity_id, k.rule_id, k.match_key
    from idr_out.match_key_current as k
    inner join changed as c on k.entity_id = c.entity_id
)

select
    coalesce(n.rule_id, o.rule_id) as rule_id,
    coalesce(n.match_key, o.match_key) as match_key,
    case when o.entity_id is null then 1 else -1 end as change
from idr_work.delta_key as n
full outer join old_key as o on n.entity_id = o.entity_id and n.match_key = o.match_key
where n.entity_id is null or o.entity_id is null;
create or replace transient table idr_work.touched_holder as
select k.entity_id, k.match_key
from idr_out.match_key_current as k
inner join (select distinct match_key from idr_work.key_diff) as d on k.match_key = d.match_key;
create or replace transient table idr_work.touched_key as
with net as (
    select rule_id, match_key, sum(change) as change from idr_work.key_diff group by rule_id, match_key
),

counted as (
    select n.rule_id, n.match_key, n.change, count(h.entity_id) as size_before
    from net as n
    left join idr_work.touched_holder as h on n.match_key = h.match_key
    group by n.rule_id, n.match_key, n.change
)

select
    c.rule_id,
    c.match_key,
    c.size_before + c.change as group_size,
    u.max_group_size,
    c.size_before between 2 and u.max_group_size
    or c.size_before + c.change between 2 and u.max_group_size as is_live
from counted as c
inner join idr_work.rule as u on c.rule_id = u.rule_id;
create or replace transient table idr_work.old_cluster as
with touched_entity as (
    select h.entity_id
    from idr_work.touched_holder as h
    inner join idr_work.touched_key as t on h.match_key = t.match_key and t.is_live
    union
    select entity_id from idr_work.delta
    union
    select entity_id from idr_work.removed
),

touched_cluster as (
    select distinct m.resolved_id
    from touched_entity as t
    inner join idr_out.entity_current as e on t.entity_id = e.entity_id
    inner join idr_out.identity_resolved_membership_current as m on e.entity_key = m.entity_key
),

touched_token as (
    select distinct x.component_token
    from idr_meta.cut_component as x
    inner join idr_out.identity_resolved_membership_current as m on x.entity_key = m.entity_key
    inner join touched_cluster as t on m.resolved_id = t.resolved_id
)

select resolved_id from touched_cluster
union
select m.resolved_id
from touched_token as t
inner join idr_meta.cut_component as x on t.component_token = x.component_token
inner join idr_out.identity_resolved_membership_current as m on x.entity_key = m.entity_key;
create or replace transient table idr_work.old_member as
select m.entity_key, m.resolved_id as old_resolved_id
from idr_out.identity_resolved_membership_current as m
inner join idr_work.old_cluster as c on m.resolved_id = c.resolved_id
