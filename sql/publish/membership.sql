-- reads: idr_work.membership_change
-- writes: idr_out.identity_resolved_membership_current
-- invariant: one row per live entity
delete from idr_out.identity_resolved_membership_current
where entity_key in (select entity_key from idr_work.membership_change where old_resolved_id is not null);
insert into idr_out.identity_resolved_membership_current (entity_key, resolved_id, updated_ts)
select entity_key, resolved_id, :run_ts from idr_work.membership_change
where resolved_id is not null
