select *
from idr_out.golden_profile_current
where resolved_id = :resolved_id
