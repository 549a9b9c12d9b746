select *
from idr_out.identity_clusters_current
where resolved_id = :resolved_id
