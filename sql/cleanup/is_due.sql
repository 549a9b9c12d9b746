-- reads: idr_out.plan, idr_out.stage_metrics, idr_out.metrics_export, idr_out.skipped_identifier_groups, idr_out.dry_run_summary
-- writes: nothing
-- invariant: true when cleanup/expired would delete a row; a dry run's rows are as old as its row in run_history
select (
    exists (select 1 from idr_out.plan where created_at < :oldest)
    or exists (select 1 from idr_out.stage_metrics where recorded_at < :oldest)
    or exists (select 1 from idr_out.metrics_export where recorded_at < :oldest)
    or exists (select 1 from idr_out.skipped_identifier_groups where resumed_at < :oldest)
    or exists (select 1 from idr_out.dry_run_summary where created_at < :oldest)
) as is_due
