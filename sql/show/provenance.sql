select *
from idr_out.golden_provenance_current
where resolved_id = :resolved_id
