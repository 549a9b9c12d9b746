-- reads: idr_out.identity_resolved_membership_current
-- writes: idr_work.membership_change
-- invariant: no row: nothing changes
create or replace transient table idr_work.membership_change as
select entity_key, resolved_id as old_resolved_id, resolved_id
from idr_out.identity_resolved_membership_current
where false
