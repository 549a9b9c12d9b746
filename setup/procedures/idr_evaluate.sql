-- reads: a table with the columns entity_key and cluster, idr_out
-- writes: nothing
create or replace procedure core.idr_evaluate(truth_table varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.evaluate'
comment = 'Compares the published identities with a truth'
execute as owner;
grant usage on procedure core.idr_evaluate(varchar) to application role idr_operator;
