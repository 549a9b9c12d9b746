-- reads: idr_out, idr_meta.base_state
-- writes: the views of idr_out; after the migrations, which give their tables the columns that they read
create or replace view idr_out.identity_edges_current as
with live_key as (
    select
        k.rule_id,
        k.match_key,
        e.entity_key,
        min(e.entity_key) over (partition by k.match_key) as anchor_key
    from idr_out.match_key_current as k
    inner join idr_out.entity_current as e on k.entity_id = e.entity_id
    left join idr_out.skipped_identifier_groups as s
        on k.match_key = s.match_key and s.resumed_at is null
    left join idr_out.identity_conflict as c
        on k.match_key = c.match_key and e.entity_key = c.entity_key and c.action = 'CUT'
    where s.match_key is null and c.match_key is null
)

select
    anchor_key as left_entity_key,
    entity_key as right_entity_key,
    rule_id,
    match_key
from live_key
where anchor_key <> entity_key;
create or replace view idr_out.identity_membership_history as
select
    entity_key,
    resolved_id,
    from_version,
    to_version,
    run_id,
    occurred_ts as from_ts
from (
    select
        entity_key,
        resolved_id,
        event_type,
        version as from_version,
        run_id,
        occurred_ts,
        lead(version) over (partition by entity_key order by version, event_type desc) as to_version
    from idr_out.identity_event
    where event_type in ('JOINED', 'LEFT')
) as step
where event_type = 'JOINED';
create or replace view idr_out.run_overview as
select
    h.run_id,
    h.run_mode,
    h.is_dry_run,
    h.status,
    h.gate,
    h.reasons,
    h.started_at,
    h.ended_at,
    h.duration_seconds,
    h.plan_run_id,
    t.task_name,
    t.graph_run,
    t.scheduled_at,
    h.message,
    h.error_message
from idr_out.run_history as h
left join idr_out.task_run as t on h.run_id = t.run_id;
create or replace view idr_out.alerts as
select
    a.alert_id,
    a.kind,
    a.run_id,
    a.graph_run,
    a.message,
    a.raised_at,
    a.notified_at,
    a.notify_error,
    case
        when a.kind = 'HELD' then coalesce(p.status = 'HELD', false)
        else a.raised_at > coalesce(b.published_at, a.raised_at - interval '1 second')
    end as is_open
from (
    select alert_id, kind, run_id, graph_run, message, raised_at, notified_at, notify_error
    from idr_out.alert
    union all
    select
        h.run_id as alert_id,
        h.status as kind,
        h.run_id,
        null as graph_run,
        case
            when h.status = 'HELD' then 'run ' || h.run_id || ' is held: ' || h.reasons || '. ' || h.message
            else 'run ' || h.run_id || ' failed: ' || coalesce(h.error_message, h.message, 'no message')
        end as message,
        h.ended_at as raised_at,
        null as notified_at,
        null as notify_error
    from idr_out.run_history as h
    left join idr_out.alert as t on h.run_id = t.alert_id
    where h.status in ('HELD', 'FAILED') and not h.is_dry_run and t.alert_id is null
) as a
cross join idr_meta.base_state as b
left join idr_out.plan as p on a.run_id = p.run_id
