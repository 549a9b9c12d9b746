select
    e.entity_key,
    k.rule_id,
    k.match_key,
    c.action is not null as is_cut,
    c.override_id,
    c.identifier_type,
    c.other_entity_key
from idr_meta.cut_component as x
inner join idr_meta.cut_component as y
    on x.component_token = y.component_token
inner join idr_out.entity_current as e
    on y.entity_key = e.entity_key
inner join idr_out.match_key_current as k
    on e.entity_id = k.entity_id
left join idr_out.skipped_identifier_groups as s
    on k.match_key = s.match_key and s.resumed_at is null
left join idr_out.identity_conflict as c
    on k.match_key = c.match_key and e.entity_key = c.entity_key and c.action = 'CUT'
where
    x.entity_key = :entity_key
    and s.rule_id is null
order by e.entity_key, k.match_key
