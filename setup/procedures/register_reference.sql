-- reads: nothing
-- writes: which objects of the consumer the references of the manifest stand for
create or replace procedure core.register_reference(ref_name varchar, operation varchar, ref_or_alias varchar)
returns varchar
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.register_reference'
comment = 'Called by Snowflake when a reference is bound or unbound'
execute as owner;
grant usage on procedure core.register_reference(varchar, varchar, varchar) to application role idr_admin;
