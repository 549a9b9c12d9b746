-- reads: idr_out.alert
-- writes: nothing
-- invariant: the oldest come first
select
    alert_id,
    kind,
    message
from idr_out.alert
where notified_at is null
order by raised_at, alert_id
