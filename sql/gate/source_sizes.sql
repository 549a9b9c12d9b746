-- reads: idr_out.entity_current, idr_work.removed, idr_work.membership_change, idr_work.scope_record
-- writes: nothing
-- invariant: one row per source that has published entities
select
    before.source_id,
    before.n as entities_before,
    before.n - coalesce(gone.n, 0) + coalesce(fresh.n, 0) as entities_after
from (select source_id, count(*) as n from idr_out.entity_current group by source_id) as before
left join (select source_id, count(*) as n from idr_work.removed group by source_id) as gone
    on before.source_id = gone.source_id
left join
    (
        select s.source_id, count(*) as n
        from idr_work.membership_change as m
        inner join idr_work.scope_record as s on m.entity_key = s.entity_key
        where m.old_resolved_id is null
        group by s.source_id
    ) as fresh
    on before.source_id = fresh.source_id
order by before.source_id
