-- reads: idr_work.delta, idr_work.removed
-- writes: nothing
-- invariant: false when no record is new, differs or has gone
select (
    exists (select 1 from idr_work.delta)
    or exists (select 1 from idr_work.removed)
) as is_changed
