-- reads: idr_work.edge_in, idr_work.hook
-- writes: idr_work.edge_out
-- invariant: two nodes are connected after it when and only when they were before
create or replace transient table idr_work.edge_out as
select distinct greatest(x, y) as u, least(x, y) as v
from (
    select coalesce(a.r, g.u) as x, coalesce(b.r, g.v) as y
    from idr_work.edge_in as g
    left join idr_work.hook as a on g.u = a.id
    left join idr_work.hook as b on g.v = b.id
) as renamed
where x <> y
