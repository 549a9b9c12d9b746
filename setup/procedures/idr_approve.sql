-- reads: idr_work, idr_meta, idr_out
-- writes: idr_out
create or replace procedure core.idr_approve(run_id varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.approve'
comment = 'Publishes the plan of a held run'
execute as owner;
grant usage on procedure core.idr_approve(varchar) to application role idr_operator;
