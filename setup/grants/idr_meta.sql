-- reads: nothing
-- writes: rights on idr_meta: operators read it but the salt of erasures, administrators edit the configuration, nobody edits the run state
grant usage on schema idr_meta to application role idr_operator;
grant select on all tables in schema idr_meta to application role idr_operator;
revoke select on table idr_meta.erasure_salt from application role idr_operator;
grant insert, update, delete on table idr_meta.source_table to application role idr_admin;
grant insert, update, delete on table idr_meta.identifier_mapping to application role idr_admin;
grant insert, update, delete on table idr_meta.identifier_type to application role idr_admin;
grant insert, update, delete on table idr_meta.rule to application role idr_admin;
grant insert, update, delete on table idr_meta.entity_attribute_mapping to application role idr_admin;
grant insert, update, delete on table idr_meta.survivorship_rule to application role idr_admin;
grant insert, update, delete on table idr_meta.identifier_exclusion to application role idr_admin;
grant insert, update, delete on table idr_meta.config to application role idr_admin;
