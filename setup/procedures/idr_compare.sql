-- reads: idr_work, idr_meta, idr_out
-- writes: nothing
create or replace procedure core.idr_compare(run_a varchar, run_b varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.compare'
comment = 'Tells how two runs or plans differ'
execute as owner;
grant usage on procedure core.idr_compare(varchar, varchar) to application role idr_operator;
