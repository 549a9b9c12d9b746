-- reads: idr_work.dead_key, idr_out.skipped_identifier_groups
-- writes: idr_work.skipped_change
-- invariant: one row per oversized group that this run examined
create or replace transient table idr_work.skipped_change as
select
    d.rule_id,
    d.match_key,
    d.group_size,
    d.max_group_size,
    coalesce(g.first_run_id, :run_id) as first_run_id,
    coalesce(g.skipped_at, :run_ts) as skipped_at
from idr_work.dead_key as d
left join idr_out.skipped_identifier_groups as g on d.match_key = g.match_key and g.resumed_at is null
where d.is_examined
