-- reads: nothing
-- writes: the schemas idr_meta (configuration and run state), idr_work (run-scoped tables), idr_out (results)
create schema if not exists idr_meta;
create schema if not exists idr_work;
create schema if not exists idr_out
