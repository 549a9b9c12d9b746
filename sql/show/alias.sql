select
    old_resolved_id,
    resolved_id,
    reason,
    run_id,
    updated_ts
from idr_out.identity_alias
where old_resolved_id = :resolved_id
order by updated_ts desc, run_id desc
