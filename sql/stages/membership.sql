-- reads: idr_work.component, idr_work.old_cluster, idr_work.removed, idr_out.identity_clusters_current, idr_out.identity_resolved_membership_current
-- writes: idr_work.heir, idr_work.cluster_new, idr_work.cluster_fate, idr_work.membership_change
-- invariant: each old id goes to the component that holds its largest part (then: smallest entity key); a component
-- takes the oldest of the ids that chose it (then: larger cluster, smaller id); an id is never given twice; a cluster
-- that begins has no created_ts before the publish
create or replace transient table idr_work.heir as
with part as (
    select component_id, old_resolved_id, count(*) as part_size, min(entity_key) as first_key
    from idr_work.component
    where old_resolved_id is not null
    group by component_id, old_resolved_id
)

select
    component_id,
    old_resolved_id,
    row_number() over (partition by old_resolved_id order by part_size desc, first_key) = 1 as is_heir
from part;
create or replace transient table idr_work.cluster_new as
with claim as (
    select h.component_id, h.old_resolved_id, c.created_version, c.created_ts
    from idr_work.heir as h
    inner join idr_out.identity_clusters_current as c on h.old_resolved_id = c.resolved_id
    where h.is_heir
    qualify row_number() over (
        partition by h.component_id order by c.created_version, c.cluster_size desc, c.resolved_id
    ) = 1
),

component_size as (
    select component_id, count(*) as cluster_size, min(entity_key) as first_key, min(key_count) as key_count
    from idr_work.component
    group by component_id
)

select
    s.component_id,
    coalesce(c.old_resolved_id, md5(s.first_key || ':' || cast(:version as varchar))) as resolved_id,
    s.cluster_size,
    case when s.cluster_size = 1 then 1.0 else 1 - power(0.5, s.key_count) end as confidence_score,
    coalesce(c.created_version, :version) as created_version,
    c.created_ts,
    c.old_resolved_id is null as is_new
from component_size as s
left join claim as c on s.component_id = c.component_id;
create or replace transient table idr_work.cluster_fate as
with fate as (
    select h.old_resolved_id, count(*) as part_count, max(case when h.is_heir then n.resolved_id end) as resolved_id
    from idr_work.heir as h
    inner join idr_work.cluster_new as n on h.component_id = n.component_id
    group by h.old_resolved_id
)

select o.resolved_id as old_resolved_id, f.resolved_id, coalesce(f.part_count, 0) as part_count
from idr_work.old_cluster as o
left join fate as f on o.resolved_id = f.old_resolved_id;
create or replace transient table idr_work.membership_change as
select c.entity_key, c.old_resolved_id, n.resolved_id
from idr_work.component as c
inner join idr_work.cluster_new as n on c.component_id = n.component_id
where c.old_resolved_id is null or c.old_resolved_id <> n.resolved_id
union all
select r.entity_key, m.resolved_id as old_resolved_id, null as resolved_id
from idr_work.removed as r
inner join idr_out.identity_resolved_membership_current as m on r.entity_key = m.entity_key
