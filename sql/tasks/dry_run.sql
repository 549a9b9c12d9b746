-- reads: the configuration of its graph
-- writes: idr_out.task_run, and what idr_run writes
-- invariant: the return value is PASS only when the plan of this very run passed the gate
declare
    result variant;
    run_failed exception (-20001, 'The dry run failed: idr_out.run_history has its message.');
begin
    let mode varchar := (select system$get_task_graph_config('mode'));
    let max_iters integer := (select system$get_task_graph_config('max_iters')::integer);
    let graph_run varchar := (select system$task_runtime_info('CURRENT_TASK_GRAPH_RUN_GROUP_ID'));
    let scheduled_at varchar := (
        select system$task_runtime_info('CURRENT_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP')
    );
    let task_name varchar := (select system$task_runtime_info('CURRENT_TASK_NAME'));
    call core.idr_run(:mode, :max_iters, true) into :result;
    let run_id varchar := result:run_id::varchar;
    let status varchar := result:status::varchar;
    let verdict varchar := coalesce(result:gate::varchar, :status);
    insert into idr_out.task_run (graph_run, task_name, scheduled_at, run_id)
    values (:graph_run, :task_name, :scheduled_at, :run_id);
    if (status = 'FAILED') then
        raise run_failed;
    end if;
    call system$set_return_value(:verdict);
end
