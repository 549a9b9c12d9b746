-- reads: idr_work, idr_meta, idr_out
-- writes: idr_meta
create or replace procedure core.idr_link(entity_a varchar, entity_b varchar, reason varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.link'
comment = 'Decides that two records are one identity'
execute as owner;
grant usage on procedure core.idr_link(varchar, varchar, varchar) to application role idr_operator;
