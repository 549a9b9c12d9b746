-- reads: nothing
-- writes: the schema of the tasks, which idr_schedule creates: a versioned schema cannot hold them
create schema if not exists ops;
grant usage on schema ops to application role idr_viewer;
