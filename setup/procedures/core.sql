-- reads: nothing
-- writes: the schema of all code; each version of the application has its own
create or alter versioned schema core;
grant usage on schema core to application role idr_viewer;
