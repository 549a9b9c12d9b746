-- reads: idr_work.edge_in
-- writes: idr_work.hook
-- invariant: every node points to the neighbour that is smallest in a seeded order, when that is smaller than itself
-- source: Boegeholz, Brand, Todor, "In-database connected component analysis" (2020), section 4
create or replace transient table idr_work.hook as
with ranked as (
    select
        u,
        v,
        mod(:factor * mod(u, 2147483647) + :shift, 2147483647) as u_rank,
        mod(:factor * mod(v, 2147483647) + :shift, 2147483647) as v_rank
    from idr_work.edge_in
),

both_ways as (
    select u, v, v_rank from ranked where v_rank <= u_rank
    union all
    select v as u, u as v, u_rank as v_rank from ranked where u_rank < v_rank
),

lowest as (
    select u, min(v_rank) as v_rank from both_ways group by u
),

first_hook as (
    select b.u, min(b.v) as r
    from both_ways as b inner join lowest as l on b.u = l.u and b.v_rank = l.v_rank
    group by b.u
),

jump_1 as (
    select a.u, coalesce(b.r, a.r) as r
    from first_hook as a left join first_hook as b on a.r = b.u
)

select a.u as id, coalesce(b.r, a.r) as r
from jump_1 as a left join jump_1 as b on a.r = b.u
