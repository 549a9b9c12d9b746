-- reads: nothing
-- writes: the options of the schedule, which task started which run, and alerts that were sent
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
)
