-- reads: the history of its graph
-- writes: what idr_report writes
-- invariant: it runs after success and after failure; held and failed runs are reported even without the history
begin
    let graph_run varchar := (select system$task_runtime_info('CURRENT_TASK_GRAPH_RUN_GROUP_ID'));
    let root_id varchar := (select system$task_runtime_info('CURRENT_ROOT_TASK_UUID'));
    let failures varchar := '';
    begin
        failures := (
            select coalesce(listagg(what, '; ') within group (order by what), '')
            from (
                select
                    name || ' ' || state || coalesce(': ' || error_message, '') as what,
                    state
                from table(information_schema.task_history(root_task_id => :root_id, result_limit => 1000))
                where graph_run_group_id = :graph_run
                qualify row_number() over (partition by name order by attempt_number desc) = 1
            ) as latest
            where state in ('FAILED', 'CANCELLED', 'FAILED_AND_AUTO_SUSPENDED')
        );
    exception
        when other then
            failures := '';
    end;
    call core.idr_report(:graph_run, :failures);
end
