-- reads: idr_work.membership_change, idr_work.cluster_fate, idr_work.heir, idr_work.conflict, idr_work.suspect, idr_work.cluster_new
-- writes: idr_out.identity_event, idr_out.identity_alias, idr_out.identity_conflict, idr_meta.known_suspect_group
-- invariant: applying LEFT then JOINED in order of version gives the membership
insert into idr_out.identity_event (
    run_id, version, event_type, resolved_id, entity_key, other_resolved_id, occurred_ts
)
select :run_id, :version, event_type, resolved_id, entity_key, other_resolved_id, :run_ts
from (
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
) as event;
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
    resolved_id, action, identifier_type, distinct_values, max_per_identity, run_id, detected_ts
)
select resolved_id, action, identifier_type, distinct_values, max_per_identity, :run_id, :run_ts
from idr_work.conflict;
insert into idr_meta.known_suspect_group (rule_id, match_key, group_size)
select rule_id, match_key, group_size from idr_work.suspect
