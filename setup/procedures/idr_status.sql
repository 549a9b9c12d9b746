-- reads: idr_out
-- writes: nothing
create or replace procedure core.idr_status()
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.status'
comment = 'Totals, held plans and the last run'
execute as owner;
grant usage on procedure core.idr_status() to application role idr_viewer;
