-- reads: idr_work, idr_meta, idr_out
-- writes: idr_work, idr_meta, idr_out
create or replace procedure core.idr_forget(entity_key varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.forget'
comment = 'Erases a record for ever'
execute as owner;
grant usage on procedure core.idr_forget(varchar) to application role idr_admin;
