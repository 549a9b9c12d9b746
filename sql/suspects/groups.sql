select
    g.rule_id,
    g.match_key,
    g.group_size,
    u.usual_group_size,
    g.entity_key,
    s.match_key is not null as is_skipped,
    count(*) over () as total
from (
    select
        k.rule_id,
        k.match_key,
        count(*) as group_size,
        min(e.entity_key) as entity_key
    from idr_out.match_key_current as k
    inner join idr_out.entity_current as e
        on k.entity_id = e.entity_id
    group by k.rule_id, k.match_key
    having count(*) > :floor
) as g
left join idr_meta.rule_usage as u
    on g.rule_id = u.rule_id
left join idr_out.skipped_identifier_groups as s
    on g.match_key = s.match_key and s.resumed_at is null
where g.group_size > cast(:factor as double) * coalesce(u.usual_group_size, 1)
qualify row_number() over (order by g.group_size desc, g.rule_id, g.match_key) <= :row_limit
order by g.group_size desc, g.rule_id, g.match_key
