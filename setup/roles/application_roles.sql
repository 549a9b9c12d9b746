-- reads: nothing
-- writes: the application roles; each holds the one before it. app/README.md lists their rights
create application role if not exists idr_viewer comment = 'Reads results and explains them';
create application role if not exists idr_operator comment = 'Runs, approves and evaluates';
create application role if not exists idr_admin comment = 'Configures, and binds source tables';
grant application role idr_viewer to application role idr_operator;
grant application role idr_operator to application role idr_admin;
