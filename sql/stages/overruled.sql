-- reads: idr_work.override_now, idr_meta.override_current, idr_meta.cut_component
-- writes: nothing
-- invariant: false when neither the last version nor this one knows of an override or a cut
select (
    exists (select 1 from idr_work.override_now)
    or exists (select 1 from idr_meta.override_current)
    or exists (select 1 from idr_meta.cut_component)
) as is_overruled
