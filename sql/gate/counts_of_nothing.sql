-- reads: idr_out.identity_resolved_membership_current, idr_out.identity_clusters_current, idr_out.skipped_identifier_groups
-- writes: nothing
-- invariant: what gate/counts gives for a plan without any change
select
    (select count(*) from idr_out.identity_resolved_membership_current) as entities_before,
    (select count(*) from idr_out.identity_clusters_current) as clusters_before,
    0 as new,
    0 as removed,
    0 as moved,
    0 as created,
    0 as merged,
    0 as split,
    0 as retired,
    0 as largest_changed_cluster,
    (select coalesce(max(cluster_size), 0) from idr_out.identity_clusters_current) as largest_cluster,
    (select count(*) from idr_out.skipped_identifier_groups where resumed_at is null) as skipped_groups,
    0 as conflicts,
    0 as cut_links,
    0 as suspect_groups
