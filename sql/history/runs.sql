select *
from idr_out.run_history
qualify row_number() over (order by started_at desc, run_id desc) <= :run_limit
order by started_at desc, run_id desc
