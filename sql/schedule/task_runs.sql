-- reads: idr_out.run_overview
-- writes: nothing
-- invariant: the newest come first; a run without a word is EXECUTING
select
    task_name as name,
    case
        when status = 'RUNNING' then 'EXECUTING'
        when status = 'FAILED' then 'FAILED'
        else 'SUCCEEDED'
    end as state,
    scheduled_at as at,
    ended_at::varchar as ended_at,
    coalesce(gate, status) as return_value,
    error_message
from idr_out.run_overview
where task_name is not null
order by started_at desc
