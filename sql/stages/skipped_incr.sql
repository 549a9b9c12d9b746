-- reads: idr_out.skipped_identifier_groups, idr_work.touched_key
-- writes: idr_work.resumed_key
-- invariant: only a group that this run touched can resume
create or replace transient table idr_work.resumed_key as
select g.match_key
from idr_out.skipped_identifier_groups as g
inner join idr_work.touched_key as t on g.match_key = t.match_key
where g.resumed_at is null and t.group_size <= t.max_group_size
