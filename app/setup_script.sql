-- Table of contents of the application. Every file can run again from its start: state is created only where it is
-- missing, code is replaced, and grants follow what they belong to.

-- who may do what
execute immediate from './setup/roles/application_roles.sql';

-- state: kept by upgrades
execute immediate from './setup/schemas.sql';
execute immediate from './setup/idr_meta.sql';
execute immediate from './setup/run_state.sql';
execute immediate from './setup/idr_out.sql';
execute immediate from './setup/schedule.sql';
execute immediate from './setup/layout.sql';
execute immediate from './setup/migrations/0002_decisions_and_limits.sql';
execute immediate from './setup/views.sql';
execute immediate from './setup/tasks/ops.sql';
execute immediate from './setup/grants/idr_meta.sql';
execute immediate from './setup/grants/idr_out.sql';

-- code: replaced by upgrades
execute immediate from './setup/procedures/core.sql';
execute immediate from './setup/procedures/register_reference.sql';
execute immediate from './setup/procedures/version_init.sql';
execute immediate from './setup/procedures/idr_configure.sql';
execute immediate from './setup/procedures/idr_run.sql';
execute immediate from './setup/procedures/idr_approve.sql';
execute immediate from './setup/procedures/idr_status.sql';
execute immediate from './setup/procedures/idr_show.sql';
execute immediate from './setup/procedures/idr_explain.sql';
execute immediate from './setup/procedures/idr_evaluate.sql';
execute immediate from './setup/procedures/idr_link.sql';
execute immediate from './setup/procedures/idr_unlink.sql';
execute immediate from './setup/procedures/idr_revoke.sql';
execute immediate from './setup/procedures/idr_overrides.sql';
execute immediate from './setup/procedures/idr_forget.sql';
execute immediate from './setup/procedures/idr_suspects.sql';
execute immediate from './setup/procedures/idr_compare.sql';
execute immediate from './setup/procedures/idr_report.sql';
execute immediate from './setup/procedures/idr_cleanup.sql';
execute immediate from './setup/procedures/idr_schedule.sql';
execute immediate from './setup/procedures/idr_unschedule.sql';
