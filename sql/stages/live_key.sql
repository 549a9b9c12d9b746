-- reads: idr_work.match_key, idr_work.live_group
-- writes: idr_work.live_key, idr_work.edge_0
-- invariant: edges join each entity's live keys to its smallest
create or replace transient table idr_work.live_key as
select k.entity_id, k.match_key
from idr_work.match_key as k
inner join idr_work.live_group as g on k.match_key = g.match_key;
create or replace transient table idr_work.edge_0 as
with anchor as (
    select entity_id, min(match_key) as match_key
    from idr_work.live_key
    group by entity_id
    having count(*) > 1
)

select distinct k.match_key as u, a.match_key as v
from idr_work.live_key as k
inner join anchor as a on k.entity_id = a.entity_id
where k.match_key <> a.match_key
