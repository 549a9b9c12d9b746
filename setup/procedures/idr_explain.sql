-- reads: idr_meta, idr_out
-- writes: nothing
create or replace procedure core.idr_explain(entity_a varchar, entity_b varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.explain'
comment = 'Why two records are one identity, or why not'
execute as owner;
grant usage on procedure core.idr_explain(varchar, varchar) to application role idr_viewer;
