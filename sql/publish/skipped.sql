-- reads: idr_work.resumed_key, idr_work.skipped_change
-- writes: idr_out.skipped_identifier_groups
-- invariant: of the rows of one group at most one is not resumed
update idr_out.skipped_identifier_groups set resumed_at = :run_ts, last_run_id = :run_id
where resumed_at is null and match_key in (select match_key from idr_work.resumed_key);
delete from idr_out.skipped_identifier_groups
where resumed_at is null and match_key in (select match_key from idr_work.skipped_change);
insert into idr_out.skipped_identifier_groups (
    rule_id, match_key, group_size, max_group_size, sample_entity_keys, first_run_id, last_run_id, skipped_at
)
select rule_id, match_key, group_size, max_group_size, sample_entity_keys, first_run_id, :run_id, skipped_at
from idr_work.skipped_change
