select
    a.rule_id,
    a.match_key,
    s.group_size,
    s.max_group_size
from idr_out.match_key_current as a
inner join idr_out.match_key_current as b
    on a.match_key = b.match_key
left join idr_out.skipped_identifier_groups as s
    on a.match_key = s.match_key and s.resumed_at is null
where
    a.entity_id = :first_id
    and b.entity_id = :second_id
order by a.rule_id, a.match_key
