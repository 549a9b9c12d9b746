-- reads: idr_meta
-- writes: idr_out, idr_work
create or replace procedure core.idr_cleanup()
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.cleanup'
comment = 'Deletes what is older than settings.retention_days'
execute as owner;
grant usage on procedure core.idr_cleanup() to application role idr_operator;
