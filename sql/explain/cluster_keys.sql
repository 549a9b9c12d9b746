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
    on k.match_key = s.match_key and s.resumed_at is null
left join idr_out.identity_conflict as c
    on k.match_key = c.match_key and e.entity_key = c.entity_key and c.action = 'CUT'
where
    m.resolved_id = :resolved_id
    and s.rule_id is null
    and c.action is null
