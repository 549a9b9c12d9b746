-- reads: idr_out.run_overview
-- writes: nothing
-- invariant: runs that tasks started; of each graph the oldest first, the newest graph first
select
    graph_run,
    task_name,
    scheduled_at,
    run_id,
    status,
    gate,
    reasons,
    coalesce(error_message, message) as why
from (
    select *, min(started_at) over (partition by graph_run) as began_at
    from idr_out.run_overview
    where graph_run is not null
) as started
qualify row_number() over (order by began_at desc, graph_run, started_at desc) <= :row_limit
order by began_at desc, graph_run, started_at
