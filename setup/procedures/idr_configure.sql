-- reads: the sources' columns
-- writes: idr_meta
create or replace procedure core.idr_configure(yaml varchar)
returns variant
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.configure'
comment = 'Checks the text of an idr.yml and puts it in force'
execute as owner;
grant usage on procedure core.idr_configure(varchar) to application role idr_admin;
