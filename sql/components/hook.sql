-- reads: idr_work.edge_in
-- writes: idr_work.hook
-- invariant: every node that has a smaller neighbour points to a smaller node of its component
create or replace transient table idr_work.hook as
with first_hook as (
    select u, min(v) as r from idr_work.edge_in group by u
),

jump_1 as (
    select a.u, coalesce(b.r, a.r) as r
    from first_hook as a left join first_hook as b on a.r = b.u
)

select a.u as id, coalesce(b.r, a.r) as r
from jump_1 as a left join jump_1 as b on a.r = b.u
