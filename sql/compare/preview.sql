select
    coalesce(p.entity_key, b.entity_key) as entity_key,
    case when p.entity_key is null then b.resolved_id else p.proposed_resolved_id end as resolved_id
from (
    select entity_key, resolved_id, event_type
    from idr_out.identity_event
    where event_type in ('JOINED', 'LEFT') and version <= :version
    qualify row_number() over (partition by entity_key order by version desc, event_type) = 1
) as b
full outer join
    (
        select entity_key, proposed_resolved_id
        from idr_out.dry_run_results
        where run_id = :run_id
    ) as p
    on b.entity_key = p.entity_key
where
    case when p.entity_key is null then b.event_type = 'JOINED' else p.proposed_resolved_id is not null end
