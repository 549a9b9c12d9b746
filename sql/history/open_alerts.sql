-- reads: idr_out.alerts
-- writes: nothing
-- invariant: the newest come first
select
    kind,
    run_id,
    message,
    raised_at,
    notified_at,
    notify_error
from idr_out.alerts
where is_open
order by raised_at desc, alert_id
