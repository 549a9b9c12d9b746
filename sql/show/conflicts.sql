select
    action,
    identifier_type,
    distinct_values,
    max_per_identity,
    override_id,
    entity_key,
    rule_id,
    other_entity_key,
    run_id,
    detected_ts,
    count(*) over () as total
from idr_out.identity_conflict
where resolved_id = :resolved_id
qualify row_number() over (order by action, entity_key, rule_id, identifier_type, match_key) <= :row_limit
order by action, entity_key, rule_id, identifier_type
