-- reads: idr_out.run_history, idr_out.plan, idr_meta.base_state
-- writes: the options of the schedule, which task started which run, and alerts
create table if not exists idr_meta.schedule (options varchar, scheduled_at timestamp_ntz);
create table if not exists idr_out.task_run (
    graph_run varchar, task_name varchar, scheduled_at varchar, run_id varchar
);
create table if not exists idr_out.alert (
    alert_id varchar,
    kind varchar,
    run_id varchar,
    graph_run varchar,
    message varchar,
    raised_at timestamp_ntz,
    notified_at timestamp_ntz,
    notify_error varchar
);
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
