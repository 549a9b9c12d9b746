-- reads: idr_out.run_history, idr_out.task_run, idr_out.alert
-- writes: idr_out.alert
-- invariant: a task that failed without a failed run of its own (a timeout, a missing right) has an alert, too
insert into idr_out.alert (alert_id, kind, run_id, graph_run, message, raised_at)
select
    :graph_run,
    'FAILED',
    null,
    :graph_run,
    'a task failed without a result: ' || :failures,
    :now
where
    not exists (select 1 from idr_out.alert as a where a.alert_id = :graph_run)
    and not exists (
        select 1
        from idr_out.task_run as t
        inner join idr_out.run_history as h on t.run_id = h.run_id
        where t.graph_run = :graph_run and h.status = 'FAILED'
    )
