-- reads: idr_work, idr_meta, idr_out
-- writes: nothing
create or replace procedure core.idr_overrides()
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.list_overrides'
comment = 'Lists links and unlinks'
execute as owner;
grant usage on procedure core.idr_overrides() to application role idr_viewer;
