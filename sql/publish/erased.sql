-- reads: nothing
-- writes: idr_out.identity_event, idr_out.dry_run_results, idr_out.identity_conflict, idr_out.plan, idr_meta.identity_override, idr_meta.override_current, idr_meta.cut_component, idr_meta.tombstone
-- invariant: no row names the erased record; its tombstone does not tell its key
delete from idr_out.identity_event where entity_key = :entity_key;
delete from idr_out.dry_run_results where entity_key = :entity_key;
delete from idr_out.identity_conflict where entity_key = :entity_key;
update idr_out.identity_conflict set other_entity_key = null where other_entity_key = :entity_key;
delete from idr_meta.identity_override where entity_a = :entity_key or entity_b = :entity_key;
delete from idr_meta.override_current where entity_a = :entity_key or entity_b = :entity_key;
delete from idr_meta.cut_component where entity_key = :entity_key or component_token = :entity_key;
update idr_out.plan set status = 'STALE' where status in ('READY', 'HELD');
insert into idr_meta.tombstone (key_hash, erased_at, run_id) values (:key_hash, :run_ts, :run_id)
