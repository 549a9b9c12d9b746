-- reads: the sources, idr_meta, idr_out
-- writes: idr_work, idr_out
create or replace procedure core.idr_run(mode varchar, max_iters integer, dry_run boolean)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.run'
comment = 'Plans, judges and, unless it is a dry run or the gate holds it, publishes'
execute as owner;
grant usage on procedure core.idr_run(varchar, integer, boolean) to application role idr_operator;
create or replace procedure core.idr_run(mode varchar, max_iters integer)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.run'
comment = 'Plans, judges and, unless it is a dry run or the gate holds it, publishes. Not a dry run'
execute as owner;
grant usage on procedure core.idr_run(varchar, integer) to application role idr_operator;
create or replace procedure core.idr_run(mode varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.run'
comment = 'Plans, judges and, unless it is a dry run or the gate holds it, publishes. At most 30 rounds, not a dry run'
execute as owner;
grant usage on procedure core.idr_run(varchar) to application role idr_operator;
