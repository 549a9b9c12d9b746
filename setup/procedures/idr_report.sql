-- reads: idr_out
-- writes: idr_out
create or replace procedure core.idr_report(graph_run varchar, failures varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.report'
comment = 'Called by tasks: reports held and failed runs'
execute as owner;
grant usage on procedure core.idr_report(varchar, varchar) to application role idr_operator;
