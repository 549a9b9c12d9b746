-- reads: idr_work.resumed_key, idr_work.skipped_change, idr_out.match_key_current, idr_out.entity_current
-- writes: idr_out.skipped_identifier_groups
-- invariant: of the rows of one group at most one is not resumed; its sample is the first 5 entity keys it has now
update idr_out.skipped_identifier_groups set resumed_at = :run_ts, last_run_id = :run_id
where resumed_at is null and match_key in (select match_key from idr_work.resumed_key);
delete from idr_out.skipped_identifier_groups
where resumed_at is null and match_key in (select match_key from idr_work.skipped_change);
insert into idr_out.skipped_identifier_groups (
    rule_id, match_key, group_size, max_group_size, sample_entity_keys, first_run_id, last_run_id, skipped_at
)
select
    c.rule_id, c.match_key, c.group_size, c.max_group_size, s.sample_entity_keys, c.first_run_id, :run_id, c.skipped_at
from idr_work.skipped_change as c
left join (
    select h.match_key, listagg(h.entity_key, ', ') within group (order by h.entity_key) as sample_entity_keys
    from (
        select k.match_key, e.entity_key
        from idr_work.skipped_change as g
        inner join idr_out.match_key_current as k on g.match_key = k.match_key
        inner join idr_out.entity_current as e on k.entity_id = e.entity_id
        qualify row_number() over (partition by k.match_key order by e.entity_key) <= 5
    ) as h
    group by h.match_key
) as s on c.match_key = s.match_key
