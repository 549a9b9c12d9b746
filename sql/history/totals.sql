select
    (select count(*) from idr_out.identity_resolved_membership_current) as entities,
    (select count(*) from idr_out.identity_clusters_current) as clusters,
    (select max(cluster_size) from idr_out.identity_clusters_current) as largest_cluster,
    (select count(*) from idr_out.skipped_identifier_groups where resumed_at is null) as skipped_groups
