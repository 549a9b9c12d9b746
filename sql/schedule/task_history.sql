-- reads: the history of the application's tasks
-- writes: nothing
-- invariant: the newest come first
select
    name,
    state,
    scheduled_time::varchar as at,
    completed_time::varchar as ended_at,
    return_value,
    error_message
from table(information_schema.task_history(schema_name => 'OPS', result_limit => 1000))
where database_name = current_database()
order by scheduled_time desc
