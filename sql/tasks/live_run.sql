-- reads: the configuration of its graph
-- writes: idr_out.task_run, and what idr_run and idr_report write
-- invariant: after a dry run it publishes that plan while it is current; alone it reports what was held or failed itself
declare
    result variant;
    run_failed exception (-20001, 'The run failed: idr_out.run_history has its message.');
begin
    let mode varchar := (select system$get_task_graph_config('mode'));
    let max_iters integer := (select system$get_task_graph_config('max_iters')::integer);
    let is_alone boolean := (select coalesce(system$get_task_graph_config('is_alone')::boolean, false));
    let graph_run varchar := (select system$task_runtime_info('CURRENT_TASK_GRAPH_RUN_GROUP_ID'));
    let scheduled_at varchar := (
        select system$task_runtime_info('CURRENT_TASK_GRAPH_ORIGINAL_SCHEDULED_TIMESTAMP')
    );
    let task_name varchar := (select system$task_runtime_info('CURRENT_TASK_NAME'));
    call core.idr_run(:mode, :max_iters, false) into :result;
    let run_id varchar := result:run_id::varchar;
    let status varchar := result:status::varchar;
    insert into idr_out.task_run (graph_run, task_name, scheduled_at, run_id)
    values (:graph_run, :task_name, :scheduled_at, :run_id);
    if (is_alone) then
        call core.idr_report(:graph_run, '');
    end if;
    if (status = 'FAILED') then
        raise run_failed;
    end if;
    call system$set_return_value(:status);
end
