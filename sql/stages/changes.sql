-- reads: idr_work.cluster_new, idr_work.cluster_fate, idr_work.heir, idr_work.membership_change, idr_out.identity_clusters_current
-- writes: idr_work.cluster_change, idr_work.event
-- invariant: applying LEFT then JOINED in order of version gives the membership
create or replace transient table idr_work.cluster_change as
select n.resolved_id, n.cluster_size, n.confidence_score, n.created_version, n.created_ts
from idr_work.cluster_new as n
left join idr_out.identity_clusters_current as c on n.resolved_id = c.resolved_id
where
    c.resolved_id is null
    or c.cluster_size <> n.cluster_size
    or c.confidence_score <> n.confidence_score;
create or replace transient table idr_work.event as
select
    'CREATED' as event_type, resolved_id, cast(null as varchar) as entity_key,
    cast(null as varchar) as other_resolved_id
from idr_work.cluster_new
where is_new
union all
select 'LEFT' as event_type, old_resolved_id, entity_key, resolved_id
from idr_work.membership_change
where old_resolved_id is not null
union all
select 'JOINED' as event_type, resolved_id, entity_key, old_resolved_id
from idr_work.membership_change
where resolved_id is not null
union all
select 'MERGED' as event_type, old_resolved_id, null as entity_key, resolved_id
from idr_work.cluster_fate
where resolved_id <> old_resolved_id
union all
select 'SPLIT' as event_type, h.old_resolved_id, null as entity_key, n.resolved_id
from idr_work.heir as h
inner join idr_work.cluster_new as n on h.component_id = n.component_id
where not h.is_heir
union all
select 'RETIRED' as event_type, old_resolved_id, null as entity_key, null as other_resolved_id
from idr_work.cluster_fate
where resolved_id is null
