-- reads: idr_meta
-- writes: nothing; fails, and with it the upgrade, when this version cannot read the configuration
create or replace procedure core.version_init()
returns varchar
language python
runtime_version = '3.11'
packages = ('snowflake-snowpark-python', 'pyyaml')
imports = ('/procedures/idr.zip')
handler = 'idr.handlers.version_init'
comment = 'Called by Snowflake after an installation or upgrade'
execute as owner;
