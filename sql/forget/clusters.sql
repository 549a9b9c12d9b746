-- reads: idr_work.old_cluster, idr_work.cluster_fate
-- writes: nothing
-- invariant: one row per cluster that was resolved again, resolved_id NULL where it ended
select
    o.resolved_id as old_resolved_id,
    f.resolved_id,
    f.part_count
from idr_work.old_cluster as o
inner join idr_work.cluster_fate as f on o.resolved_id = f.old_resolved_id
order by o.resolved_id
