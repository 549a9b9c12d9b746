select run_id
from idr_out.plan
where status = 'HELD'
order by run_id
