select distinct sample_entity_keys
from idr_out.skipped_identifier_groups
where contains(', ' || sample_entity_keys || ', ', ', ' || :entity_key || ', ')
order by sample_entity_keys
