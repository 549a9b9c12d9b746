-- reads: idr_work.cluster_new, idr_out.identity_clusters_current
-- writes: idr_work.cluster_change
-- invariant: a cluster in scope that is not listed is published already, with this size and this confidence
create or replace transient table idr_work.cluster_change as
select n.resolved_id, n.cluster_size, n.confidence_score, n.created_version, n.created_ts
from idr_work.cluster_new as n
left join idr_out.identity_clusters_current as c on n.resolved_id = c.resolved_id
where
    c.resolved_id is null
    or c.cluster_size <> n.cluster_size
    or c.confidence_score <> n.confidence_score
