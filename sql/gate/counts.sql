-- reads: idr_out.identity_resolved_membership_current, idr_out.identity_clusters_current, idr_work.membership_change, idr_work.cluster_new, idr_work.cluster_change, idr_work.cluster_fate, idr_work.dead_key, idr_work.conflict, idr_work.cut_link, idr_out.identity_conflict, idr_work.suspect, idr_meta.known_suspect_group
-- writes: nothing
-- invariant: one row, no NULL in it
select
    (select count(*) from idr_out.identity_resolved_membership_current) as entities_before,
    (select count(*) from idr_out.identity_clusters_current) as clusters_before,
    (select count(*) from idr_work.membership_change where old_resolved_id is null) as new,
    (select count(*) from idr_work.membership_change where resolved_id is null) as removed,
    (
        select count(*) from idr_work.membership_change
        where old_resolved_id is not null and resolved_id is not null
    ) as moved,
    (select count(*) from idr_work.cluster_new where is_new) as created,
    (select count(*) from idr_work.cluster_fate where resolved_id <> old_resolved_id) as merged,
    (select count(*) from idr_work.cluster_fate where part_count > 1) as split,
    (select count(*) from idr_work.cluster_fate where resolved_id is null) as retired,
    (select coalesce(max(cluster_size), 0) from idr_work.cluster_change) as largest_changed_cluster,
    (
        select greatest(
            (select coalesce(max(cluster_size), 0) from idr_work.cluster_new),
            (
                select coalesce(max(c.cluster_size), 0) from idr_out.identity_clusters_current as c
                left join idr_work.cluster_fate as f on c.resolved_id = f.old_resolved_id
                where f.old_resolved_id is null
            )
        )
    ) as largest_cluster,
    (select count(*) from idr_work.dead_key) as skipped_groups,
    (
        select count(*) from idr_work.conflict as c
        left join idr_out.identity_conflict as k
            on
                c.resolved_id = k.resolved_id
                and c.identifier_type = k.identifier_type
                and c.distinct_values <= k.distinct_values
        where c.action = 'HOLD' and k.resolved_id is null
    ) as conflicts,
    (select count(*) from idr_work.cut_link) as cut_links,
    (
        select count(*) from idr_work.suspect as s
        left join idr_meta.known_suspect_group as k
            on s.match_key = k.match_key and s.group_size <= k.group_size
        where k.match_key is null
    ) as suspect_groups
