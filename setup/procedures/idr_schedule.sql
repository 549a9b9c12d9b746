-- reads: idr_meta
-- writes: idr_meta.schedule, the tasks in ops
create or replace procedure core.idr_schedule(options object)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.schedule'
comment = 'Creates the tasks of scheduled runs, or changes them in place'
execute as owner;
grant usage on procedure core.idr_schedule(object) to application role idr_admin;
