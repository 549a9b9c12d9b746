-- reads: idr_out.entity_current, idr_work.removed, idr_work.membership_change
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
        select split_part(entity_key, ':', 1) as source_id, count(*) as n
        from idr_work.membership_change
        where old_resolved_id is null
        group by split_part(entity_key, ':', 1)
    ) as fresh
    on before.source_id = fresh.source_id
order by before.source_id
