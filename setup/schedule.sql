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
from idr_out.alert as a
cross join idr_meta.base_state as b
left join idr_out.plan as p on a.run_id = p.run_id
