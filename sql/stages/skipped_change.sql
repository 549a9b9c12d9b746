-- reads: idr_work.dead_key, idr_work.match_key, idr_work.scope, idr_out.skipped_identifier_groups
-- writes: idr_work.skipped_change
-- invariant: one row per oversized group that this run examined; its sample is the first 5 entity keys that it looked at
create or replace transient table idr_work.skipped_change as
with holder as (
    select k.match_key, e.entity_key
    from idr_work.dead_key as d
    inner join idr_work.match_key as k on d.match_key = k.match_key
    inner join idr_work.scope as e on k.entity_id = e.entity_id
    where d.is_examined
    qualify row_number() over (partition by k.match_key order by e.entity_key) <= 5
),

listed as (
    select match_key, listagg(entity_key, ', ') within group (order by entity_key) as sample_entity_keys
    from holder
    group by match_key
)

select
    d.rule_id,
    d.match_key,
    d.group_size,
    d.max_group_size,
    coalesce(l.sample_entity_keys, g.sample_entity_keys) as sample_entity_keys,
    coalesce(g.first_run_id, :run_id) as first_run_id,
    coalesce(g.skipped_at, :run_ts) as skipped_at
from idr_work.dead_key as d
left join listed as l on d.match_key = l.match_key
left join idr_out.skipped_identifier_groups as g on d.match_key = g.match_key and g.resumed_at is null
where d.is_examined
