-- reads: idr_out.run_history
-- writes: idr_out.plan, idr_out.dry_run_results, idr_out.dry_run_summary, idr_out.stage_metrics, idr_out.metrics_export, idr_out.skipped_identifier_groups
-- invariant: run_history, events and aliases are kept for ever; a plan that expired can no longer be published
delete from idr_out.plan where created_at < :oldest;
delete from idr_out.dry_run_results
where run_id in (select run_id from idr_out.run_history where started_at < :oldest);
delete from idr_out.dry_run_summary where created_at < :oldest;
delete from idr_out.stage_metrics where recorded_at < :oldest;
delete from idr_out.metrics_export where recorded_at < :oldest;
delete from idr_out.skipped_identifier_groups where resumed_at < :oldest
