-- reads: idr_out.skipped_identifier_groups, idr_work.dead_key
-- writes: idr_work.resumed_key
-- invariant: a FULL run examined every group
create or replace transient table idr_work.resumed_key as
select g.match_key
from idr_out.skipped_identifier_groups as g
left join idr_work.dead_key as d on g.match_key = d.match_key
where g.resumed_at is null and d.match_key is null
