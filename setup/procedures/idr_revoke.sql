-- reads: idr_work, idr_meta, idr_out
-- writes: idr_meta
create or replace procedure core.idr_revoke(override_id varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.revoke'
comment = 'Ends a link or an unlink'
execute as owner;
grant usage on procedure core.idr_revoke(varchar) to application role idr_operator;
