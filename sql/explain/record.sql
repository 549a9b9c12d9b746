select *
from idr_out.entity_current
where entity_key = :entity_key
