-- reads: idr_out.run_history, idr_out.task_run, idr_out.alert
-- writes: idr_out.alert
-- invariant: one alert per held or failed run
insert into idr_out.alert (alert_id, kind, run_id, graph_run, message, raised_at)
select
    h.run_id as alert_id,
    h.status as kind,
    h.run_id,
    t.graph_run,
    case
        when h.status = 'HELD' then 'run ' || h.run_id || ' is held: ' || h.reasons || '. ' || h.message
        else 'run ' || h.run_id || ' failed: ' || coalesce(h.error_message, h.message, 'no message')
    end as message,
    :now as raised_at
from idr_out.run_history as h
inner join idr_out.task_run as t on h.run_id = t.run_id
where
    t.graph_run = :graph_run
    and h.status in ('HELD', 'FAILED')
    and not exists (select 1 from idr_out.alert as a where a.alert_id = h.run_id)
