-- reads: idr_out.task_run
-- writes: idr_out.run_history
-- invariant: a dry run of the graph that the gate held says HELD, and how to go on
update idr_out.run_history
set
    status = 'HELD',
    message = 'held by the gate; idr_approve(''' || run_id || ''') publishes this very plan'
where
    status = 'DRY_RUN_COMPLETE'
    and gate = 'HOLD'
    and run_id in (select run_id from idr_out.task_run where graph_run = :graph_run)
