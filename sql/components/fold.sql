-- reads: idr_work.hook, idr_work.map_in
-- writes: idr_work.map_out
-- invariant: maps every node that moved in this round or a later one to its final root
create or replace transient table idr_work.map_out as
select a.id, coalesce(b.r, a.r) as r
from idr_work.hook as a left join idr_work.map_in as b on a.r = b.id
union all
select c.id, c.r
from idr_work.map_in as c left join idr_work.hook as d on c.id = d.id
where d.id is null
