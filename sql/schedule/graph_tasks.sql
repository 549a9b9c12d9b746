-- reads: the history of the application's tasks
-- writes: nothing
-- invariant: the last attempt of each task of each start of a graph, the newest start first
select
    graph_run_group_id as graph_run,
    name,
    state,
    error_message,
    name in ('IDR_DRY_RUN_TASK', 'IDR_WEEKLY_DRY_RUN_TASK')
    or (name = 'IDR_LIVE_RUN_TASK' and condition_text is null) as is_root,
    convert_timezone('UTC', scheduled_time)::varchar as at,
    convert_timezone('UTC', completed_time)::varchar as ended_at,
    convert_timezone('UTC', next_scheduled_time)::varchar as next_at
from table(information_schema.task_history(schema_name => 'OPS', result_limit => 1000))
where database_name = current_database() and state <> 'SCHEDULED' and name <> 'IDR_CLEANUP_TASK'
qualify row_number() over (partition by graph_run_group_id, name order by attempt_number desc) = 1
order by min(scheduled_time) over (partition by graph_run_group_id) desc, scheduled_time
