select
    e.entity_key,
    k.rule_id,
    k.match_key
from idr_out.identity_resolved_membership_current as m
inner join idr_out.entity_current as e
    on m.entity_key = e.entity_key
inner join idr_out.match_key_current as k
    on e.entity_id = k.entity_id
left join idr_out.skipped_identifier_groups as s
    on
        k.rule_id = s.rule_id
        and k.match_key = s.match_key
        and s.resumed_at is null
where
    m.resolved_id = :resolved_id
    and s.rule_id is null
