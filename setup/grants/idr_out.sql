-- reads: nothing
-- writes: rights on idr_out: every role reads it, only the procedures write it
grant usage on schema idr_out to application role idr_viewer;
grant select on all tables in schema idr_out to application role idr_viewer;
grant select on all views in schema idr_out to application role idr_viewer;
