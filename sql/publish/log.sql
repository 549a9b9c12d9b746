-- reads: idr_work.event, idr_work.cluster_fate, idr_work.conflict, idr_work.suspect, idr_work.cluster_new
-- writes: idr_out.identity_event, idr_out.identity_alias, idr_out.identity_conflict, idr_meta.known_suspect_group
insert into idr_out.identity_event (
    run_id, version, event_type, resolved_id, entity_key, other_resolved_id, occurred_ts
)
select :run_id, :version, event_type, resolved_id, entity_key, other_resolved_id, :run_ts from idr_work.event;
update idr_out.identity_alias
set
    resolved_id = f.resolved_id,
    reason = case when f.resolved_id is null then 'RETIRED' else 'MERGED' end,
    run_id = :run_id,
    updated_ts = :run_ts
from idr_work.cluster_fate as f
where
    idr_out.identity_alias.resolved_id = f.old_resolved_id
    and f.resolved_id is distinct from f.old_resolved_id;
insert into idr_out.identity_alias (old_resolved_id, resolved_id, reason, run_id, updated_ts)
select
    old_resolved_id,
    resolved_id,
    case when resolved_id is null then 'RETIRED' else 'MERGED' end as reason,
    :run_id,
    :run_ts
from idr_work.cluster_fate
where resolved_id is distinct from old_resolved_id;
delete from idr_out.identity_conflict
where
    resolved_id in (select old_resolved_id from idr_work.cluster_fate)
    or resolved_id in (select resolved_id from idr_work.cluster_new);
insert into idr_out.identity_conflict (
    resolved_id, identifier_type, distinct_values, max_per_identity, run_id, detected_ts
)
select resolved_id, identifier_type, distinct_values, max_per_identity, :run_id, :run_ts from idr_work.conflict;
insert into idr_meta.known_suspect_group (rule_id, match_key, group_size)
select rule_id, match_key, group_size from idr_work.suspect
