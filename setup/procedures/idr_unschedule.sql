-- reads: idr_meta
-- writes: idr_meta.schedule, the tasks in ops
create or replace procedure core.idr_unschedule()
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.unschedule'
comment = 'Drops the tasks of scheduled runs'
execute as owner;
grant usage on procedure core.idr_unschedule() to application role idr_admin;
