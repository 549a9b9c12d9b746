-- reads: idr_work.cluster_change, idr_work.cluster_fate, idr_work.profile_change
-- writes: idr_out.identity_clusters_current, idr_out.golden_profile_current, idr_out.golden_provenance_current
-- invariant: a cluster that ends leaves nothing behind
delete from idr_out.identity_clusters_current
where
    resolved_id in (
        select resolved_id from idr_work.cluster_change
        union all
        select old_resolved_id from idr_work.cluster_fate where resolved_id is null or resolved_id <> old_resolved_id
    );
insert into idr_out.identity_clusters_current (
    resolved_id, cluster_size, confidence_score, created_version, created_ts, updated_ts
)
select resolved_id, cluster_size, confidence_score, created_version, coalesce(created_ts, :run_ts), :run_ts
from idr_work.cluster_change;
delete from idr_out.golden_profile_current
where
    resolved_id in (
        select resolved_id from idr_work.profile_change where has_new_values
        union all
        select old_resolved_id from idr_work.cluster_fate where resolved_id is null or resolved_id <> old_resolved_id
    );
delete from idr_out.golden_provenance_current
where
    resolved_id in (
        select resolved_id from idr_work.profile_change where has_new_sources
        union all
        select old_resolved_id from idr_work.cluster_fate where resolved_id is null or resolved_id <> old_resolved_id
    )
