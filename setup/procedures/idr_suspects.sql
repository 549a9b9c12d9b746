-- reads: idr_work, idr_meta, idr_out
-- writes: nothing
create or replace procedure core.idr_suspects()
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.list_suspects'
comment = 'Lists values that link far more records than usual'
execute as owner;
grant usage on procedure core.idr_suspects() to application role idr_viewer;
