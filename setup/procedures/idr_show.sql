-- reads: idr_out
-- writes: nothing
create or replace procedure core.idr_show(entity_or_resolved_id varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.show'
comment = 'Members, profile and past of one identity'
execute as owner;
grant usage on procedure core.idr_show(varchar) to application role idr_viewer;
create or replace procedure core.idr_show(entity_or_resolved_id varchar, as_of varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.show_past'
comment = 'Members of one identity as of a run'
execute as owner;
grant usage on procedure core.idr_show(varchar, varchar) to application role idr_viewer;
