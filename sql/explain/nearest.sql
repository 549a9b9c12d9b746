select entity_key
from idr_out.entity_current
order by editdistance(lower(entity_key), lower(:wanted)), entity_key
limit 3
