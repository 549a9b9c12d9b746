-- reads: idr_meta.override_current, idr_out.entity_current, idr_out.match_key_current
-- writes: idr_work.override_now, idr_work.override_entity, idr_work.removed, idr_work.delta_key
-- invariant: one record leaves, no source is read, and the overrides stay those of the published version but for its own
create or replace transient table idr_work.override_now as
select override_id, kind, entity_a, entity_b
from idr_meta.override_current
where entity_a <> :entity_key and entity_b <> :entity_key;
create or replace transient table idr_work.override_entity (entity_key varchar);
create or replace transient table idr_work.removed as
select entity_id, entity_key, source_id
from idr_out.entity_current
where entity_key = :entity_key;
create or replace transient table idr_work.delta_key as
select entity_id, rule_id, match_key
from idr_out.match_key_current
where false
