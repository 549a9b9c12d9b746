select 'idr_out.entity_current' as table_name, count(*) as found
from idr_out.entity_current
where entity_key = :entity_key
union all
select 'idr_out.match_key_current' as table_name, count(*) as found
from idr_out.match_key_current as k
inner join idr_out.entity_current as e on k.entity_id = e.entity_id
where e.entity_key = :entity_key
union all
select 'idr_out.identity_resolved_membership_current' as table_name, count(*) as found
from idr_out.identity_resolved_membership_current
where entity_key = :entity_key
union all
select 'idr_out.identity_event' as table_name, count(*) as found
from idr_out.identity_event
where entity_key = :entity_key
union all
select 'idr_out.identity_conflict' as table_name, count(*) as found
from idr_out.identity_conflict
where entity_key = :entity_key or other_entity_key = :entity_key
union all
select 'idr_out.dry_run_results' as table_name, count(*) as found
from idr_out.dry_run_results
where entity_key = :entity_key
union all
select 'idr_out.skipped_identifier_groups' as table_name, count(*) as found
from idr_out.skipped_identifier_groups
where contains(', ' || sample_entity_keys || ', ', ', ' || :entity_key || ', ')
union all
select 'idr_meta.identity_override' as table_name, count(*) as found
from idr_meta.identity_override
where entity_a = :entity_key or entity_b = :entity_key
union all
select 'idr_meta.override_current' as table_name, count(*) as found
from idr_meta.override_current
where entity_a = :entity_key or entity_b = :entity_key
union all
select 'idr_meta.cut_component' as table_name, count(*) as found
from idr_meta.cut_component
where entity_key = :entity_key or component_token = :entity_key
