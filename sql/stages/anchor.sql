-- reads: idr_work.match_key, idr_work.live_group
-- writes: idr_work.anchor, idr_work.edge_0
-- invariant: anchor has each entity's smallest and largest live key and how many it holds; edges join the others to the
-- smallest (a third key and more must be looked up, which few entities need)
create or replace transient table idr_work.anchor as
select
    k.entity_id,
    min(k.match_key) as match_key,
    max(k.match_key) as last_key,
    count(*) as key_count
from idr_work.match_key as k
inner join idr_work.live_group as g on k.match_key = g.match_key
group by k.entity_id;
create or replace transient table idr_work.edge_0 as
select distinct u, v
from (
    select last_key as u, match_key as v
    from idr_work.anchor
    where key_count > 1
    union all
    select k.match_key as u, a.match_key as v
    from idr_work.match_key as k
    inner join idr_work.anchor as a on k.entity_id = a.entity_id and a.key_count > 2
    inner join idr_work.live_group as g on k.match_key = g.match_key
    where k.match_key <> a.match_key and k.match_key <> a.last_key
) as edge
